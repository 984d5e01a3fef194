//! From the source to batches of rows, on a thread of its own: a pipe is waited for, and what is read is parsed,
//! while the server works.

use super::{
    columns::Columns,
    refusal::Refusal,
    row::{Import, Row, Text},
};
use crate::records::{Feed, Position, RECORD_MAX_BYTES, Record, Table, next_line};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::mpsc;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Jsonl,
    Csv,
}

impl Format {
    /// By the name of the file.
    pub(super) fn of_name(path: &Path) -> Self {
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        if is_csv { Self::Csv } else { Self::Jsonl }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// How much is sent in one request.
#[derive(Clone, Debug)]
pub(super) struct BatchLimits {
    pub(super) rows_max: usize,
    /// A batch ends when it has so many bytes; less, when the server takes less.
    pub(super) bytes: Arc<AtomicUsize>,
}

/// Rows that are sent together, and how far the source is read behind them.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    pub(super) after: Position,
}

/// A source whose rows can be read.
pub(super) struct Source {
    feed: Feed<Box<dyn Read + Send>>,
    rows: Rows,
    /// Of a file, in bytes; a pipe has none.
    pub(super) length: Option<u64>,
}

enum Rows {
    Lines,
    Table { table: Box<Table>, columns: Columns },
}

impl Source {
    /// Opens a file, or the standard input for `-`; of a table the heading is read.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn open(path: &Path, format: Format) -> Result<Self, String> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        let (reader, length): (Box<dyn Read + Send>, _) = if path == Path::new("-") {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(unreadable)?;
            let metadata = file.metadata().map_err(unreadable)?;
            if metadata.is_dir() {
                return Err("it is a folder".to_owned());
            }
            (Box::new(file), metadata.is_file().then_some(metadata.len()))
        };
        let mut feed = Feed::new(reader).map_err(unreadable)?;
        let rows = match format {
            Format::Jsonl => Rows::Lines,
            Format::Csv => {
                let mut table = Table::new();
                let heading = table.next(&mut feed).map_err(unreadable)?;
                let heading = heading.ok_or("it is empty; its first line must name the columns")?;
                let heading = heading.content.ok_or("its first line is too long to name the columns")?;
                Rows::Table { table: Box::new(table), columns: Columns::of_heading(&heading)? }
            }
        };
        Ok(Self { feed, rows, length })
    }

    pub(super) fn position(&self) -> Position {
        self.feed.position()
    }

    /// Passes over what an earlier run has imported; `false` when that was another source.
    pub(super) fn go_to(&mut self, position: &Position) -> io::Result<bool> {
        self.feed.go_to(position)
    }

    /// Reads to the end, as fast as batches are taken.
    pub(super) fn read(
        mut self,
        import: Import,
        limits: BatchLimits,
    ) -> io::Result<mpsc::Receiver<io::Result<Batch>>> {
        let (sender, receiver) = mpsc::channel(1);
        let work = move || {
            while let Some(batch) = self.batch(&import, &limits).transpose() {
                let failed = batch.is_err();
                // Nobody takes any more: the import has ended.
                if sender.blocking_send(batch).is_err() || failed {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("source".to_owned()).spawn(work)?;
        Ok(receiver)
    }

    fn batch(&mut self, import: &Import, limits: &BatchLimits) -> io::Result<Option<Batch>> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while rows.len() < limits.rows_max && bytes < limits.bytes.load(Ordering::Relaxed) {
            let Some(row) = self.row(import)? else { break };
            bytes += row.content.as_ref().map_or(0, |text| text.json.len() + 1);
            rows.push(row);
        }
        Ok((!rows.is_empty()).then(|| Batch { rows, after: self.feed.position() }))
    }

    fn row(&mut self, import: &Import) -> io::Result<Option<Row>> {
        let record = match &mut self.rows {
            Rows::Lines => next_line(&mut self.feed)?.map(|record| content(record, json_of_line)),
            Rows::Table { table, columns } => {
                table.next(&mut self.feed)?.map(|record| content(record, |fields| columns.row(&fields)))
            }
        };
        Ok(record
            .map(|(line, json)| Row { line, content: json.map(|json| Text::with_id(json, import, line)) }))
    }
}

fn content<T>(
    record: Record<T>,
    read: impl FnOnce(T) -> Result<String, Refusal>,
) -> (u64, Result<String, Refusal>) {
    let too_long = || Refusal::of_row(format!("The row is longer than {RECORD_MAX_BYTES} bytes."));
    (record.line, record.content.ok_or_else(too_long).and_then(read))
}

fn json_of_line(line: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(line).map_err(|_| Refusal::of_row("The row is not text in UTF-8."))
}
