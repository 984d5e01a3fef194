//! One row of an import: the JSON that is sent, or why it is not.

use super::refusal::Refusal;
use actas_domain::{ids::UserId, ports::Entropy, time::UnixMillis};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

/// A row at its line of the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    /// The text of a JSON object, on one line.
    pub(super) content: Result<Text, Refusal>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) json: String,
    /// As far as the row has one that is text.
    pub(super) id: Option<String>,
}

impl Text {
    /// Takes a row without white space around it. One that has no id gets one, always the same: sent again after an
    /// interruption, it makes no second user.
    pub(super) fn with_id(json: String, import: &Import, line: u64) -> Self {
        let members = json.strip_prefix('{');
        let read =
            members.and_then(|members| Some((members, serde_json::from_str::<IdOnly<'_>>(&json).ok()?)));
        // What cannot be read here cannot be read by the server, which says why.
        let Some((members, read)) = read else { return Self { json, id: None } };
        match read.id.map(RawValue::get) {
            Some("null") => {
                let (id, place) = (import.id_of(line, &json), read.id.map_or(0, |id| place(&json, id.get())));
                let json = format!("{}\"{id}\"{}", &json[..place], &json[place + "null".len()..]);
                Self { json, id: Some(id.to_string()) }
            }
            Some(given) => {
                let id = serde_json::from_str::<Cow<'_, str>>(given).ok().map(Cow::into_owned);
                Self { json, id }
            }
            None => {
                let id = import.id_of(line, &json);
                let comma = if members.trim_ascii_start() == "}" { "" } else { "," };
                let json = format!("{{\"id\":\"{id}\"{comma}{members}");
                Self { json, id: Some(id.to_string()) }
            }
        }
    }
}

/// Where a part of the text begins in it.
fn place(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

#[derive(Deserialize)]
struct IdOnly<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

/// `null` counts as present: it must give way to an id, and not stand beside one.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// What the ids of an import are made from.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// 32 lowercase hexadecimal digits that no other import has.
    pub(super) id: String,
    pub(super) started_at: UnixMillis,
}

impl Import {
    /// In the form of ids that the server makes. They sort by their lines, so that rows land side by side.
    fn id_of(&self, line: u64, json: &str) -> UserId {
        let digest = Sha256::new()
            .chain_update(b"actas users import\0")
            .chain_update(&self.id)
            .chain_update(line.to_be_bytes())
            .chain_update(json)
            .finalize();
        let mut bytes = [0; 16];
        bytes[..5].copy_from_slice(&line.to_be_bytes()[3..]);
        bytes[5..].copy_from_slice(&digest[..11]);
        UserId::mint(self.started_at, &Determined(bytes))
    }
}

/// Entropy that was drawn already.
struct Determined([u8; 16]);

impl Entropy for Determined {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, determined) in bytes.iter_mut().zip(self.0) {
            *byte = determined;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import() -> Import {
        Import { id: "0".repeat(32), started_at: UnixMillis::from_seconds(1_700_000_000) }
    }

    fn text(json: &str) -> Text {
        Text::with_id(json.trim().to_owned(), &import(), 7)
    }

    #[test]
    fn a_row_that_brings_an_id_is_sent_as_it_is() {
        for json in
            [r#"{"id":"a"}"#, r#"{ "name": {"id":null}, "id" : "b" }"#, r#"{"id":"\u0061"}"#, r#"{"id":7}"#]
        {
            assert_eq!(text(json).json, json);
        }
        assert_eq!(text(r#"{"id":"\u0061"}"#).id.as_deref(), Some("a"));
        assert_eq!(text(r#"{"id":7}"#).id, None);
    }

    #[test]
    fn a_row_without_an_id_gets_the_same_each_time() {
        for json in
            [r#"{}"#, r#" { } "#, r#"{"a":{"id":"x"}}"#, r#"{"a":"{","id":null,"b":1.0}"#, r#"{"id":null}"#]
        {
            let row = text(json);
            let id = row.id.clone().unwrap();
            assert!(id.starts_with("user_") && id.len() == 32, "{id}");
            let read: serde_json::Value = serde_json::from_str(&row.json).unwrap();
            assert_eq!(read["id"], id.as_str(), "{}", row.json);
            let mut given: serde_json::Value = serde_json::from_str(json).unwrap();
            given["id"] = id.into();
            assert_eq!(read, given);
            assert_eq!(row, text(json));
        }
        assert_eq!(text(r#"{"a":"{","id":null,"b":1.0}"#).json.matches("\"id\"").count(), 1);
    }

    #[test]
    fn another_line_row_or_import_makes_another_id_and_they_sort_by_line() {
        let id =
            |import: &Import, line: u64, json: &str| Text::with_id(json.to_owned(), import, line).id.unwrap();
        let other = Import { id: "1".repeat(32), ..import() };
        let ids = [
            id(&import(), 1, "{}"),
            id(&import(), 2, "{}"),
            id(&import(), 300, r#"{"username":"a"}"#),
            id(&import(), 70_000, r#"{"username":"b"}"#),
        ];
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        assert_ne!(id(&other, 1, "{}"), ids[0]);
        assert_ne!(id(&import(), 1, r#"{"username":"a"}"#), ids[0]);
    }

    #[test]
    fn what_cannot_be_read_is_for_the_server_to_refuse() {
        for json in ["{", "[1]", "[]", r#"{"id":"a","id":"b"}"#, "null", "7", "{}{}"] {
            let row = text(json);
            assert_eq!((row.json.as_str(), row.id), (json, None));
        }
    }
}
