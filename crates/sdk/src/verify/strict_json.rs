//! JSON read as a signature deserves: one pass, no member twice in an object at any depth, bounded depth.
//!
//! Parsers differ in which of two equal members they believe, and a token must not mean two things (RFC 8259 §4, RFC
//! 7519 §4).

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{borrow::Cow, collections::HashSet, fmt};

/// How deep objects and arrays may be nested.
pub(super) const MAX_DEPTH: usize = 64;

/// So many names are compared one by one, which for the few of a token is faster than hashing them.
const FEW: usize = 16;

/// Is it JSON, and is no member of it there twice?
pub(super) fn check(text: &str) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Unambiguous::at(1).deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The names that an object has had so far.
#[derive(Default)]
pub(super) struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    /// `map` is the object's: the next name, which must be a new one.
    pub(super) fn next<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<Option<&str>, A::Error> {
        let Some(Text(name)) = map.next_key_seed(TextSeed)? else {
            return Ok(None);
        };
        if self.few.contains(&name) || self.many.contains(&name) {
            return Err(A::Error::custom("a member is there twice"));
        }
        if self.few.len() == FEW {
            self.many.extend(self.few.drain(..));
        }
        if self.few.is_empty() {
            self.few.reserve_exact(FEW);
        }
        self.few.push(name);
        Ok(self.few.last().map(AsRef::as_ref))
    }
}

/// A string, borrowed where it has no escapes.
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

/// Reads a [`Text`].
pub(super) struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// Any value, read only to see that it is unambiguous.
#[derive(Clone, Copy)]
pub(super) struct Unambiguous {
    depth: usize,
}

impl Unambiguous {
    /// `depth`: how many objects and arrays the value is in, itself counted.
    pub(super) const fn at(depth: usize) -> Self {
        Self { depth }
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth > MAX_DEPTH {
            return Err(E::custom("it is nested too deep"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Unambiguous {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while sequence.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut names = Names::default();
        while names.next(&mut map)?.is_some() {
            map.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once_is_fine() {
        for text in ["{}", "[]", "1", "null", r#"{"a":{"a":[1,{"a":2}]},"b":"a"}"#, r#" {"a" : 1.5e3 } "#] {
            assert!(check(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_name_twice_is_not_however_it_is_written_and_however_deep() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":[{"c":{"a":1,"b":2,"a":3}}]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn among_many_names_too() {
        let members: Vec<String> = (0..100).map(|number| format!(r#""n{number}":0"#)).collect();
        assert!(check(&format!("{{{}}}", members.join(","))).is_ok());
        for again in [0, 15, 16, 17, 99] {
            let text = format!(r#"{{{},"n{again}":1}}"#, members.join(","));
            assert!(check(&text).is_err(), "{again}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(MAX_DEPTH)).is_ok());
        assert!(check(&nested(MAX_DEPTH + 1)).is_err());
        assert!(check(&nested(100_000)).is_err());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "{}x", "{'a':1}", "{a:1}", "[1,]", "01", "\u{feff}{}", "NaN", "\"\\ud800\""] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
