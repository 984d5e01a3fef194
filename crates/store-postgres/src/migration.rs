//! One step of the schema: how it is taken while other servers work on the database.
//!
//! It stops all writers, so it must not wait for whoever reads a table for long: what it cannot lock at once it lets go of,
//! lets others write for a while, and tries again.

use crate::{
    bind::{self, Query},
    connection::Connection,
    fault::Fault,
    rows::{self, Fields},
};
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// One step from a version to the next.
pub(crate) struct Migration {
    /// The schema's version after it.
    pub(crate) version: u32,
    /// The oldest binary, by the newest version it knows, that still works on the schema after it. A step that only
    /// adds what older binaries do without leaves it as it was.
    pub(crate) minimum_reader_version: u32,
    pub(crate) sql: &'static str,
}

/// How a step waits for locks of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a lock, each time. Writers wait meanwhile.
    pub(crate) lock_millis: u32,
    /// Between two attempts. Writers write meanwhile.
    pub(crate) pause: Duration,
    pub(crate) attempts: u32,
}

/// Some ten minutes. Writers wait for a quarter of that at most, and never for longer than two seconds at a time.
pub(crate) const PATIENCE: Patience =
    Patience { lock_millis: 2_000, pause: Duration::from_secs(6), attempts: 75 };

/// Whoever writes holds the head from before its first read: what it reads and writes is of one version.
const STOP_WRITERS: &str = "SELECT position FROM record_head WHERE the_one = 1 FOR UPDATE";

/// Who has been in a transaction for the longest that holds a lock on a table of this database.
const HOLDER: &str = "SELECT format('process %s (%s), in a transaction since %s', activity.pid, \
        coalesce(nullif(activity.application_name, ''), 'without a name'), activity.xact_start) \
    FROM pg_locks JOIN pg_stat_activity AS activity ON activity.pid = pg_locks.pid \
    JOIN pg_class ON pg_class.oid = pg_locks.relation \
    WHERE pg_locks.granted AND activity.pid <> pg_backend_pid() AND activity.datname = current_database() \
        AND pg_class.relnamespace = current_schema()::regnamespace \
    ORDER BY activity.xact_start LIMIT 1";

/// Takes the step, unless somebody else has taken it meanwhile.
pub(crate) async fn apply(
    connection: &mut Connection,
    migration: &Migration,
    patience: Patience,
) -> Result<(), Fault> {
    let mut attempt = 1;
    loop {
        match attempt_once(connection, migration, patience).await {
            Err(fault) if is_locked(&fault) => {
                let holder = holder(connection).await;
                if attempt >= patience.attempts {
                    let version = migration.version;
                    return Err(Fault::Unreachable(format!(
                        "its tables cannot be made over to schema {version} while {holder} reads them: end it, or wait for \
                         its end, and start again"
                    )));
                }
                tracing::warn!(
                    attempt,
                    holder,
                    "the database's tables are in use: making them over is tried again"
                );
                attempt += 1;
                tokio::time::sleep(patience.pause).await;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt_once(
    connection: &mut Connection,
    migration: &Migration,
    patience: Patience,
) -> Result<(), Fault> {
    // However long a step takes, and however long somebody else's.
    connection.script("BEGIN; SET LOCAL statement_timeout = 0").await?;
    let outcome = apply_here(connection, migration, patience).await;
    let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.script(end).await?;
    outcome
}

async fn apply_here(
    connection: &mut Connection,
    migration: &Migration,
    patience: Patience,
) -> Result<(), Fault> {
    let lock = Query::plain("SELECT value FROM meta WHERE name = 'schema_version' FOR UPDATE");
    let found = rows::number(&connection.run_patiently(lock).await?)?;
    if found >= u64::from(migration.version) {
        return Ok(());
    }
    let is_written = Query::plain("SELECT 1::bigint WHERE to_regclass('record_head') IS NOT NULL");
    if rows::number(&connection.run(is_written).await?)? == 1 {
        connection.run_patiently(Query::plain(STOP_WRITERS)).await?;
    }
    connection.script(&format!("SET LOCAL lock_timeout = {}", patience.lock_millis)).await?;
    connection.script(migration.sql).await?;
    for (name, value) in
        [("schema_version", migration.version), ("minimum_reader_version", migration.minimum_reader_version)]
    {
        let values = vec![bind::text(name), bind::integer(i64::from(value))];
        connection.run(Query::new("UPDATE meta SET value = $2 WHERE name = $1", values)).await?;
    }
    Ok(())
}

fn is_locked(fault: &Fault) -> bool {
    matches!(fault, Fault::Sql(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
}

/// A process of the database, for whoever has to wait for its end.
async fn holder(connection: &mut Connection) -> String {
    let found = connection.run(Query::plain(HOLDER)).await;
    let holder = found.and_then(|found| rows::one(&found, |row| Fields::of(row, "activity").text()));
    holder.ok().flatten().unwrap_or_else(|| "another transaction".to_owned())
}
