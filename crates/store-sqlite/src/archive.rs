//! The whole database, row by row: read in one snapshot, or filled while it is nobody's yet.

use crate::{
    audit, connection,
    fault::Fault,
    new_file::NewFile,
    open_error::OpenError,
    rows::{self, Fields},
    schema,
};
use actas_domain::{
    ports::StoreError,
    transfer::{Column, Form, Kind, Row, Source, Target, Value},
};
use async_trait::async_trait;
use rusqlite::{
    Connection, params_from_iter,
    types::{ToSqlOutput, Value as SqlValue, ValueRef},
};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// A database that is read or filled whole.
pub struct SqliteArchive {
    connection: Arc<Mutex<Option<Connection>>>,
    file: PathBuf,
    /// What is being filled.
    new_file: Option<NewFile>,
    /// What makes the indexes that were taken away for the filling.
    indexes: Vec<String>,
}

impl fmt::Debug for SqliteArchive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteArchive").field("file", &self.file).finish_non_exhaustive()
    }
}

impl SqliteArchive {
    /// As the database is now, whatever its owner writes meanwhile.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::OtherSchema`] for a schema that is not this binary's own.
    pub fn snapshot(file: &Path) -> Result<Self, OpenError> {
        let archive = Self::as_it_goes(file)?;
        archive.begin_snapshot().map_err(|error| OpenError::from_sql(file, &error))?;
        Ok(archive)
    }

    /// Each page as it is when it is read.
    ///
    /// # Errors
    /// As [`SqliteArchive::snapshot`].
    pub fn as_it_goes(file: &Path) -> Result<Self, OpenError> {
        let connection = connection::open_reader(file).map_err(|error| OpenError::from_sql(file, &error))?;
        Self::reading(connection, file)
    }

    /// A file that nobody changes and nobody else has open, such as a backup. Nothing is made beside it.
    ///
    /// # Errors
    /// As [`SqliteArchive::snapshot`].
    pub fn at_rest(file: &Path) -> Result<Self, OpenError> {
        Self::reading(connection::open_at_rest(file)?, file)
    }

    /// An empty one, which becomes the database `file` when it is finished. What an earlier one that was cut off has left
    /// is removed.
    ///
    /// # Errors
    /// [`OpenError::Exists`] where there is a database already.
    pub fn make(file: &Path) -> Result<Self, OpenError> {
        let new_file = NewFile::create(file)?;
        new_file.give_to_owner_of_folder()?;
        let path = new_file.path().to_owned();
        let sql_error = |error: rusqlite::Error| OpenError::from_sql(&path, &error);
        let mut connection = connection::open_writer(&path).map_err(sql_error)?;
        connection::set_up_filling(&connection).map_err(sql_error)?;
        schema::migrate(&mut connection, &path)?;
        let indexes = take_indexes_away(&connection).map_err(sql_error)?;
        let connection = Arc::new(Mutex::new(Some(connection)));
        Ok(Self { connection, file: path, new_file: Some(new_file), indexes })
    }

    fn reading(connection: Connection, file: &Path) -> Result<Self, OpenError> {
        schema::require_own(&connection, file)?;
        let connection = Arc::new(Mutex::new(Some(connection)));
        Ok(Self { connection, file: file.to_owned(), new_file: None, indexes: Vec::new() })
    }

    fn begin_snapshot(&self) -> Result<(), rusqlite::Error> {
        let guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = guard.as_ref() else { return Ok(()) };
        // A transaction sees what its first statement sees.
        connection.execute_batch("BEGIN")?;
        connection.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))
    }

    /// Lets a thread that may block do it.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let working = tokio::task::spawn_blocking(move || {
            let mut guard = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let closed = || StoreError::Unavailable("it is closed".into());
            Ok(work(guard.as_mut().ok_or_else(closed)?)?)
        });
        working.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}

#[async_trait]
impl Source for SqliteArchive {
    async fn count(&mut self, kind: Kind) -> Result<u64, StoreError> {
        self.with(move |connection| {
            let place = Place::of(kind);
            let sql = format!("SELECT count(*) FROM {} WHERE {}", place.table, place.condition);
            rows::number(connection, &sql, [])
        })
        .await
    }

    async fn page(
        &mut self,
        kind: Kind,
        after: Option<&[Value]>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let after = after.map(<[Value]>::to_vec);
        self.with(move |connection| page(connection, kind, after.as_deref(), limit)).await
    }

    async fn head(&mut self) -> Result<u64, StoreError> {
        self.with(|connection| audit::last_position(connection)).await
    }
}

