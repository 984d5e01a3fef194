//! The whole database, row by row: read in one snapshot, or filled in one transaction. Whichever it is, it holds the head
//! of the record to its end, so that nobody writes meanwhile; and where it comes to nothing, nothing has happened.

use crate::{
    address::Address,
    audit,
    bind::{self, Query},
    connection::Connection,
    fault::Fault,
    open_error::OpenError,
    options::Options,
    rows::{self, Fields},
    schema,
    shape::insert_text,
    user_rows, writers,
};
use actas_domain::{
    ports::StoreError,
    transfer::{Column, Form, Kind, Row, Source, Target, Value},
};
use async_trait::async_trait;
use std::fmt;

/// For as long as it takes, whatever the session was set up with.
const PATIENCE: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
/// The indexes that no constraint needs.
const INDEXES: &str = "SELECT index_class.relname::text, pg_get_indexdef(pg_index.indexrelid)::text FROM pg_index \
    JOIN pg_class AS index_class ON index_class.oid = pg_index.indexrelid \
    JOIN pg_class AS table_class ON table_class.oid = pg_index.indrelid \
    JOIN pg_namespace ON pg_namespace.oid = table_class.relnamespace \
    WHERE pg_namespace.nspname = current_schema() AND table_class.relname::text = ANY($1) \
        AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = pg_index.indexrelid) ORDER BY 1";
/// Whoever writes reads the head for update, and so waits for this. Unlike any statement that reads, it takes no snapshot:
/// that of the first one behind it has all that was ever committed.
const STOP_WRITERS: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE record_head IN EXCLUSIVE MODE";

/// A database that is read or filled whole.
pub struct PostgresArchive {
    connection: Connection,
    address: Address,
    /// What makes the indexes that were taken away for the filling.
    indexes: Vec<String>,
}

impl fmt::Debug for PostgresArchive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PostgresArchive").field("address", &self.address).finish_non_exhaustive()
    }
}

impl PostgresArchive {
    /// To be read.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::InUse`] while servers are at work on it.
    pub async fn source(options: &Options) -> Result<Self, OpenError> {
        let mut archive = Self::open(options).await?;
        schema::require_own(&mut archive.connection, &archive.address).await?;
        archive.require_nobody_at_work().await?;
        let begun = archive.connection.script(STOP_WRITERS).await;
        begun.map_err(|fault| OpenError::from_fault(&archive.address, &fault))?;
        // Whoever held the head, for long perhaps, has signed by now.
        archive.require_nobody_at_work().await?;
        Ok(archive)
    }

    /// To be read beside the one store that this process opens on it, with no server at work: nothing is held.
    ///
    /// # Errors
    /// As [`PostgresArchive::source`].
    pub async fn as_it_goes(options: &Options) -> Result<Self, OpenError> {
        let mut archive = Self::open(options).await?;
        schema::require_own(&mut archive.connection, &archive.address).await?;
        archive.require_nobody_at_work().await?;
        Ok(archive)
    }

    /// # Errors
    /// [`OpenError::InUse`] while servers are at work on it.
    pub async fn require_nobody_at_work(&mut self) -> Result<(), OpenError> {
        writers::require_none(&mut self.connection, &self.address).await
    }

    /// To be filled. The schema is made where there is none.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::NotEmpty`] when it holds anything, [`OpenError::InUse`] while servers are at work on
    /// it.
    pub async fn target(options: &Options) -> Result<Self, OpenError> {
        let mut archive = Self::open(options).await?;
        schema::migrate(&mut archive.connection, &archive.address).await?;
        schema::require_own(&mut archive.connection, &archive.address).await?;
        archive.require_empty().await?;
        archive.require_nobody_at_work().await?;
        let begun = archive.begin().await;
        begun.map_err(|fault| OpenError::from_fault(&archive.address, &fault))?;
        // Somebody may have begun to use it while the head was waited for.
        archive.require_empty().await?;
        archive.require_nobody_at_work().await?;
        let indexes = archive.take_indexes_away().await;
        archive.indexes = indexes.map_err(|fault| OpenError::from_fault(&archive.address, &fault))?;
        Ok(archive)
    }

    async fn open(options: &Options) -> Result<Self, OpenError> {
        let address = Address::parse(options)?;
        let failed = |fault: Fault| OpenError::from_fault(&address, &fault);
        let connection = Connection::open(&address, options, 0).await.map_err(failed)?;
        connection.script(PATIENCE).await.map_err(failed)?;
        Ok(Self { connection, address, indexes: Vec::new() })
    }

