//! A look at a whole database file, beside the process that owns it.

use crate::{connection, open_error::OpenError};
use std::path::Path;

/// Runs SQLite's quick check: every page is read, which takes about a second for each gigabyte, and nothing is
/// written. The owner may be at work meanwhile.
///
/// # Errors
/// [`OpenError::Corrupt`] with the first thing that is wrong; others when the file cannot be read.
pub fn quick_check(file: &Path) -> Result<(), OpenError> {
    let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
    let connection = connection::open_reader(file).map_err(sql_error)?;
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql_error)?;
    if found == "ok" {
        Ok(())
    } else {
        let reason = found.lines().collect::<Vec<_>>().join("; ");
        Err(OpenError::Corrupt { file: file.to_owned(), reason })
    }
}
