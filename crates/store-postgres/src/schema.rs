//! The schema's versions: forward only, one numbered file each, one transaction each. Of several starters at once one
//! takes a step, and the others wait for it on a row.

use crate::{
    address::Address,
    bind::Query,
    connection::Connection,
    fault::Fault,
    migration::{self, Migration, Patience},
    open_error::OpenError,
    rows::{self, Fields},
};
use tokio_postgres::error::SqlState;

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, minimum_reader_version: 1, sql: include_str!("migrations/0001_initial.sql") },
    Migration { version: 2, minimum_reader_version: 1, sql: include_str!("migrations/0002_forgetting.sql") },
    Migration { version: 3, minimum_reader_version: 1, sql: include_str!("migrations/0003_retention.sql") },
];

/// The newest version that this binary knows.
pub const SUPPORTED_VERSION: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The table by which a database is known to be of Actas, and its version 0.
const META: &str = "BEGIN; CREATE TABLE IF NOT EXISTS meta (name text COLLATE \"C\" PRIMARY KEY, value bigint NOT NULL); \
    INSERT INTO meta (name, value) VALUES ('schema_version', 0), ('minimum_reader_version', 0) ON CONFLICT DO NOTHING; \
    COMMIT";

/// Two that make the same table at once: one of them fails, and finds it the next time.
const META_ATTEMPTS: usize = 10;

/// The rows of writers that have not written for so long are of nobody any more.
const FORGET_WRITERS: &str =
    "DELETE FROM writers WHERE at < floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - 604800000";

/// Brings the database to [`SUPPORTED_VERSION`]. One that is newer, but says that this binary may work on it, is left
/// as it is.
pub(crate) async fn migrate(connection: &mut Connection, address: &Address) -> Result<(), OpenError> {
    migrate_with(connection, address, MIGRATIONS, migration::PATIENCE).await
}

async fn migrate_with(
    connection: &mut Connection,
    address: &Address,
    migrations: &[Migration],
    patience: Patience,
) -> Result<(), OpenError> {
    let failed = |fault: Fault| OpenError::from_fault(address, &fault);
    if !recognise(connection, address).await? {
        make_meta(connection).await.map_err(failed)?;
    }
    loop {
        let version = version(connection, address, migrations).await?;
        let Some(next) = migrations.iter().find(|migration| migration.version > version) else { break };
        migration::apply(connection, next, patience).await.map_err(failed)?;
    }
    Ok(())
}

/// Whoever takes all rows along must know all columns: an older schema lacks some, and a newer one has more. Changes
/// nothing.
pub(crate) async fn require_own(connection: &mut Connection, address: &Address) -> Result<(), OpenError> {
    let failed = |fault: Fault| OpenError::from_fault(address, &fault);
    recognise(connection, address).await?;
    let is_there = "SELECT count(*) FROM information_schema.tables \
        WHERE table_schema = current_schema() AND table_name = 'meta'";
    let is_there = connection.run(Query::plain(is_there)).await.map_err(failed)?;
    let version = match rows::number(&is_there).map_err(failed)? {
        0 => 0,
        _ => version(connection, address, MIGRATIONS).await?,
    };
    let database = address.to_string();
    match version {
        0 => Err(OpenError::Empty { database }),
        SUPPORTED_VERSION => Ok(()),
        version => Err(OpenError::OtherSchema { database, version, supported_version: SUPPORTED_VERSION }),
    }
}

/// Forgets writers that are long gone.
pub(crate) fn forget_writers() -> Query {
    Query::plain(FORGET_WRITERS)
}

/// Looks for the oldest binary that may work on the schema as it is now.
pub(crate) fn least_reader() -> Query {
    Query::plain("SELECT value FROM meta WHERE name = 'minimum_reader_version'")
}

/// Whether this binary still may, of which the schema may have become another since it was opened.
pub(crate) fn may_work(least_reader: Option<u64>) -> Result<(), Fault> {
    let minimum_reader_version =
        least_reader.ok_or_else(|| Fault::Unreadable("meta: it says no version".into()))?;
    if minimum_reader_version > u64::from(SUPPORTED_VERSION) {
        return Err(Fault::Newer { minimum_reader_version, supported_version: SUPPORTED_VERSION });
    }
    Ok(())
}

