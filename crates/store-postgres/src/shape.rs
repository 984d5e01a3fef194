//! The columns of a table, and the statements that follow from them: many rows in one statement each.

use crate::bind::{self, Query, Value};
use std::fmt::Write as _;

/// So many rows go in one statement. All of them together have one text, which is prepared once.
const ROWS_PER_STATEMENT: usize = 2_000;

pub(crate) struct Shape {
    pub(crate) table: &'static str,
    /// Names and types, the key's first.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// How many of them are the primary key.
    pub(crate) key: usize,
}

impl Shape {
    /// Stores rows, each in the place of the one with its key.
    pub(crate) fn put<'a>(
        &'static self,
        rows: impl Iterator<Item = Vec<Value>> + Send + 'a,
    ) -> impl Iterator<Item = Query> + Send + 'a {
        in_steps(|| self.put_text(), rows)
    }

    /// Stores rows of which none may be there.
    pub(crate) fn add<'a>(
        &'static self,
        rows: impl Iterator<Item = Vec<Value>> + Send + 'a,
    ) -> impl Iterator<Item = Query> + Send + 'a {
        in_steps(|| self.insert_text(), rows)
    }

    /// Removes the rows with these keys, which are texts; none for no keys.
    pub(crate) fn remove<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Option<Query> {
        let mut keys = keys.peekable();
        keys.peek()?;
        Some(self.remove_all(bind::texts(keys)))
    }

    /// Removes the rows with the keys of this list.
    pub(crate) fn remove_all(&self, keys: Value) -> Query {
        let sql = format!("DELETE FROM {} WHERE {} = ANY($1)", self.table, self.columns[0].0);
        Query::new(sql, vec![keys])
    }

    fn put_text(&self) -> String {
        let (keys, others) = self.columns.split_at(self.key);
        let names = |columns: &[(&'static str, &'static str)]| {
            columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        };
        let set: Vec<_> = others.iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        let mut sql = self.insert_text();
        // Writing to a string cannot fail.
        let _ = write!(sql, " ON CONFLICT ({}) DO UPDATE SET {}", names(keys), set.join(", "));
        sql
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

/// Statements of a bounded size each, made as they are taken.
pub(crate) fn in_steps<'a>(
    text: impl Fn() -> String + Send + 'a,
    mut rows: impl Iterator<Item = Vec<Value>> + Send + 'a,
) -> impl Iterator<Item = Query> + Send + 'a {
    std::iter::from_fn(move || {
        let step: Vec<_> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
        (!step.is_empty()).then(|| Query::new(text(), bind::columns(step)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { table: "notes", columns: &[("id", "bigint"), ("at", "bigint")], key: 1 };

    #[test]
    fn many_rows_go_in_statements_of_one_text_and_a_bounded_size() {
        static NOTES: Shape = SHAPE;
        let rows = (0..5_000).map(|number| vec![bind::integer(number), bind::integer(0)]);
        let mut lengths = Vec::new();
        for query in NOTES.put(rows) {
            assert!(query.sql.starts_with("INSERT INTO notes (id, at)"), "{}", query.sql);
            let [Value::Integers(ids), _] = query.values.as_slice() else { panic!("{query:?}") };
            lengths.push(ids.len());
        }
        assert_eq!(lengths, [2_000, 2_000, 1_000]);
        assert_eq!(NOTES.add(std::iter::empty()).count(), 0);
    }
}
