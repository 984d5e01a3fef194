//! Values as SQLite takes them: borrowed from the domain's types where they can be.

use actas_domain::{secret::SecretHash, time::UnixMillis};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// The columns of a row, in the order of its table's column list.
pub(crate) type Columns<'a, const COUNT: usize> = [ToSqlOutput<'a>; COUNT];

pub(crate) const fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

pub(crate) fn optional_text(text: Option<&str>) -> ToSqlOutput<'_> {
    text.map_or(ToSqlOutput::Borrowed(ValueRef::Null), self::text)
}

pub(crate) const fn bytes(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(bytes))
}

pub(crate) const fn hash(hash: &SecretHash) -> ToSqlOutput<'_> {
    bytes(hash.as_bytes())
}

pub(crate) const fn integer(integer: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Integer(integer))
}

pub(crate) fn optional_integer(integer: Option<i64>) -> ToSqlOutput<'static> {
    integer.map_or(ToSqlOutput::Owned(Value::Null), self::integer)
}

/// The largest number that SQLite knows stands for everything above.
pub(crate) fn unsigned(number: u64) -> ToSqlOutput<'static> {
    integer(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(crate) fn flag(flag: bool) -> ToSqlOutput<'static> {
    integer(i64::from(flag))
}

pub(crate) const fn time(time: UnixMillis) -> ToSqlOutput<'static> {
    integer(time.millis())
}

pub(crate) fn optional_time(time: Option<UnixMillis>) -> ToSqlOutput<'static> {
    optional_integer(time.map(UnixMillis::millis))
}