/// Looks whether the database is empty or of Actas, and changes nothing. Whether it is of Actas already.
async fn recognise(connection: &mut Connection, address: &Address) -> Result<bool, OpenError> {
    let failed = |fault: Fault| OpenError::from_fault(address, &fault);
    let encoding = connection.run(Query::plain("SELECT current_setting('server_encoding')")).await;
    let encoding = rows::one(&encoding.map_err(failed)?, |row| Fields::of(row, "settings").text());
    let encoding = encoding.map_err(failed)?.unwrap_or_default();
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { database: address.to_string(), encoding });
    }
    let schema = connection.run(Query::plain("SELECT current_schema()::text")).await.map_err(failed)?;
    if rows::one(&schema, |row| Fields::of(row, "schema").optional_text())
        .map_err(failed)?
        .flatten()
        .is_none()
    {
        let reason = "its search_path names no schema that exists".to_owned();
        return Err(OpenError::Unavailable { database: address.to_string(), reason });
    }
    let tables = "SELECT table_name::text FROM information_schema.tables \
        WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name";
    let tables = connection.run(Query::plain(tables)).await.map_err(failed)?;
    let tables = rows::many(&tables, |row| Fields::of(row, "tables").text()).map_err(failed)?;
    let columns = "SELECT column_name::text FROM information_schema.columns \
        WHERE table_schema = current_schema() AND table_name = 'meta' ORDER BY column_name";
    let columns = connection.run(Query::plain(columns)).await.map_err(failed)?;
    let columns = rows::many(&columns, |row| Fields::of(row, "columns").text()).map_err(failed)?;
    match tables.first() {
        Some(_) if columns == ["name", "value"] => Ok(true),
        None => Ok(false),
        Some(other) => {
            Err(OpenError::Foreign { database: address.to_string(), reason: format!("the table {other}") })
        }
    }
}