    async fn begin(&mut self) -> Result<(), Fault> {
        self.connection.script("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        self.connection.run_patiently(Query::plain(audit::TAKE_HEAD)).await.map(drop)
    }

    async fn require_empty(&mut self) -> Result<(), OpenError> {
        for &kind in Kind::ALL {
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS first", kind.name());
            let found = self.connection.run_patiently(Query::new(sql, Vec::new())).await;
            let count = found.and_then(|rows| rows::number(&rows));
            if count.map_err(|fault| OpenError::from_fault(&self.address, &fault))? > 0 {
                return Err(OpenError::NotEmpty { database: self.address.to_string(), kind: kind.name() });
            }
        }
        Ok(())
    }

    /// Gives what makes them again: an index is made faster from all rows at once than row by row.
    async fn take_indexes_away(&mut self) -> Result<Vec<String>, Fault> {
        let tables = bind::texts(Kind::ALL.iter().map(|kind| kind.name()));
        let found = self.connection.run_patiently(Query::new(INDEXES, vec![tables])).await?;
        let found = rows::many(&found, |row| {
            let mut fields = Fields::of(row, "pg_index");
            Ok((fields.text()?, fields.text()?))
        })?;
        for (name, _) in &found {
            self.connection.script(&format!("DROP INDEX \"{name}\"")).await?;
        }
        Ok(found.into_iter().map(|(_, definition)| definition).collect())
    }

    async fn read_number(&mut self, sql: String) -> Result<u64, StoreError> {
        let found = self.connection.run_patiently(Query::new(sql, Vec::new())).await?;
        Ok(rows::number(&found)?)
    }
}

#[async_trait]
impl Source for PostgresArchive {
    async fn count(&mut self, kind: Kind) -> Result<u64, StoreError> {
        self.read_number(format!("SELECT count(*) FROM {}", kind.name())).await
    }

    async fn page(
        &mut self,
        kind: Kind,
        after: Option<&[Value]>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let found = self.connection.run_patiently(page(kind, after, limit)).await?;
        Ok(rows::many(&found, |row| {
            let mut fields = Fields::of(row, kind.name());
            kind.layout().columns.iter().map(|column| value(&mut fields, column)).collect()
        })?)
    }

    async fn head(&mut self) -> Result<u64, StoreError> {
        self.read_number("SELECT position FROM record_head".to_owned()).await
    }
}

#[async_trait]
impl Target for PostgresArchive {
    async fn load(&mut self, kind: Kind, rows: Vec<Row>) -> Result<(), StoreError> {
        let rows: Vec<_> = rows.into_iter().map(|row| bound(kind, row)).collect();
        if !rows.is_empty() {
            let query = Query::new(insert_text(kind.name(), &columns(kind)), bind::columns(rows));
            self.connection.run_patiently(query).await?;
        }
        Ok(())
    }

