//! What an earlier export has written: checked, and cut behind the last whole entry.

use super::{Format, csv};
use crate::records::{Feed, Table, next_line};
use serde::Deserialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek as _, SeekFrom},
    path::Path,
};

/// The entries of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The positions of the first and the last one; none while there is no entry yet.
    pub(super) positions: Option<(u64, u64)>,
    /// Up to where the file is whole, in bytes.
    bytes: u64,
}

/// Why a file cannot be gone on with.
#[derive(Debug)]
pub(super) enum Unfit {
    Io(io::Error),
    /// What is wrong, and on which line.
    Content(String),
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens the file to be gone on with, and says what is in it.
pub(super) fn open(path: &Path, format: Format) -> Result<(File, Written), Unfit> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let written = match format {
        Format::Jsonl => of_lines(&mut file)?,
        Format::Csv => of_table(&file)?,
    };
    file.set_len(written.bytes)?;
    file.seek(SeekFrom::End(0))?;
    Ok((file, written))
}

fn of_lines(file: &mut File) -> Result<Written, Unfit> {
    #[derive(Deserialize)]
    struct Entry {
        position: u64,
    }
    let bytes = whole_lines(file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut feed = Feed::new(file.take(bytes))?;
    let mut positions = None;
    while let Some(record) = next_line(&mut feed)? {
        let entry = record.content.and_then(|text| serde_json::from_slice::<Entry>(&text).ok());
        positions = Some(next(positions, entry.map(|entry| entry.position), record.line)?);
    }
    Ok(Written { positions, bytes })
}

/// Up to the last line end.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const PIECE: u64 = 64 * 1024;
    let mut end = file.seek(SeekFrom::End(0))?;
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(file).take(end - start).read_to_end(&mut piece)?;
        if let Some(place) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + place as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn of_table(file: &File) -> Result<Written, Unfit> {
    let mut feed = Feed::new(file)?;
    let mut table = Table::new();
    let mut written = Written { positions: None, bytes: 0 };
    let mut is_heading = true;
    while let Some(record) = table.next(&mut feed)? {
        let fields = record.content.unwrap_or_default();
        let is_whole = fields.len() == csv::COLUMNS.len() && feed.is_behind_line_end();
        if is_heading && !(is_whole && fields.iter().eq(csv::COLUMNS.map(str::as_bytes))) {
            if csv::heading().as_bytes().starts_with(&fields.iter().collect::<Vec<_>>().join(&b','))
                && !feed.is_behind_line_end()
            {
                break;
            }
            let text = "its first line does not name the columns of an export by this version of actas";
            return Err(Unfit::Content(text.to_owned()));
        }
        if !is_heading {
            // A row that was cut inside of a quoted cell may end like a line.
            if !is_whole && feed.available()?.is_empty() {
                break;
            }
            let position = fields.iter().next().and_then(|cell| std::str::from_utf8(cell).ok()?.parse().ok());
            written.positions = Some(next(written.positions, position.filter(|_| is_whole), record.line)?);
        }
        is_heading = false;
        written.bytes = feed.position().bytes;
    }
    Ok(written)
}

fn next(before: Option<(u64, u64)>, position: Option<u64>, line: u64) -> Result<(u64, u64), Unfit> {
    let Some(position) = position else {
        return Err(Unfit::Content(format!("line {line} is no entry of the record")));
    };
    match before {
        None => Ok((position, position)),
        Some((first, last)) if position == last + 1 => Ok((first, position)),
        Some((_, last)) => Err(Unfit::Content(format!(
            "position {position} on line {line} follows {last}: entries are missing or out of order"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// What is found in a file, and what is left of it.
    fn opened(format: Format, text: &str) -> Result<(Option<(u64, u64)>, String), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        fs::write(&path, text).unwrap();
        match open(&path, format) {
            Ok((_, written)) => Ok((written.positions, fs::read_to_string(&path).unwrap())),
            Err(Unfit::Content(problem)) => Err(problem),
            Err(Unfit::Io(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn lines_are_kept_up_to_the_last_whole_one() {
        let whole = "{\"position\":5}\n{\"position\":6}\n";
        for torn in ["", "{", "{\"position\":7}"] {
            let found = opened(Format::Jsonl, &format!("{whole}{torn}")).unwrap();
            assert_eq!(found, (Some((5, 6)), whole.to_owned()));
        }
        assert_eq!(opened(Format::Jsonl, "").unwrap(), (None, String::new()));
        assert_eq!(opened(Format::Jsonl, "{\"posi").unwrap(), (None, String::new()));
        let far = format!("{whole}{}", "x".repeat(200_000));
        assert_eq!(opened(Format::Jsonl, &far).unwrap(), (Some((5, 6)), whole.to_owned()));
    }

    #[test]
    fn rows_are_kept_up_to_the_last_whole_one_wherever_it_was_cut() {
        let row = |position: u64| {
            let cells: Vec<_> = (2..csv::COLUMNS.len()).map(|_| "\"a\nb\"").collect();
            format!("{position},{},ab\n", cells.join(","))
        };
        let whole = format!("{}{}{}", csv::heading(), row(1), row(2));
        let third = row(3);
        for cut in 0..third.len() {
            let found = opened(Format::Csv, &format!("{whole}{}", &third[..cut])).unwrap();
            assert_eq!(found, (Some((1, 2)), whole.clone()), "{cut}");
        }
        let heading = csv::heading();
        assert_eq!(opened(Format::Csv, &heading).unwrap(), (None, heading.clone()));
        assert_eq!(opened(Format::Csv, &heading[..9]).unwrap(), (None, String::new()));
    }

    #[test]
    fn what_is_no_export_or_has_a_gap_is_refused() {
        let told = |format, text: &str| opened(format, text).unwrap_err();
        assert_eq!(told(Format::Jsonl, "{}\n"), "line 1 is no entry of the record");
        let gap = "{\"position\":1}\n{\"position\":3}\n";
        assert!(told(Format::Jsonl, gap).starts_with("position 3 on line 2 follows 1"));
        for text in ["a,b\nc,d\n", "a,b\n", "a,b", "position\n"] {
            assert!(told(Format::Csv, text).starts_with("its first line"));
        }
        let short = format!("{}1,2\n1,2\n", csv::heading());
        assert_eq!(told(Format::Csv, &short), "line 2 is no entry of the record");
    }
}