async fn make_meta(connection: &mut Connection) -> Result<(), Fault> {
    let mut attempt = 1;
    loop {
        match connection.script(META).await {
            Err(fault) if attempt < META_ATTEMPTS && is_race(&fault) => {
                connection.script("ROLLBACK").await?;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn is_race(fault: &Fault) -> bool {
    let Fault::Sql(error) = fault else { return false };
    matches!(
        error.code(),
        Some(
            &SqlState::UNIQUE_VIOLATION
                | &SqlState::DUPLICATE_TABLE
                | &SqlState::DUPLICATE_OBJECT
                | &SqlState::T_R_SERIALIZATION_FAILURE
        )
    )
}

async fn version(
    connection: &mut Connection,
    address: &Address,
    migrations: &[Migration],
) -> Result<u32, OpenError> {
    let failed = |fault: Fault| OpenError::from_fault(address, &fault);
    let found = connection.run(Query::plain("SELECT name, value FROM meta")).await.map_err(failed)?;
    let found = rows::many(&found, |row| {
        let mut fields = Fields::of(row, "meta");
        Ok((fields.text()?, fields.unsigned()?))
    })
    .map_err(failed)?;
    let number = |name: &str| {
        let value = found.iter().find(|(each, _)| each == name).map(|(_, value)| *value);
        value.and_then(|value| u32::try_from(value).ok()).ok_or_else(|| OpenError::Foreign {
            database: address.to_string(),
            reason: "its table meta says no version".to_owned(),
        })
    };
    let minimum_reader_version = number("minimum_reader_version")?;
    let supported_version = migrations.last().map_or(0, |migration| migration.version);
    if minimum_reader_version > supported_version {
        let database = address.to_string();
        return Err(OpenError::Newer { database, minimum_reader_version, supported_version });
    }
    number("schema_version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use actas_domain::secret::SecretText;
    use actas_postgres_cluster::{Cluster, Database};
    use std::time::{Duration, Instant};

    const FIRST: Migration = Migration {
        version: 1,
        minimum_reader_version: 1,
        sql: "CREATE TABLE a (x bigint); INSERT INTO a VALUES (1)",
    };
    const ADDS: Migration =
        Migration { version: 2, minimum_reader_version: 1, sql: "ALTER TABLE a ADD COLUMN y bigint" };
    const BREAKS: Migration = Migration { version: 3, minimum_reader_version: 3, sql: "DROP TABLE a" };
    const FAILS: Migration = Migration {
        version: 2,
        minimum_reader_version: 2,
        sql: "CREATE TABLE b (x bigint); SELECT nonsense",
    };

    async fn try_migrate(database: &Database<'_>, migrations: &[Migration]) -> Result<(), OpenError> {
        let options = Options::new(SecretText::new(database.url()));
        let address = Address::parse(&options).unwrap();
        let mut connection = Connection::open(&address, &options, 0).await.unwrap();
        let patience = Patience { lock_millis: 200, pause: Duration::from_millis(20), attempts: 3 };
        migrate_with(&mut connection, &address, migrations, patience).await
    }

    fn versions(database: &Database<'_>) -> String {
        database.sql("SELECT string_agg(value::text, ' ' ORDER BY name DESC) FROM meta")
    }

    #[tokio::test]
    async fn steps_are_taken_once_and_in_order() {
        let database = Cluster::shared().create_database();
        try_migrate(&database, &[FIRST]).await.unwrap();
        try_migrate(&database, &[FIRST, ADDS, BREAKS]).await.unwrap();
        assert_eq!(versions(&database), "3 3");
        try_migrate(&database, &[FIRST, ADDS, BREAKS]).await.unwrap();
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_the_version_before_it() {
        let database = Cluster::shared().create_database();
        let failed = try_migrate(&database, &[FIRST, FAILS]).await;
        assert!(matches!(failed, Err(OpenError::Unavailable { .. })), "{failed:?}");
        assert_eq!(versions(&database), "1 1");
        assert_eq!(database.sql("SELECT to_regclass('b') IS NULL"), "t", "half a step was kept");
    }

    /// Whoever reads a table for long, as a dump does, holds up a step and never those who write.
    #[tokio::test]
    async fn a_step_that_waits_for_a_reader_holds_up_nobody_for_long() {
        let database = Cluster::shared().create_database();
        let head = "CREATE TABLE record_head (the_one bigint, position bigint); INSERT INTO record_head VALUES (1, 0)";
        database.sql(head);
        database.sql(
            "CREATE TABLE meta (name text COLLATE \"C\" PRIMARY KEY, value bigint NOT NULL); \
            INSERT INTO meta VALUES ('schema_version', 0), ('minimum_reader_version', 0)",
        );
        try_migrate(&database, &[FIRST]).await.unwrap();
        let open = async || {
            let options = Options::new(SecretText::new(database.url()));
            Connection::open(&Address::parse(&options).unwrap(), &options, 0).await.unwrap()
        };
        let (reader, writer) = (open().await, open().await);
        reader.script("BEGIN; SET application_name = 'a dump'; SELECT * FROM a").await.unwrap();
        let writing = async {
            let mut longest = Duration::ZERO;
            for _ in 0..20 {
                let begun = Instant::now();
                writer.script("UPDATE record_head SET position = position + 1").await.unwrap();
                longest = longest.max(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            longest
        };
        let (refused, longest) = tokio::join!(try_migrate(&database, &[FIRST, ADDS]), writing);
        let Err(OpenError::Unavailable { reason, .. }) = refused else { panic!("{refused:?}") };
        assert!(reason.contains("a dump") && reason.contains("end it, or wait"), "{reason}");
        assert!(longest < Duration::from_secs(3), "{longest:?}");
        assert_eq!(versions(&database), "1 1");
        reader.script("COMMIT").await.unwrap();
        try_migrate(&database, &[FIRST, ADDS]).await.unwrap();
        assert_eq!(versions(&database), "2 1");
    }

    #[tokio::test]
    async fn an_older_binary_works_on_what_only_added_and_refuses_what_broke() {
        let database = Cluster::shared().create_database();
        try_migrate(&database, &[FIRST, ADDS]).await.unwrap();
        try_migrate(&database, &[FIRST]).await.unwrap();
        assert_eq!(versions(&database), "2 1", "an older binary took the version back");
        try_migrate(&database, &[FIRST, ADDS, BREAKS]).await.unwrap();
        let refused = try_migrate(&database, &[FIRST, ADDS]).await;
        assert!(
            matches!(refused, Err(OpenError::Newer { minimum_reader_version: 3, supported_version: 2, .. })),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn somebody_elses_database_is_left_alone() {
        for sql in ["CREATE TABLE notes (x bigint)", "CREATE TABLE meta (key text, value text)"] {
            let database = Cluster::shared().create_database();
            database.sql(sql);
            let refused = try_migrate(&database, &[FIRST]).await;
            assert!(matches!(refused, Err(OpenError::Foreign { .. })), "{refused:?}");
            assert_eq!(database.sql("SELECT count(*) FROM pg_class WHERE relname = 'a'"), "0");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn eight_starters_take_each_step_once() {
        let database = Cluster::shared().create_database();
        let starters = (0..8).map(|_| try_migrate(&database, &[FIRST, ADDS]));
        for outcome in futures::future::join_all(starters).await {
            outcome.unwrap();
        }
        assert_eq!(
            (versions(&database).as_str(), database.sql("SELECT count(*) FROM a").as_str()),
            ("2 1", "1")
        );
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (migration, number) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, number);
            assert!(migration.minimum_reader_version <= number);
        }
    }
}