    async fn settle(&mut self, head: u64) -> Result<(), StoreError> {
        for index in std::mem::take(&mut self.indexes) {
            self.connection.script(&index).await?;
        }
        let set = Query::new("UPDATE record_head SET position = $1", vec![bind::unsigned(head)]);
        self.connection.run_patiently(set).await?;
        for &kind in Kind::ALL {
            self.connection.script(&format!("ANALYZE {}", kind.name())).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        let warnings = self.connection.warnings();
        let committed = self.connection.script("COMMIT").await;
        let unknown = |why: &str| {
            StoreError::Unavailable(format!(
                "its commit was not answered as it should be ({why}): begin the copy again; if the target is then refused \
                 because it is not empty, this copy is there, and whole"
            ))
        };
        match committed {
            Ok(()) if self.connection.warnings() == warnings => Ok(()),
            Ok(()) => Err(unknown("with a warning, so that a standby may not have it")),
            Err(fault) if fault.ends_transaction() => Err(fault.into()),
            Err(fault) => Err(unknown(&fault.to_string())),
        }
    }
}

/// Words that are of the language itself have other names here.
fn column_name(column: &Column) -> &'static str {
    match column.name {
        "user" => "user_id",
        "until" => "until_at",
        name => name,
    }
}

/// Names and types, and behind them those of what follows from the rest.
fn columns(kind: Kind) -> Vec<(&'static str, &'static str)> {
    let own = kind.layout().columns.iter().map(|column| {
        let sort = match column.form {
            Form::Text => "text",
            Form::Integer => "bigint",
            Form::Flag => "boolean",
            Form::Bytes => "bytea",
        };
        (column_name(column), sort)
    });
    let others: &[_] = match kind {
        Kind::Users => &[
            ("full_name_lower", "text"),
            ("first_name_lower", "text"),
            ("last_name_lower", "text"),
            ("username_lower", "text"),
        ],
        Kind::Identifiers => &[("value_lower", "text")],
        Kind::Instance => &[("the_one", "bigint")],
        _ => &[],
    };
    own.chain(others.iter().copied()).collect()
}

fn page(kind: Kind, after: Option<&[Value]>, limit: u32) -> Query {
    let layout = kind.layout();
    let names: Vec<_> = layout.columns.iter().map(column_name).collect();
    let key = names.get(..layout.key).unwrap_or_default().join(", ");
    let places: Vec<_> = (1..=layout.key).map(|place| format!("${place}")).collect();
    let behind = match after {
        Some(_) => format!(" WHERE ({key}) > ({})", places.join(", ")),
        None => String::new(),
    };
    let sql =
        format!("SELECT {} FROM {}{behind} ORDER BY {key} LIMIT {limit}", names.join(", "), kind.name());
    let after = after.unwrap_or_default().iter().zip(layout.columns);
    Query::new(sql, after.map(|(value, column)| one_bound(value.clone(), column.form)).collect())
}

fn value(fields: &mut Fields<'_>, column: &Column) -> Result<Value, Fault> {
    let value = match column.form {
        Form::Text => fields.optional_text()?.map(Value::Text),
        Form::Integer => fields.optional_integer()?.map(Value::Integer),
        Form::Flag => fields.optional_flag()?.map(Value::Flag),
        Form::Bytes => fields.optional_bytes()?.map(Value::Bytes),
    };
    match value {
        None if !column.optional => Err(fields.unreadable()),
        value => Ok(value.unwrap_or(Value::Null)),
    }
}

/// A row with what follows from it.
fn bound(kind: Kind, row: Row) -> Vec<bind::Value> {
    let others = match kind {
        Kind::Users => user_rows::lower_texts(
            kind.text(&row, "first_name"),
            kind.text(&row, "last_name"),
            kind.text(&row, "username"),
        )
        .to_vec(),
        Kind::Identifiers => vec![user_rows::lower_value(kind.text(&row, "value").unwrap_or_default())],
        Kind::Instance => vec![bind::integer(1)],
        _ => Vec::new(),
    };
    let own = row.into_iter().zip(kind.layout().columns);
    own.map(|(value, column)| one_bound(value, column.form)).chain(others).collect()
}

fn one_bound(value: Value, form: Form) -> bind::Value {
    match (value, form) {
        (Value::Text(text), _) => bind::text(&text),
        (Value::Integer(integer), _) => bind::integer(integer),
        (Value::Flag(flag), _) => bind::flag(flag),
        (Value::Bytes(bytes), _) => bind::Value::Bytes(Some(bytes)),
        (Value::Null, Form::Text) => bind::Value::Text(None),
        (Value::Null, Form::Integer) => bind::Value::Integer(None),
        (Value::Null, Form::Flag) => bind::Value::Flag(None),
        (Value::Null, Form::Bytes) => bind::Value::Bytes(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_postgres_cluster::Cluster;
    use std::collections::BTreeSet;

    /// Tables that no row takes along: the versions of the schema; the head, which goes by itself; and who is at work
    /// on what.
    const LEFT: &[&str] = &["meta", "record_head", "writers", "leases"];

    #[test]
    fn no_table_and_no_column_is_forgotten() {
        let database = Cluster::shared().create_database();
        crate::testing::prepare(&database.url());
        let there = database.sql(
            "SELECT table_name || '.' || column_name FROM information_schema.columns \
             WHERE table_schema = current_schema()",
        );
        let there: BTreeSet<String> = there
            .lines()
            .filter(|line| !LEFT.iter().any(|table| line.starts_with(&format!("{table}."))))
            .map(str::to_owned)
            .collect();
        let of = |kind: &Kind| {
            let kind = *kind;
            columns(kind).into_iter().map(move |(column, _)| format!("{}.{column}", kind.name()))
        };
        let taken: BTreeSet<String> = Kind::ALL.iter().flat_map(of).collect();
        assert_eq!(
            there, taken,
            "a new column belongs into the layout of transfers, or is left with a reason"
        );
    }
}
