//! Snapshots that stay the same: ids, secrets and times are checked for their form and replaced by words.

use actas_domain::testing::rows::START;
use serde_json::{Map, Value};

/// Prefixes of minted ids, and how many characters follow.
const IDS: &[&str] = &["act", "client", "idn", "ins", "key", "sess", "sia", "sit", "user"];
const ID_LENGTH: usize = 27;
/// Prefixes of secrets.
const SECRETS: &[&str] = &["acttkt", "sittkt", "actcli"];
const SECRET_LENGTH: usize = 76;

/// The value with words in brackets for what differs from run to run.
pub(crate) fn shown(value: Value) -> Value {
    member("", value)
}

fn member(name: &str, value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.clone(), member(&name, value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.into_iter().map(|item| member(name, item)).collect(),
        Value::Number(number) if name == "at" || name.ends_with("_at") => {
            time(number.as_i64().unwrap_or_else(|| panic!("{name} is no integer: {number}"))).into()
        }
        Value::String(text) if name == "n" => {
            assert_eq!(text.len(), 342, "the modulus of RSA-2048 is 256 bytes: {text}");
            "[modulus]".into()
        }
        Value::String(text) => self::text(&text).into(),
        other => other,
    }
}

/// `[start]`, `[start+5s]`, and other times as they are.
fn time(millis: i64) -> String {
    match millis - START.millis() {
        0 => "[start]".to_owned(),
        since if since % 1_000 == 0 && since.abs() < 1_000_000_000_000 => {
            format!("[start{:+}s]", since / 1_000)
        }
        _ => format!("[{millis}]"),
    }
}

fn text(text: &str) -> String {
    if is_jwt(text) {
        return "[jwt]".to_owned();
    }
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|character| !is_word(character)).unwrap_or(from.len()));
        shown.push_str(before);
        shown.push_str(&self::word(word));
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn word(word: &str) -> String {
    let is_hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if word.len() == 32 && word.bytes().all(is_hexadecimal) {
        return "[trace]".to_owned();
    }
    match word.split_once('_') {
        Some((prefix, rest)) if IDS.contains(&prefix) && rest.len() == ID_LENGTH => format!("[{prefix}]"),
        Some((prefix, rest)) if SECRETS.contains(&prefix) && rest.len() == SECRET_LENGTH => {
            format!("[{prefix}]")
        }
        _ => word.to_owned(),
    }
}

fn is_jwt(text: &str) -> bool {
    let is_part = |part: &str| {
        part.len() > 20
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.split('.').count() == 3 && text.split('.').all(is_part)
}
