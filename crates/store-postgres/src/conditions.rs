//! Conditions of a query, built from fixed text; whatever a caller gives is bound, never written into the text.

use crate::bind::Value;
use std::fmt::Write as _;

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
        let mut numbered = String::with_capacity(condition.len() + 4);
        let mut values = values.into_iter();
        for part in condition.split_inclusive('?') {
            match part.strip_suffix('?') {
                Some(before) => {
                    numbered.push_str(before);
                    numbered.push_str(&self.bind(values.next()));
                }
                None => numbered.push_str(part),
            }
        }
        debug_assert!(values.next().is_none(), "{condition}");
        self.and(&numbered);
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The place of one more value, `$7`.
    pub(crate) fn bind(&mut self, value: Option<Value>) -> String {
        debug_assert!(value.is_some(), "{}", self.text);
        self.values.extend(value);
        let mut place = String::new();
        // Writing to a string cannot fail.
        let _ = write!(place, "${}", self.values.len());
        place
    }

    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }
}
