//! Values as PostgreSQL takes them, and statements with theirs.

use actas_domain::{secret::SecretHash, time::UnixMillis};
use bytes::BytesMut;
use std::{borrow::Cow, error::Error, fmt};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// PostgreSQL's text has no U+0000, so it is kept as two of these; one of these by itself is kept as this and
/// [`NOT_NUL`]. Nothing else is touched, so two texts are the same where they are kept as the same.
const ESCAPE: char = '\u{1}';
const NOT_NUL: char = '\u{2}';

/// One value. Its `Debug` shows none, for it may be a hash or somebody's.
#[derive(Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Flag(Option<bool>),
    Bytes(Option<Vec<u8>>),
    Texts(Vec<Option<String>>),
    Integers(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
    AllBytes(Vec<Option<Vec<u8>>>),
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Value(…)")
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Text(value) => value.to_sql(kind, out),
            Self::Integer(value) => value.to_sql(kind, out),
            Self::Flag(value) => value.to_sql(kind, out),
            Self::Bytes(value) => value.to_sql(kind, out),
            Self::Texts(values) => values.to_sql(kind, out),
            Self::Integers(values) => values.to_sql(kind, out),
            Self::Flags(values) => values.to_sql(kind, out),
            Self::AllBytes(values) => values.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        let known = [
            Type::TEXT,
            Type::INT8,
            Type::BOOL,
            Type::BYTEA,
            Type::TEXT_ARRAY,
            Type::INT8_ARRAY,
            Type::BOOL_ARRAY,
            Type::BYTEA_ARRAY,
        ];
        known.contains(kind)
    }

    to_sql_checked!();
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(Some(escaped(text)))
}

pub(crate) fn optional_text(text: Option<&str>) -> Value {
    Value::Text(text.map(escaped))
}

/// A list of texts, for `= ANY`.
pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    Value::Texts(texts.into_iter().map(|text| Some(escaped(text))).collect())
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(Some(bytes.to_vec()))
}

pub(crate) fn hash(hash: &SecretHash) -> Value {
    bytes(hash.as_bytes())
}

pub(crate) const fn integer(integer: i64) -> Value {
    Value::Integer(Some(integer))
}

pub(crate) const fn optional_integer(integer: Option<i64>) -> Value {
    Value::Integer(integer)
}

/// The largest number that PostgreSQL knows stands for everything above.
pub(crate) fn unsigned(number: u64) -> Value {
    integer(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(crate) const fn flag(flag: bool) -> Value {
    Value::Flag(Some(flag))
}

pub(crate) const fn time(time: UnixMillis) -> Value {
    integer(time.millis())
}

pub(crate) fn optional_time(time: Option<UnixMillis>) -> Value {
    optional_integer(time.map(UnixMillis::millis))
}

/// The columns of rows, each as one list of all rows' values.
pub(crate) fn columns(rows: Vec<Vec<Value>>) -> Vec<Value> {
    let mut columns: Vec<Value> = Vec::new();
    for row in rows {
        if columns.is_empty() {
            columns.extend(row.iter().map(empty_list));
        }
        for (column, value) in columns.iter_mut().zip(row) {
            match (column, value) {
                (Value::Texts(list), Value::Text(value)) => list.push(value),
                (Value::Integers(list), Value::Integer(value)) => list.push(value),
                (Value::Flags(list), Value::Flag(value)) => list.push(value),
                (Value::AllBytes(list), Value::Bytes(value)) => list.push(value),
                _ => debug_assert!(false, "a column has values of two types"),
            }
        }
    }
    columns
}

const fn empty_list(value: &Value) -> Value {
    match value {
        Value::Text(_) | Value::Texts(_) => Value::Texts(Vec::new()),
        Value::Integer(_) | Value::Integers(_) => Value::Integers(Vec::new()),
        Value::Flag(_) | Value::Flags(_) => Value::Flags(Vec::new()),
        Value::Bytes(_) | Value::AllBytes(_) => Value::AllBytes(Vec::new()),
    }
}

/// A statement and the values bound in it.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

impl Query {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>, values: Vec<Value>) -> Self {
        Self { sql: sql.into(), values }
    }

    pub(crate) fn plain(sql: &'static str) -> Self {
        Self::new(sql, Vec::new())
    }
}

/// As it is kept.
pub(crate) fn escaped(text: &str) -> String {
    if !text.contains(['\0', ESCAPE]) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        match character {
            '\0' => kept.extend([ESCAPE, ESCAPE]),
            ESCAPE => kept.extend([ESCAPE, NOT_NUL]),
            other => kept.push(other),
        }
    }
    kept
}

/// As it was before it was kept; `None` for what was never kept by [`escaped`].
pub(crate) fn unescaped(kept: &str) -> Option<Cow<'_, str>> {
    if !kept.contains(ESCAPE) {
        return Some(Cow::Borrowed(kept));
    }
    let mut text = String::with_capacity(kept.len());
    let mut characters = kept.chars();
    while let Some(character) = characters.next() {
        text.push(match (character, character == ESCAPE) {
            (other, false) => other,
            (_, true) => match characters.next()? {
                ESCAPE => '\0',
                NOT_NUL => ESCAPE,
                _ => return None,
            },
        });
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_kept_and_comes_back() {
        for text in ["", "plain", "\0", "\u{1}", "\u{1}\u{2}", "a\0\u{1}b\u{1}\u{1}\0", "ä\u{2}"] {
            let kept = escaped(text);
            assert!(!kept.contains('\0'), "{text:?}");
            assert_eq!(unescaped(&kept).as_deref(), Some(text));
        }
        assert_eq!(unescaped("\u{1}x"), None);
        assert_eq!(unescaped("\u{1}"), None);
    }

    #[test]
    fn rows_become_columns() {
        let columns = columns(vec![vec![text("a"), integer(1)], vec![text("b"), optional_integer(None)]]);
        let [Value::Texts(texts), Value::Integers(integers)] = columns.as_slice() else {
            panic!("{columns:?}")
        };
        assert_eq!(texts, &[Some("a".to_owned()), Some("b".to_owned())]);
        assert_eq!(integers, &[Some(1), None]);
    }

    #[test]
    fn a_value_is_never_shown() {
        assert_eq!(format!("{:?}", text("secret")), "Value(…)");
    }
}
