//! Merging one JSON object into another, as RFC 7396 says, without a change to anything else: the order of
//! members, the digits of numbers and the spelling of strings stay.

use crate::json::JsonObject;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{collections::HashMap, fmt};

/// Members of `patch` replace those of `kept` in their places, new ones follow in their order, a `null` removes its
/// member, and where both are objects they are merged likewise.
pub(super) fn merged(kept: &JsonObject, patch: &JsonObject) -> Result<JsonObject, serde_json::Error> {
    let mut text = String::with_capacity(kept.as_str().len() + patch.as_str().len());
    merge(kept.as_str(), patch.as_str(), &mut text)?;
    Ok(JsonObject::from_stored(text))
}

/// Writes the merged object; both texts are compact objects.
fn merge(kept: &str, patch: &str, text: &mut String) -> Result<(), serde_json::Error> {
    let kept: Members<'_> = serde_json::from_str(kept)?;
    let patch: Members<'_> = serde_json::from_str(patch)?;
    let mut given = HashMap::with_capacity(patch.0.len());
    for (name, value) in &patch.0 {
        given.insert(serde_json::from_str::<String>(name.get())?, *value);
    }
    text.push('{');
    for (name, value) in kept.0 {
        match given.remove(&serde_json::from_str::<String>(name.get())?) {
            None => push_member(name, value, text),
            Some(new) => merge_member(name, value.get(), new, text)?,
        }
    }
    for (name, new) in patch.0 {
        if given.contains_key(&serde_json::from_str::<String>(name.get())?) {
            merge_member(name, "null", new, text)?;
        }
    }
    text.push('}');
    Ok(())
}

/// One member that the patch names; `kept` is its value so far, `null` where there is none.
fn merge_member(
    name: &RawValue,
    kept: &str,
    new: &RawValue,
    text: &mut String,
) -> Result<(), serde_json::Error> {
    let is_object = |text: &str| text.starts_with('{');
    if new.get() == "null" {
        return Ok(());
    }
    if !is_object(new.get()) {
        push_member(name, new, text);
        return Ok(());
    }
    push_name(name, text);
    // Also where nothing is merged into: a `null` inside names what is not to be there.
    merge(if is_object(kept) { kept } else { "{}" }, new.get(), text)
}

fn push_member(name: &RawValue, value: &RawValue, text: &mut String) {
    push_name(name, text);
    text.push_str(value.get());
}

fn push_name(name: &RawValue, text: &mut String) {
    if !text.ends_with('{') {
        text.push(',');
    }
    text.push_str(name.get());
    text.push(':');
}

/// An object's members in their order, each name and value as written.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kept: &str, patch: &str, expected: &str) {
        let object = |text| JsonObject::parse(text).unwrap();
        let merged = merged(&object(kept), &object(patch)).unwrap();
        assert_eq!(merged.as_str(), expected, "{kept} and {patch}");
        assert!(JsonObject::parse(merged.as_str()).is_ok());
    }

    #[test]
    fn order_digits_and_spelling_stay() {
        check(
            r#"{"z":9007199254740993,"a":1.0,"s":"\u0041\/ \"}{","l":[1.50,null]}"#,
            r#"{"new":1E40,"a":-0.0}"#,
            r#"{"z":9007199254740993,"a":-0.0,"s":"\u0041\/ \"}{","l":[1.50,null],"new":1E40}"#,
        );
    }

    #[test]
    fn objects_merge_at_every_depth() {
        check(
            r#"{"a":{"b":{"c":1,"d":2},"e":3}}"#,
            r#"{"a":{"b":{"d":4,"f":5}}}"#,
            r#"{"a":{"b":{"c":1,"d":4,"f":5},"e":3}}"#,
        );
        check(r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, r#"{"a":{"b":1}}"#);
        check(r#"{"a":{"b":1}}"#, r#"{"a":[2]}"#, r#"{"a":[2]}"#);
        check(r#"{"a":[{"b":1}]}"#, r#"{"a":[{"c":null}]}"#, r#"{"a":[{"c":null}]}"#);
        check(r#"{"a":1}"#, r#"{"a":{"b":2}}"#, r#"{"a":{"b":2}}"#);
    }

    #[test]
    fn a_null_removes_its_member_at_every_depth() {
        check(r#"{"a":1,"b":2,"c":3}"#, r#"{"a":null,"c":null,"x":null}"#, r#"{"b":2}"#);
        check(r#"{"a":{"b":{"c":1},"d":2}}"#, r#"{"a":{"b":{"c":null}}}"#, r#"{"a":{"b":{},"d":2}}"#);
        check(r"{}", r#"{"a":{"b":null,"c":{"d":null,"e":1}}}"#, r#"{"a":{"c":{"e":1}}}"#);
        check(r#"{"a":1}"#, r#"{"a":null}"#, r"{}");
        check(r#"{"a":null}"#, r"{}", r#"{"a":null}"#);
    }

    #[test]
    fn a_name_is_the_same_in_any_spelling() {
        check(r#"{"\u0061":1,"b":2}"#, r#"{"a":3}"#, r#"{"\u0061":3,"b":2}"#);
        check(r#"{"":1,"é":2}"#, r#"{"":null,"\u00e9":null}"#, r"{}");
    }
}
