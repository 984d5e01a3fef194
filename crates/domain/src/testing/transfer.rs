//! Everything that a store could hold, also what no rule would let in: for proving that a transfer loses nothing.

use crate::transfer::{Column, Form, Kind, Row, Value};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

/// Rows of each kind, in the order of their keys.
pub type Contents = Vec<(Kind, Vec<Row>)>;

/// A few rows of every kind; one instance at most, and a record whose first entry may be any.
pub fn contents() -> impl Strategy<Value = Contents> {
    Kind::ALL.iter().map(|kind| rows(*kind).prop_map(|rows| (*kind, rows)).boxed()).collect::<Vec<_>>()
}

/// How far the record of these contents goes.
pub fn head(contents: &Contents) -> u64 {
    let record = contents.iter().find(|(kind, _)| *kind == Kind::AuditEntries);
    match record.and_then(|(_, rows)| rows.last()?.first()) {
        Some(Value::Integer(position)) => u64::try_from(*position).unwrap_or(0),
        _ => 0,
    }
}

fn rows(kind: Kind) -> BoxedStrategy<Vec<Row>> {
    let values: Vec<_> = kind.layout().columns.iter().map(value).collect();
    let rows_max = if kind == Kind::Instance { 1 } else { 12 };
    let rows = vec(values, 0..=rows_max).prop_map(move |rows: Vec<Row>| {
        let rows: BTreeMap<Row, Row> = rows.into_iter().map(|row| (kind.key(&row).to_vec(), row)).collect();
        rows.into_values().collect::<Vec<_>>()
    });
    if kind != Kind::AuditEntries {
        return rows.boxed();
    }
    let first = prop_oneof![Just(1), 1..1_000_i64, Just(i64::MAX - 100)];
    (first, rows)
        .prop_map(move |(first, rows)| {
            let placed = (first..).zip(rows).map(|(position, mut row)| {
                row[0] = Value::Integer(position);
                row
            });
            let mut placed: Vec<Row> = placed.collect();
            // One that does not begin with the first entry tells how far it was cut.
            let columns = kind.layout().columns;
            let told = columns.iter().position(|column| column.name == "purged_through");
            if let (Some(row), Some(told)) = (placed.last_mut(), told) {
                row[told] = Value::Integer(first - 1);
            }
            placed
        })
        .boxed()
}

fn value(column: &Column) -> BoxedStrategy<Value> {
    let value = match column.form {
        Form::Text => text().prop_map(Value::Text).boxed(),
        Form::Integer => prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0)]
            .prop_map(Value::Integer)
            .boxed(),
        Form::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
        Form::Bytes => vec(any::<u8>(), 0..40).prop_map(Value::Bytes).boxed(),
    };
    if column.optional { prop_oneof![Just(Value::Null), value].boxed() } else { value }
}

/// Any Unicode, and often what some database or other has no place for, or another order.
fn text() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just('\0'),
        Just('\u{1}'),
        Just('\u{2}'),
        Just('A'),
        Just('a'),
        Just('ä'),
        Just('\u{ffff}'),
        Just('\u{10ffff}')
    ];
    vec(prop_oneof![odd, any::<char>()], 0..8).prop_map(|characters| characters.into_iter().collect())
}
