//! Reading files of any length, record by record, in bounded memory.

mod feed;
mod lines;
mod table;

pub(crate) use feed::{Feed, Position};
pub(crate) use lines::next_line;
pub(crate) use table::{Fields, Table};

/// The longest record, in bytes; a longer one is passed over and told of.
pub(crate) const RECORD_MAX_BYTES: usize = 1024 * 1024;

/// What stands on one line, or from one line on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<T> {
    /// Its first line, counted from 1.
    pub(crate) line: u64,
    /// `None` for one that is longer than [`RECORD_MAX_BYTES`].
    pub(crate) content: Option<T>,
}
