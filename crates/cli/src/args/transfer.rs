//! `actas users import` and `actas audit export`.

use super::{
    connection::ServerArguments,
    duration::{Moment, moment},
};
use crate::commands::{ExportFormat, ImportFormat};
use clap::Args;
use std::path::PathBuf;

pub(super) const IMPORT_EXAMPLES: &str = "\
Each row has the members of POST /v1/users, with a password as a digest only (password_digest and
password_hasher: bcrypt or argon2id). JSON Lines have one object on each line. CSV has the members' names in
its first line; several values in one cell are apart by semicolons, metadata is JSON.

Each row lands whole or not at all. One whose id is a user's already changes nothing. Rows that are refused are
told in FILE.refused.jsonl, with their lines. How far it is stands in FILE.import-progress until all is done:
after whatever stopped it, --resume goes on there, and no row makes two users.

Examples:
  actas users import users.jsonl
  actas users import users.csv --json
  actas users import users.jsonl --resume
  zcat users.jsonl.gz | actas users import - --progress users.progress

The exit code is 0 when no row was refused, and 1 when some were.";

#[derive(Debug, Args)]
pub(crate) struct ImportUsersArguments {
    /// The file with the rows, - for the standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How the rows are written [default: csv for a name that ends in .csv, else jsonl]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ImportFormat>,
    /// Go on where an import of this file was stopped
    #[arg(long)]
    pub(crate) resume: bool,
    /// Where it is told which rows were refused and why, as JSON Lines [default: FILE.refused.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Where it is kept how far the import is [default: FILE.import-progress]
    #[arg(long, value_name = "FILE")]
    pub(crate) progress: Option<PathBuf>,
    /// Rows in one request at most
    #[arg(long, value_name = "NUMBER", default_value = "500", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) batch: u32,
    /// Requests at a time
    #[arg(long, value_name = "NUMBER", default_value = "4", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) concurrency: u32,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Print the result as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

pub(super) const EXPORT_EXAMPLES: &str = "\
Entries come in the order of their positions, which have no gaps: one that is missing is an error. JSON Lines
have each entry as the server sent it. CSV is for spreadsheets: a text that begins with = + - @, a tab or a line
end gets an apostrophe before it, so that it is not taken for a formula.

A TIME is a date such as 2026-11-24T08:00:00Z or how long ago, such as 30d; --from begins with the first entry
since then, --to ends with the last one before then.

Examples:
  actas audit export --out record.jsonl
  actas audit export --out record.jsonl --resume      what came since, or what is missing after an interruption
  actas audit export --format csv --from 30d > month.csv";

#[derive(Debug, Args)]
pub(crate) struct ExportAuditArguments {
    /// How entries are written [default: csv for a name that ends in .csv, else jsonl]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,
    /// The first entry [default: 1, the beginning]
    #[arg(long, value_name = "POSITION|TIME", value_parser = bound)]
    pub(crate) from: Option<Bound>,
    /// The last entry [default: the newest of now]
    #[arg(long, value_name = "POSITION|TIME", value_parser = bound)]
    pub(crate) to: Option<Bound>,
    /// The file to write; without one, it is the standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Go on behind the last whole entry in the file
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Print what was written as JSON
    #[arg(long, requires = "out", help_heading = "Output")]
    pub(crate) json: bool,
}

/// An end of a part of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Position(u64),
    Time(Moment),
}

fn bound(text: &str) -> Result<Bound, String> {
    match text.parse() {
        Ok(0) => Err("must be 1 or more: positions are counted from 1".to_owned()),
        Ok(position) => Ok(Bound::Position(position)),
        Err(_) => moment(text).map(Bound::Time).map_err(|problem| format!("{problem}; or a position")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_position_and_all_else_a_time() {
        assert_eq!(bound("7"), Ok(Bound::Position(7)));
        assert!(matches!(bound("30d"), Ok(Bound::Time(_))));
        assert!(matches!(bound("2026-11-24"), Ok(Bound::Time(_))));
        assert!(bound("0").is_err());
        assert!(bound("-1").unwrap_err().ends_with("; or a position"));
    }
}
