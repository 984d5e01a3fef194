//! One batch: sent, in parts if it is too much for one request, and accounted for.

use super::{progress::Counts, reading::Batch, refusal::Refusal, row::Row};
use crate::records::Position;
use actas_sdk::{
    ApiErrorItem, Client, Error,
    users::{ImportStatus, ImportUsers, ImportedUsers},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const PAYLOAD_TOO_LARGE: u16 = 413;
/// A batch ends when it has so many bytes: with one more row it is still within what a server takes by default.
pub(super) const BATCH_BYTES: usize = 48 * 1024;
/// Less than a server can be configured to take.
const BATCH_BYTES_MIN: usize = 512;

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) counts: Counts,
    pub(super) refused: Vec<RefusedRow>,
}

/// A row that made no user.
#[derive(Debug)]
pub(super) struct RefusedRow {
    pub(super) line: u64,
    pub(super) id: Option<String>,
    pub(super) refusal: Refusal,
}

/// Sends batches.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) client: Client,
    /// The length at which batches end, which this halves when the server takes less.
    pub(super) batch_bytes: Arc<AtomicUsize>,
}

impl Sender {
    /// Sends the rows that can be sent.
    ///
    /// # Errors
    /// When the server does not take them now; all of them can then be sent again.
    pub(super) async fn send(self, batch: Batch) -> Result<(Sent, Position), Error> {
        let mut sent = Sent::default();
        let mut parts = vec![batch.rows];
        // The last one first, so that refusals stay in order.
        while let Some(mut rows) = parts.pop() {
            match self.send_part(&rows).await {
                Ok(answer) => sent.add(rows, answer.as_ref()),
                Err(error) if error.status() == Some(PAYLOAD_TOO_LARGE) => {
                    if sendable(&rows) == 1 {
                        sent.refuse(rows, error.errors());
                        continue;
                    }
                    self.send_less(&rows);
                    parts.push(rows.split_off(rows.len().div_ceil(2)));
                    parts.push(rows);
                }
                Err(error) => return Err(error),
            }
        }
        Ok((sent, batch.after))
    }

    /// `None` when there is nothing to send.
    async fn send_part(&self, rows: &[Row]) -> Result<Option<ImportedUsers>, Error> {
        let texts = rows.iter().filter_map(|row| row.content.as_ref().ok());
        let request = texts.fold(ImportUsers::new(), |request, text| request.json(&text.json));
        if request.is_empty() {
            return Ok(None);
        }
        self.client.users().import(request).await.map(Some)
    }

    fn send_less(&self, rows: &[Row]) {
        let bytes: usize =
            rows.iter().filter_map(|row| row.content.as_ref().ok()).map(|text| text.json.len()).sum();
        self.batch_bytes.fetch_min((bytes / 2).max(BATCH_BYTES_MIN), Ordering::Relaxed);
    }
}

fn sendable(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.content.is_ok()).count()
}

impl Sent {
    /// Each row that was sent has its result, in the order of the rows.
    fn add(&mut self, rows: Vec<Row>, answer: Option<&ImportedUsers>) {
        let mut results = answer.into_iter().flat_map(|answer| &answer.data);
        for Row { line, content } in rows {
            let (id, refusal) = match content {
                Err(refusal) => (None, refusal),
                Ok(text) => match results.next() {
                    Some(result) => match &result.status {
                        ImportStatus::Created => {
                            self.counts.created += 1;
                            continue;
                        }
                        ImportStatus::Exists => {
                            self.counts.exists += 1;
                            continue;
                        }
                        _ => (text.id, refusal_of(&result.errors)),
                    },
                    None => (text.id, Refusal::of_row("The server did not say what became of this row.")),
                },
            };
            self.add_refused(line, id, refusal);
        }
    }

    /// The one row that can be sent is too long for the server.
    fn refuse(&mut self, rows: Vec<Row>, errors: &[ApiErrorItem]) {
        for Row { line, content } in rows {
            match content {
                Ok(text) => self.add_refused(line, text.id, refusal_of(errors)),
                Err(refusal) => self.add_refused(line, None, refusal),
            }
        }
    }

    fn add_refused(&mut self, line: u64, id: Option<String>, refusal: Refusal) {
        self.counts.refused += 1;
        self.refused.push(RefusedRow { line, id, refusal });
    }
}

fn refusal_of(errors: &[ApiErrorItem]) -> Refusal {
    match errors.first() {
        Some(error) => Refusal {
            code: error.code().to_owned(),
            parameter: error.parameter(),
            message: error.long_message().to_owned(),
        },
        None => Refusal::of_row("The server did not say why."),
    }
}
