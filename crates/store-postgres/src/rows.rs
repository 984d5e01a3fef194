//! Reading rows: a value that cannot be what was written is a fault that names table, id and column.

use crate::{bind::unescaped, fault::Fault};
use actas_domain::{secret::SecretHash, time::UnixMillis};
use tokio_postgres::{Row, types::FromSql};

/// All rows, in their order.
pub(crate) fn many<T>(rows: &[Row], read: impl FnMut(&Row) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    rows.iter().map(read).collect()
}

/// The first row, if there is one.
pub(crate) fn one<T>(rows: &[Row], read: impl FnOnce(&Row) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
    rows.first().map(read).transpose()
}

/// A count, or another number that cannot be negative; 0 without a row.
pub(crate) fn number(rows: &[Row]) -> Result<u64, Fault> {
    Ok(one(rows, |row| Fields::of(row, "a count").unsigned())?.unwrap_or(0))
}

/// The columns of a row, read from the left. The first is the row's id.
pub(crate) struct Fields<'a> {
    row: &'a Row,
    table: &'static str,
    next: usize,
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(row: &'a Row, table: &'static str) -> Self {
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
        let Some(kept) = self.advance::<Option<&str>>()? else { return Ok(None) };
        let parsed = unescaped(kept).and_then(|text| parse(&text));
        parsed.map(Some).ok_or_else(|| self.unreadable())
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Fault> {
        self.optional_integer()?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>, Fault> {
        self.advance()
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
        self.advance()
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
        self.advance()
    }

    pub(crate) fn hash(&mut self) -> Result<SecretHash, Fault> {
        self.optional_hash()?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn optional_hash(&mut self) -> Result<Option<SecretHash>, Fault> {
        let Some(bytes) = self.advance::<Option<&[u8]>>()? else { return Ok(None) };
        let hash = bytes.try_into().map(SecretHash::from_bytes);
        hash.map(Some).map_err(|_| self.unreadable())
    }

    /// The fault of the column that was read last.
    pub(crate) fn unreadable(&self) -> Fault {
        let text = self.row.try_get::<_, &str>(0).map(str::to_owned).ok();
        let id = text.or_else(|| self.row.try_get::<_, i64>(0).map(|number| number.to_string()).ok());
        let column = self.next.checked_sub(1).and_then(|index| self.row.columns().get(index));
        let column = column.map_or("?", |column| column.name());
        Fault::Unreadable(format!(
            "{} {}: {column}",
            self.table,
            id.as_deref().unwrap_or("a row without an id")
        ))
    }

    fn advance<T: FromSql<'a>>(&mut self) -> Result<T, Fault> {
        let index = self.next;
        self.next += 1;
        self.row.try_get(index).map_err(|_| self.unreadable())
    }
}
