//! Copies of a database file: of one that is in use, page by page in one snapshot; and of one at rest.

use crate::{connection, new_file::NewFile, open_error::OpenError, schema};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// 8 MB, after which the copy is on the disk before more is read: a commit of the owner never waits for more of the
/// copy's pages than these.
const PAGES_PER_STEP: i32 = 2_048;

/// A first page begins so.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Copies a database beside its owner into a new file, which is not kept yet. The copy is one snapshot: it never begins
/// anew, however much is written meanwhile. The owner's WAL cannot begin anew until the copy has ended.
///
/// `watch` is told how many pages are done, and of how many; it ends the copy by `false`.
///
/// # Errors
/// [`OpenError`]; nothing is left.
pub fn back_up(
    file: &Path,
    destination: &Path,
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<NewFile, OpenError> {
    let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
    let source = connection::open_reader(file).map_err(sql_error)?;
    schema::require_some(&source, file)?;
    // The snapshot lives as long as this transaction, and the steps stay in it.
    source.execute_batch("BEGIN").map_err(sql_error)?;
    source.query_row("SELECT count(*) FROM meta", [], |_| Ok(())).map_err(sql_error)?;
    let new_file = NewFile::create(destination)?;
    let write_error = |error: rusqlite::Error| OpenError::from_sql(new_file.path(), &error);
    let mut target = connection::open_writer(new_file.path()).map_err(write_error)?;
    connection::set_up_filling(&target).map_err(write_error)?;
    copy_pages(&source, &mut target, &new_file, watch)?;
    target.close().map_err(|(_, error)| write_error(error))?;
    Ok(new_file)
}

fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    new_file: &NewFile,
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::from_sql(new_file.path(), &error);
    let backup = Backup::new(source, target).map_err(failed)?;
    loop {
        let step = backup.step(PAGES_PER_STEP).map_err(failed)?;
        let progress = backup.progress();
        let pages = |count: i32| u64::try_from(count).unwrap_or(0);
        if !watch(pages(progress.pagecount - progress.remaining), pages(progress.pagecount)) {
            return Err(OpenError::Stopped { file: new_file.path().to_owned() });
        }
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(OpenError::Locked { file: new_file.path().to_owned() }),
        }
        new_file.file().sync_data().map_err(|error| OpenError::from_io(new_file.path(), &error))?;
    }
}

/// Copies a file that nobody has open, such as a backup, into a new file, which is not kept yet; and checks that it is a
/// whole database that this binary may work on.
///
/// # Errors
/// [`OpenError`]; nothing is left.
pub fn bring_in(file: &Path, destination: &Path) -> Result<NewFile, OpenError> {
    look_at_backup(file)?;
    let new_file = NewFile::in_place_of(destination)?;
    let unreadable =
        |error: io::Error| OpenError::Unreadable { file: file.to_owned(), reason: error.to_string() };
    let failed = |error: io::Error| OpenError::from_io(new_file.path(), &error);
    let mut from = File::open(file).map_err(unreadable)?;
    io::copy(&mut from, &mut new_file.file()).map_err(failed)?;
    new_file.file().sync_data().map_err(failed)?;
    check(new_file.path())?;
    Ok(new_file)
}

fn look_at_backup(file: &Path) -> Result<(), OpenError> {
    let unreadable =
        |error: io::Error| OpenError::Unreadable { file: file.to_owned(), reason: error.to_string() };
    let wal = connection::wal_file(file);
    if std::fs::metadata(&wal).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(OpenError::NotAtRest { file: file.to_owned(), wal });
    }
    let mut from = File::open(file).map_err(unreadable)?;
    let mut first = [0; MAGIC.len()];
    match from.read_exact(&mut first) {
        Ok(()) if first == *MAGIC => {}
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(unreadable(error)),
        _ => {
            let reason = "it is no database at all".to_owned();
            return Err(OpenError::NoBackup { file: file.to_owned(), reason });
        }
    }
    drop(from);
    check(file).map_err(|error| match error {
        OpenError::Corrupt { file, reason } => OpenError::NoBackup { file, reason },
        other => other,
    })
}

/// Whether a file at rest is a whole database of Actas: every page and every index is read.
///
/// # Errors
/// [`OpenError`]; [`OpenError::Corrupt`] with the first thing that is wrong.
pub fn check(file: &Path) -> Result<(), OpenError> {
    let corrupt = |reason: String| OpenError::Corrupt { file: file.to_owned(), reason };
    let connection = connection::open_at_rest(file)?;
    let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
    let number = |pragma: &str| {
        let found = connection.query_row(pragma, [], |row| row.get::<_, i64>(0)).map_err(sql_error)?;
        Ok::<_, OpenError>(u64::try_from(found).unwrap_or(0))
    };
    let bytes = number("PRAGMA page_count")?.saturating_mul(number("PRAGMA page_size")?);
    let length = std::fs::metadata(file).map_err(|error| OpenError::from_io(file, &error))?.len();
    if bytes == 0 || length < bytes {
        return Err(corrupt(format!("it has {length} bytes of {bytes}: it was cut off")));
    }
    schema::require_some(&connection, file)?;
    let found: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(sql_error)?;
    if found == "ok" { Ok(()) } else { Err(corrupt(found.lines().collect::<Vec<_>>().join("; "))) }
}
