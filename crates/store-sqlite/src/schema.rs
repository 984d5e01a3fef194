//! The schema's versions: forward only, one numbered file each, one transaction each.

use crate::open_error::OpenError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::path::Path;

/// One step from a version to the next.
struct Migration {
    /// The schema's version after it.
    version: u32,
    /// The oldest binary, by the newest version it knows, that still works on the schema after it. A step that only
    /// adds what older binaries do without leaves it as it was.
    minimum_reader_version: u32,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, minimum_reader_version: 1, sql: include_str!("migrations/0001_initial.sql") },
    Migration { version: 2, minimum_reader_version: 1, sql: include_str!("migrations/0002_sign_in.sql") },
    Migration {
        version: 3,
        minimum_reader_version: 1,
        sql: include_str!("migrations/0003_kept_answers.sql"),
    },
    Migration { version: 4, minimum_reader_version: 1, sql: include_str!("migrations/0004_forgetting.sql") },
    Migration { version: 5, minimum_reader_version: 1, sql: include_str!("migrations/0005_retention.sql") },
];

/// The newest version that this binary knows.
pub const SUPPORTED_VERSION: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Looks whether the database is one that this binary may work on, and changes nothing.
pub(crate) fn recognise(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    version(connection, file, MIGRATIONS).map(drop)
}

/// The same, and refuses one with nothing in it.
pub(crate) fn require_some(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    match version(connection, file, MIGRATIONS)? {
        0 => Err(OpenError::Foreign { file: file.to_owned() }),
        _ => Ok(()),
    }
}

/// Whoever takes all rows along must know all columns: an older schema lacks some, and a newer one has more.
pub(crate) fn require_own(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    match version(connection, file, MIGRATIONS)? {
        0 => Err(OpenError::Foreign { file: file.to_owned() }),
        SUPPORTED_VERSION => Ok(()),
        version => Err(OpenError::OtherSchema {
            file: file.to_owned(),
            version,
            supported_version: SUPPORTED_VERSION,
        }),
    }
}

/// Brings the database to [`SUPPORTED_VERSION`]. One that is newer, but says that this binary may work on it, is left
/// as it is.
pub(crate) fn migrate(connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
    migrate_with(connection, file, MIGRATIONS)
}

fn migrate_with(connection: &mut Connection, file: &Path, migrations: &[Migration]) -> Result<(), OpenError> {
    let version = version(connection, file, migrations)?;
    for migration in migrations.iter().filter(|migration| migration.version > version) {
        apply(connection, migration).map_err(|error| OpenError::from_sql(file, &error))?;
    }
    Ok(())
}

/// The schema's version, 0 for a database with nothing in it.
fn version(connection: &Connection, file: &Path, migrations: &[Migration]) -> Result<u32, OpenError> {
    let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
    if is_empty(connection).map_err(sql_error)? {
        return Ok(0);
    }
    let foreign = || OpenError::Foreign { file: file.to_owned() };
    let number = |name| meta(connection, name).map_err(sql_error)?.ok_or_else(foreign);
    let minimum_reader_version = number("minimum_reader_version")?;
    let supported_version = migrations.last().map_or(0, |migration| migration.version);
    if minimum_reader_version > supported_version {
        return Err(OpenError::Newer { file: file.to_owned(), minimum_reader_version, supported_version });
    }
    number("schema_version")
}

fn apply(connection: &mut Connection, migration: &Migration) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(migration.sql)?;
    for (name, value) in
        [("schema_version", migration.version), ("minimum_reader_version", migration.minimum_reader_version)]
    {
        transaction.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", (name, value))?;
    }
    transaction.commit()
}

fn is_empty(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// `None` when there is no such row, or no such table.
fn meta(connection: &Connection, name: &str) -> Result<Option<u32>, rusqlite::Error> {
    let has_table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta' \
        AND sql LIKE '%name TEXT PRIMARY KEY%value INTEGER%')";
    if !connection.query_row(has_table, [], |row| row.get(0))? {
        return Ok(None);
    }
    connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration {
        version: 1,
        minimum_reader_version: 1,
        sql: "CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT; CREATE TABLE a (x);",
    };
    const ADDS: Migration =
        Migration { version: 2, minimum_reader_version: 1, sql: "ALTER TABLE a ADD COLUMN y" };
    const BREAKS: Migration = Migration { version: 3, minimum_reader_version: 3, sql: "DROP TABLE a" };
    const FAILS: Migration =
        Migration { version: 2, minimum_reader_version: 2, sql: "CREATE TABLE b (x); SELECT nonsense" };

    fn versions(connection: &Connection) -> (Option<u32>, Option<u32>) {
        let meta = |name| meta(connection, name).unwrap();
        (meta("schema_version"), meta("minimum_reader_version"))
    }

    #[test]
    fn steps_are_taken_once_and_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        let file = Path::new("x");
        migrate_with(&mut connection, file, &[FIRST]).unwrap();
        migrate_with(&mut connection, file, &[FIRST, ADDS, BREAKS]).unwrap();
        assert_eq!(versions(&connection), (Some(3), Some(3)));
        migrate_with(&mut connection, file, &[FIRST, ADDS, BREAKS]).unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let failed = migrate_with(&mut connection, Path::new("x"), &[FIRST, FAILS]);
        assert!(matches!(failed, Err(OpenError::Unavailable { .. })), "{failed:?}");
        assert_eq!(versions(&connection), (Some(1), Some(1)));
        assert!(connection.prepare("SELECT * FROM b").is_err(), "half a step was kept");
    }

    #[test]
    fn an_older_binary_works_on_what_only_added_and_refuses_what_broke() {
        let mut connection = Connection::open_in_memory().unwrap();
        let file = Path::new("x");
        migrate_with(&mut connection, file, &[FIRST, ADDS]).unwrap();
        migrate_with(&mut connection, file, &[FIRST]).unwrap();
        assert_eq!(versions(&connection), (Some(2), Some(1)), "an older binary took the version back");
        migrate_with(&mut connection, file, &[FIRST, ADDS, BREAKS]).unwrap();
        let refused = migrate_with(&mut connection, file, &[FIRST, ADDS]);
        assert!(
            matches!(refused, Err(OpenError::Newer { minimum_reader_version: 3, supported_version: 2, .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn somebody_elses_database_is_left_alone() {
        for sql in ["CREATE TABLE notes (x)", "CREATE TABLE meta (key TEXT, value TEXT)"] {
            let mut connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            let refused = migrate_with(&mut connection, Path::new("x"), &[FIRST]);
            assert!(matches!(refused, Err(OpenError::Foreign { .. })), "{refused:?}");
        }
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (migration, number) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, number);
            assert!(migration.minimum_reader_version <= number);
        }
    }
}
