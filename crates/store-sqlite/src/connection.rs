//! Files and connections: created so that nobody but the owner reads them, and set up for their job.

use crate::{open_error::OpenError, options::Synchronous, user_query};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::{OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    time::Duration,
};

/// Owner only. SQLite gives `-wal` and `-shm` the database's mode.
const FILE_MODE: u32 = 0o600;

/// Statements that a connection keeps prepared.
const STATEMENTS_KEPT: usize = 128;

/// The writer's page cache: most of the memory that a busy store takes.
const WRITER_CACHE_KIB: i64 = 32_768;

/// The page cache of whoever fills a new file: sorting for an index takes the same.
const FILLER_CACHE_KIB: i64 = 65_536;

/// The `-wal` beside a database.
pub(crate) fn wal_file(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

/// Creates the database file if there is none, and takes away what others may do with it.
pub(crate) fn prepare_files(file: &Path) -> Result<(), OpenError> {
    create(file).map_err(|error| OpenError::from_io(file, &error))?;
    for each in [file.to_owned(), wal_file(file), beside(file, "-shm")] {
        match fs::set_permissions(&each, Permissions::from_mode(FILE_MODE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::from_io(&each, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn create(file: &Path) -> Result<(), io::Error> {
    let is_new = !file.try_exists()?;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(file)?;
    if is_new {
        // The name itself must survive a loss of power, too.
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// No plan depends on the values that are bound. Without this, SQLite parses some statements anew at each use, in case
/// that other values make another plan better.
pub(crate) fn keep_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// How long the writer waits for a lock. A reader that meets the index of the WAL half written takes the writers' lock for
/// some microseconds, to see it whole; whoever holds it for longer is a second writer, who is noticed and not raced.
const WRITER_PATIENCE: Duration = Duration::from_millis(250);

/// The one connection that writes, before anything is changed by it.
pub(crate) fn open_writer(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(WRITER_PATIENCE)?;
    keep_plans(&connection)?;
    Ok(connection)
}

pub(crate) fn set_up_writer(
    connection: &Connection,
    synchronous: Synchronous,
) -> Result<(), rusqlite::Error> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch(&format!(
        "PRAGMA locking_mode = NORMAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = OFF; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{WRITER_CACHE_KIB}; PRAGMA trusted_schema = OFF",
        synchronous.as_str()
    ))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Somebody else who writes is noticed now, and not at the first change.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")
}

/// Does what would wait for readers, without waiting for them.
pub(crate) fn without_patience<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    connection.busy_timeout(Duration::ZERO)?;
    let outcome = work(connection);
    connection.busy_timeout(WRITER_PATIENCE)?;
    outcome
}

/// For a file that is thrown away unless all of it is written: nothing waits for the disk before its end.
pub(crate) fn set_up_filling(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.query_row("PRAGMA journal_mode = OFF", [], |_| Ok(()))?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA temp_store = FILE; \
         PRAGMA cache_size = -{FILLER_CACHE_KIB}; PRAGMA trusted_schema = OFF"
    ))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// A connection to a file that nobody changes: it takes no lock, and makes nothing beside the file.
pub(crate) fn open_at_rest(file: &Path) -> Result<Connection, OpenError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
    let connection = Connection::open_with_flags(at_rest_uri(file)?, flags).map_err(sql_error)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF").map_err(sql_error)?;
    user_query::add_functions(&connection).map_err(sql_error)?;
    keep_plans(&connection).map_err(sql_error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn at_rest_uri(file: &Path) -> Result<OsString, OpenError> {
    let whole = std::path::absolute(file).map_err(|error| OpenError::from_io(file, &error))?;
    let mut uri = b"file:".to_vec();
    for byte in whole.as_os_str().as_bytes() {
        match byte {
            b'?' | b'#' | b'%' => uri.extend(format!("%{byte:02x}").bytes()),
            byte => uri.push(*byte),
        }
    }
    uri.extend(b"?immutable=1");
    Ok(OsString::from_vec(uri))
}

/// A connection that can only read.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF")?;
    user_query::add_functions(&connection)?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use rusqlite::StatementStatus;

    /// The statement is of a kind that SQLite would parse at each use.
    #[test]
    fn a_statement_is_parsed_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        create(&file).unwrap();
        let mut writer = open_writer(&file).unwrap();
        schema::migrate(&mut writer, &file).unwrap();
        let sql = "SELECT 1 FROM users LEFT JOIN password_failures ON guessed = users.id WHERE users.id = ?1";
        for connection in [writer, open_reader(&file).unwrap(), open_at_rest(&file).unwrap()] {
            for user in ["one", "another", "a third"] {
                let mut statement = connection.prepare_cached(sql).unwrap();
                assert!(!statement.exists([user]).unwrap());
                assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
            }
        }
    }
}
