//! The columns of a table, and the statements that follow from them: many rows in one statement each.

use crate::bind::{self, Query, Value};
use std::fmt::Write as _;

pub(crate) struct Shape {
    pub(crate) table: &'static str,
    /// Names and types, the key's first.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// How many of them are the primary key.
    pub(crate) key: usize,
}

impl Shape {
    /// Stores rows, each in the place of the one with its key; none for no rows.
    pub(crate) fn put(&self, rows: Vec<Vec<Value>>) -> Option<Query> {
        if rows.is_empty() {
            return None;
        }
        let (keys, others) = self.columns.split_at(self.key);
        let names = |columns: &[(&'static str, &'static str)]| {
            columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        };
        let set: Vec<_> = others.iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        let mut sql = self.insert_text();
        // Writing to a string cannot fail.
        let _ = write!(sql, " ON CONFLICT ({}) DO UPDATE SET {}", names(keys), set.join(", "));
        Some(Query::new(sql, bind::columns(rows)))
    }

    /// Stores rows of which none may be there; none for no rows.
    pub(crate) fn add(&self, rows: Vec<Vec<Value>>) -> Option<Query> {
        (!rows.is_empty()).then(|| Query::new(self.insert_text(), bind::columns(rows)))
    }

    /// Removes the rows with these keys, which are texts; none for no keys.
    pub(crate) fn remove<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Option<Query> {
        let mut keys = keys.peekable();
        keys.peek()?;
        let sql = format!("DELETE FROM {} WHERE {} = ANY($1)", self.table, self.columns[0].0);
        Some(Query::new(sql, vec![bind::texts(keys)]))
    }

    fn insert_text(&self) -> String {
        insert_text(self.table, self.columns)
    }
}

/// Stores rows of which none may be there: as many as the lists of columns are long.
pub(crate) fn insert_text(table: &str, columns: &[(&str, &str)]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let lists: Vec<_> =
        columns.iter().zip(1..).map(|((_, kind), place)| format!("${place}::{kind}[]")).collect();
    format!("INSERT INTO {table} ({}) SELECT * FROM unnest({})", names.join(", "), lists.join(", "))
}
