//! JSON that is kept to the letter: member order, number digits and escapes survive.
//!
//! White space between tokens is the only thing dropped. A repeated member, at any depth, is refused, because two
//! readers of such an object may see two different objects.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::{collections::HashSet, fmt};

/// The deepest nesting of objects and arrays, the outermost counted as one.
pub const MAX_DEPTH: usize = 32;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonRefusal {
    #[error("the text is not JSON")]
    Malformed,
    #[error("the text is JSON, but no object")]
    NotAnObject,
    /// The dotted path of the member that stands there twice.
    #[error("the member {0} is repeated")]
    Repeated(String),
    #[error("objects and arrays are nested deeper than {MAX_DEPTH}")]
    TooDeep,
}

/// The compact text of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonObject(Box<str>);

impl JsonObject {
    pub fn parse(text: &str) -> Result<Self, JsonRefusal> {
        check(text)?;
        if !text.trim_start().starts_with('{') {
            return Err(JsonRefusal::NotAnObject);
        }
        Ok(Self(compact(text)))
    }

    /// `{}`
    pub fn empty() -> Self {
        Self("{}".into())
    }

    /// Takes a text that [`JsonObject::as_str`] gave before, for a store that reads back what it wrote.
    pub fn from_stored(text: String) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for JsonObject {
    fn default() -> Self {
        Self::empty()
    }
}

/// Refuses what is no JSON, is nested too deep, or repeats a member.
pub fn check(text: &str) -> Result<(), JsonRefusal> {
    let mut found = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walked = Walk { path: String::new(), depth: 0, found: &mut found }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (walked, found) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(refusal)) => Err(refusal),
        (Err(_), None) => Err(JsonRefusal::Malformed),
    }
}

/// The same JSON without white space between its tokens. The text must be JSON.
fn compact(text: &str) -> Box<str> {
    let mut kept = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in text.chars() {
        if in_string {
            kept.push(character);
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else if !matches!(character, ' ' | '\t' | '\n' | '\r') {
            in_string = character == '"';
            kept.push(character);
        }
    }
    kept.into()
}

struct Walk<'a> {
    path: String,
    depth: usize,
    found: &'a mut Option<JsonRefusal>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let depth = self.deeper::<A::Error>()?;
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", self.path) };
            if !seen.insert(name) {
                *self.found = Some(JsonRefusal::Repeated(path));
                return Err(A::Error::custom("repeated member"));
            }
            map.next_value_seed(Walk { path, depth, found: &mut *self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<(), A::Error> {
        let depth = self.deeper::<A::Error>()?;
        let mut more = true;
        while more {
            let walk = Walk { path: self.path.clone(), depth, found: &mut *self.found };
            more = sequence.next_element_seed(walk)?.is_some();
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

impl Walk<'_> {
    fn deeper<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        *self.found = Some(JsonRefusal::TooDeep);
        Err(E::custom("too deep"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_digits_and_escapes_survive() {
        let text =
            "{ \"z\" : 9007199254740993 ,\n\"a\":1.0, \"s\":\"a b \\u0041 \\\" \\\\\" , \"n\":[ 1 , null ] }";
        let object = JsonObject::parse(text).unwrap();
        assert_eq!(object.as_str(), r#"{"z":9007199254740993,"a":1.0,"s":"a b \u0041 \" \\","n":[1,null]}"#);
    }

    #[test]
    fn a_repeated_member_is_refused_at_any_depth_and_in_any_spelling() {
        let refused = |text| JsonObject::parse(text).unwrap_err();
        assert_eq!(refused(r#"{"a":1,"a":2}"#), JsonRefusal::Repeated("a".into()));
        assert_eq!(refused(r#"{"a":1,"\u0061":2}"#), JsonRefusal::Repeated("a".into()));
        assert_eq!(refused(r#"{"x":[{"y":{"b":1,"b":1}}]}"#), JsonRefusal::Repeated("x.y.b".into()));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "{", "{}{}", "{\"a\":}", "\u{feff}{}", "{\"s\":\"\\ud800\"}", "{\"a\":NaN}"] {
            assert_eq!(JsonObject::parse(text).unwrap_err(), JsonRefusal::Malformed, "{text:?}");
        }
        for text in ["[]", "null", "\"x\"", "1"] {
            assert_eq!(JsonObject::parse(text).unwrap_err(), JsonRefusal::NotAnObject, "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(JsonObject::parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(JsonObject::parse(&nested(MAX_DEPTH + 1)).unwrap_err(), JsonRefusal::TooDeep);
        assert!(JsonObject::parse(&nested(100_000)).is_err());
    }
}
