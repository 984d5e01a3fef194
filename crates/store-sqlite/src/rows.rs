//! Reading rows: a value that cannot be what was written is a fault that names table, id and column.

use crate::fault::Fault;
use actas_domain::{secret::SecretHash, time::UnixMillis};
use rusqlite::{Connection, Params, Row, types::ValueRef};

/// The one row of a query, if there is one.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(read).transpose()
}

/// All rows of a query, in its order.
pub(crate) fn many<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Whether a query has a row.
pub(crate) fn exists(connection: &Connection, sql: &str, parameters: impl Params) -> Result<bool, Fault> {
    Ok(one(connection, sql, parameters, |_| Ok(()))?.is_some())
}

/// Carries out a write; returns how many rows it changed.
pub(crate) fn execute(connection: &Connection, sql: &str, parameters: impl Params) -> Result<usize, Fault> {
    Ok(connection.prepare_cached(sql)?.execute(parameters)?)
}

/// A count, or another number that cannot be negative.
pub(crate) fn number(connection: &Connection, sql: &str, parameters: impl Params) -> Result<u64, Fault> {
    let read = |row: &Row<'_>| Fields::of(row, "a count").unsigned();
    Ok(one(connection, sql, parameters, read)?.unwrap_or(0))
}

/// A number as SQLite keeps it; the largest it knows stands for everything above.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The columns of a row, read from the left. The first is the row's id.
pub(crate) struct Fields<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    next: usize,
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(row: &'a Row<'a>, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// Passes over a column that the caller knows.
    pub(crate) const fn skip(&mut self) {
        self.next += 1;
    }

    pub(crate) fn text(&mut self) -> Result<String, Fault> {
        self.parsed(|text| Some(text.to_owned()))
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, Fault> {
        self.optional_parsed(|text| Some(text.to_owned()))
    }

    /// Text that a type of the domain takes back.
    pub(crate) fn parsed<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
        let parsed = self.optional_parsed(parse)?;
        parsed.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_parsed<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self.advance()? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => {
                let parsed = std::str::from_utf8(bytes).ok().and_then(parse);
                parsed.map(Some).ok_or_else(|| self.unreadable())
            }
            _ => Err(self.unreadable()),
        }
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Fault> {
        self.optional_integer()?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>, Fault> {
        match self.advance()? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(integer) => Ok(Some(integer)),
            _ => Err(self.unreadable()),
        }
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Fault> {
        let integer = self.integer()?;
        u64::try_from(integer).map_err(|_| self.unreadable())
    }

    pub(crate) fn optional_unsigned(&mut self) -> Result<Option<u64>, Fault> {
        let Some(integer) = self.optional_integer()? else { return Ok(None) };
        u64::try_from(integer).map(Some).map_err(|_| self.unreadable())
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Fault> {
        self.optional_flag()?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_flag(&mut self) -> Result<Option<bool>, Fault> {
        match self.optional_integer()? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(_) => Err(self.unreadable()),
        }
    }

    pub(crate) fn time(&mut self) -> Result<UnixMillis, Fault> {
        Ok(UnixMillis::from_millis(self.integer()?))
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<UnixMillis>, Fault> {
        Ok(self.optional_integer()?.map(UnixMillis::from_millis))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        self.optional_bytes()?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match self.advance()? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes.to_vec())),
            _ => Err(self.unreadable()),
        }
    }

    pub(crate) fn hash(&mut self) -> Result<SecretHash, Fault> {
        self.optional_hash()?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_hash(&mut self) -> Result<Option<SecretHash>, Fault> {
        match self.advance()? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => {
                let hash = bytes.try_into().map(SecretHash::from_bytes);
                hash.map(Some).map_err(|_| self.unreadable())
            }
            _ => Err(self.unreadable()),
        }
    }

    /// The fault of the column that was read last.
    pub(crate) fn unreadable(&self) -> Fault {
        let id = match self.row.get_ref(0) {
            Ok(ValueRef::Text(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            Ok(ValueRef::Integer(integer)) => integer.to_string(),
            _ => "a row without an id".to_owned(),
        };
        let column = self.next.checked_sub(1).and_then(|index| self.row.as_ref().column_name(index).ok());
        Fault::Unreadable(format!("{} {id}: {}", self.table, column.unwrap_or("?")))
    }

    fn advance(&mut self) -> Result<ValueRef<'a>, Fault> {
        let index = self.next;
        self.next += 1;
        Ok(self.row.get_ref(index)?)
    }
}
