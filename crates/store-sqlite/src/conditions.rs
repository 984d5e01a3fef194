//! Conditions of a query, built from fixed text; whatever a caller gives is bound, never written into the text.

use rusqlite::{ToSql, types::Value};

/// ` WHERE …` and the values bound in it.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    /// One more condition that must hold, without a value.
    pub(crate) fn and(&mut self, condition: &str) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(condition);
    }

    /// One more condition, with a value for each of its question marks.
    pub(crate) fn and_with(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.and(condition);
        self.values.extend(values);
        debug_assert_eq!(self.text.matches('?').count(), self.values.len(), "{condition}");
    }

    /// The condition that `before` and `after` stand around a list of so many values.
    pub(crate) fn and_among(&mut self, before: &str, values: &[String], after: &str) {
        let marks = vec!["?"; values.len()].join(", ");
        self.and_with(&format!("{before} ({marks}){after}"), values.iter().cloned().map(Value::from));
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bound values, followed by these.
    pub(crate) fn values_and(&self, more: &[Value]) -> Vec<Value> {
        self.values.iter().chain(more).cloned().collect()
    }
}

/// A text to bind.
pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// The values as `rusqlite` takes them.
pub(crate) fn bound(values: &[Value]) -> impl rusqlite::Params + '_ {
    rusqlite::params_from_iter(values.iter().map(|value| value as &dyn ToSql))
}