#[async_trait]
impl Target for SqliteArchive {
    async fn load(&mut self, kind: Kind, rows: Vec<Row>) -> Result<(), StoreError> {
        self.with(move |connection| {
            let sql = insert_sql(kind);
            let transaction = connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(&sql)?;
                for row in &rows {
                    statement.execute(params_from_iter(row.iter().map(bound)))?;
                }
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    async fn settle(&mut self, head: u64) -> Result<(), StoreError> {
        let indexes = std::mem::take(&mut self.indexes);
        self.with(move |connection| {
            for index in indexes {
                connection.execute_batch(&index)?;
            }
            let place = || Fault::Unreadable("audit_entries: the record does not end at its head".into());
            if audit::last_position(connection)? == head { Ok(()) } else { Err(place()) }
        })
        .await
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        drop(self.connection.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(new_file) = self.new_file.take() else { return Ok(()) };
        let keeping = tokio::task::spawn_blocking(move || new_file.keep());
        let kept = keeping.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        kept.map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

/// Where the rows of a kind are.
struct Place {
    table: &'static str,
    condition: &'static str,
}

impl Place {
    fn of(kind: Kind) -> Self {
        match kind {
            // Users by their ids, which are text, and identifiers by their hashes.
            Kind::PasswordFailures => {
                Self { table: "password_failures", condition: "typeof(guessed) = 'text'" }
            }
            Kind::Guesses => Self { table: "password_failures", condition: "typeof(guessed) = 'blob'" },
            _ => Self { table: kind.name(), condition: "TRUE" },
        }
    }
}

fn column_name(kind: Kind, column: &Column) -> &'static str {
    match (kind, column.name) {
        (Kind::PasswordFailures, "user") | (Kind::Guesses, "identifier_hash") => "guessed",
        (_, name) => name,
    }
}

fn column_names(kind: Kind) -> Vec<&'static str> {
    kind.layout().columns.iter().map(|column| column_name(kind, column)).collect()
}

fn insert_sql(kind: Kind) -> String {
    let names = column_names(kind);
    let places = vec!["?"; names.len()].join(", ");
    format!("INSERT INTO {} ({}) VALUES ({places})", Place::of(kind).table, names.join(", "))
}

fn page(connection: &Connection, kind: Kind, after: Option<&[Value]>, limit: u32) -> Result<Vec<Row>, Fault> {
    let (place, layout, names) = (Place::of(kind), kind.layout(), column_names(kind));
    let key = names.get(..layout.key).unwrap_or_default();
    let behind = match after {
        Some(_) => format!(" AND ({}) > ({})", key.join(", "), vec!["?"; key.len()].join(", ")),
        None => String::new(),
    };
    let sql = format!(
        "SELECT {} FROM {} WHERE {}{behind} ORDER BY {} LIMIT {limit}",
        names.join(", "),
        place.table,
        place.condition,
        key.join(", ")
    );
    let values = params_from_iter(after.unwrap_or_default().iter().map(bound));
    rows::many(connection, &sql, values, |row| {
        let mut fields = Fields::of(row, place.table);
        layout.columns.iter().map(|column| value(&mut fields, column)).collect()
    })
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

fn bound(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Null => ToSqlOutput::Owned(SqlValue::Null),
        Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Value::Integer(integer) => ToSqlOutput::Owned(SqlValue::Integer(*integer)),
        Value::Flag(flag) => ToSqlOutput::Owned(SqlValue::Integer(i64::from(*flag))),
        Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
    }
}

/// Gives what makes them again: an index is made faster from all rows at once than row by row.
fn take_indexes_away(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let indexes: Vec<(String, String)> = found.collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Columns that no row takes along, and why.
    const LEFT: &[(&str, &str)] = &[
        // The versions of the schema, and a count of checks.
        ("meta", "name"),
        ("meta", "value"),
        // There is one row.
        ("instance", "the_one"),
        // The order in which rows were added.
        ("kept_answers", "id"),
    ];

    #[test]
    fn no_table_and_no_column_is_forgotten() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, Path::new("x")).unwrap();
        let sql = "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) \
            AS columns WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'";
        let mut statement = connection.prepare(sql).unwrap();
        let there = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let there: BTreeSet<(String, String)> = there.collect::<Result<_, _>>().unwrap();
        let named = |(table, column): (&str, &str)| (table.to_owned(), column.to_owned());
        let mut taken: BTreeSet<_> = LEFT.iter().copied().map(named).collect();
        for &kind in Kind::ALL {
            taken.extend(column_names(kind).into_iter().map(|column| named((Place::of(kind).table, column))));
        }
        assert_eq!(
            there, taken,
            "a new column belongs into the layout of transfers, or is left with a reason"
        );
    }
}
