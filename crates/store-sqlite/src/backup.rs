//! Copies of a database file: of one that is in use, page by page in one snapshot; and of one at rest.

use crate::{connection, new_file::NewFile, open_error::OpenError, schema};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// 8 MB, after which the copy is on the disk before more is read: a commit of the owner never waits for more of the
/// copy's pages than these.
const PAGES_PER_STEP: i32 = 2_048;

/// Of a file that is only read. Between two it may be stopped.
const BYTES_PER_STEP: u64 = 8 << 20;

/// Steps of SQLite's machine between two looks at whether a check goes on: some hundreds of microseconds.
const INSTRUCTIONS_PER_LOOK: i32 = 10_000;

/// A first page begins so.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Where the first page tells, in two bytes, whether commits are in the file or may be in a `-wal`.
const JOURNAL_AT: u64 = 18;

/// Commits are in the file itself. A server's file says otherwise from its first start on.
const AT_REST: u8 = 1;

/// Copies a database beside its owner into a new file, which is not kept yet. The copy is one snapshot: it never begins
/// anew, however much is written meanwhile. The owner's WAL cannot begin anew until the copy has ended. Unlike the file of
/// a server, it says of itself that all of it is in it.
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
    let marked = new_file.file().write_all_at(&[AT_REST; 2], JOURNAL_AT);
    marked.map_err(|error| OpenError::from_io(new_file.path(), &error))?;
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

/// Copies a file that [`back_up`] made into a new file, which is not kept yet; and checks that it is a whole database that
/// this binary may work on. It ends early when `goes_on` becomes false.
///
/// # Errors
/// [`OpenError`]; nothing is left.
pub fn bring_in(file: &Path, destination: &Path, goes_on: &Arc<AtomicBool>) -> Result<NewFile, OpenError> {
    look_at_backup(file)?;
    check(file, goes_on).map_err(|error| match error {
        OpenError::Corrupt { file, reason } => OpenError::NoBackup { file, reason },
        other => other,
    })?;
    refuse_newer(file)?;
    let new_file = NewFile::in_place_of(destination)?;
    new_file.give_to_owner_of_folder()?;
    let mut from = File::open(file).map_err(|error| unreadable(file, &error))?;
    let failed = |error: io::Error| OpenError::from_io(new_file.path(), &error);
    while io::copy(&mut (&mut from).take(BYTES_PER_STEP), &mut new_file.file()).map_err(failed)? > 0 {
        if !goes_on.load(Ordering::SeqCst) {
            return Err(OpenError::Stopped { file: new_file.path().to_owned() });
        }
    }
    new_file.file().sync_data().map_err(failed)?;
    check(new_file.path(), goes_on)?;
    Ok(new_file)
}

/// A schema that this binary may write, as after an upgrade that was taken back, is yet not one whose rows it knows.
fn refuse_newer(file: &Path) -> Result<(), OpenError> {
    match schema::require_own(&connection::open_at_rest(file)?, file) {
        Err(OpenError::OtherSchema { version, supported_version, .. }) if version > supported_version => {
            Err(OpenError::NewerBackup { file: file.to_owned(), version, supported_version })
        }
        _ => Ok(()),
    }
}

fn unreadable(file: &Path, error: &io::Error) -> OpenError {
    OpenError::Unreadable { file: file.to_owned(), reason: error.to_string() }
}

/// Whether a file is one that [`back_up`] made, or a filled database that no server has opened yet, as far as its first
/// page tells.
///
/// # Errors
/// [`OpenError::NotAtRest`] and [`OpenError::NotBackedUp`] for the file of a server; [`OpenError::NoBackup`].
pub fn look_at_backup(file: &Path) -> Result<(), OpenError> {
    // Behind a link, the `-wal` is beside the file itself.
    let whole = file.canonicalize().map_err(|error| unreadable(file, &error))?;
    let wal = connection::wal_file(&whole);
    if std::fs::metadata(&wal).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(OpenError::NotAtRest { file: file.to_owned(), wal });
    }
    let mut from = File::open(file).map_err(|error| unreadable(file, &error))?;
    let mut first = [0; MAGIC.len() + 4];
    match from.read_exact(&mut first) {
        Ok(()) if first.starts_with(MAGIC) => {}
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(unreadable(file, &error)),
        _ => {
            let reason = "it is no database at all".to_owned();
            return Err(OpenError::NoBackup { file: file.to_owned(), reason });
        }
    }
    if first[MAGIC.len() + 2..] != [AT_REST; 2] {
        return Err(OpenError::NotBackedUp { file: file.to_owned() });
    }
    Ok(())
}

/// Whether a file at rest is a whole database of Actas: every page and every index is read, as long as `goes_on` is true.
///
/// # Errors
/// [`OpenError`]; [`OpenError::Corrupt`] with the first thing that is wrong.
pub fn check(file: &Path, goes_on: &Arc<AtomicBool>) -> Result<(), OpenError> {
    let corrupt = |reason: String| OpenError::Corrupt { file: file.to_owned(), reason };
    let mut connection = connection::open_at_rest(file)?;
    let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
    let asked = Arc::clone(goes_on);
    let is_over = move || !asked.load(Ordering::SeqCst);
    connection.progress_handler(INSTRUCTIONS_PER_LOOK, Some(is_over)).map_err(sql_error)?;
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
