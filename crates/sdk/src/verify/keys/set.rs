//! A JWKS: which of its keys may verify a session token (RFC 7517 §4, §5; RFC 7518 §6.3.1).

use super::{
    super::strict_json,
    key::{KeyProblem, PublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;

pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1_024;
const MAX_KEYS: usize = 100;

/// Members of a private key (RFC 7518 §6.3.2). Whoever read them can sign, so not even an empty one may be there.
const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Keys by their ids. There may be none: then no token is accepted.
#[derive(Debug)]
pub(crate) struct KeySet {
    keys: Vec<(String, PublicKey)>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    #[serde(default, rename = "use", deserialize_with = "present")]
    usage: Option<String>,
    #[serde(default, deserialize_with = "present")]
    key_ops: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    alg: Option<String>,
}

/// A member that is there has a value: `null` is not the same as absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl KeySet {
    /// The usable keys of a document. A key that is for something else, or of another kind, is passed over (RFC 7517 §5).
    pub(crate) fn parse(json: &str) -> Result<Self, KeyProblem> {
        if json.len() > MAX_DOCUMENT_BYTES {
            return Err("the JWKS is larger than 256 KiB");
        }
        let document = strict_json::check(json).and_then(|()| serde_json::from_str::<Document>(json));
        let document = document.map_err(|_| "this is no JWKS: a JSON object with the array `keys`")?;
        if document.keys.len() > MAX_KEYS {
            return Err("the JWKS has more than 100 keys");
        }
        let ids: Vec<&str> = document.keys.iter().filter_map(|key| key.get("kid")?.as_str()).collect();
        // Of two keys with one id nobody can say which is meant, so neither is used.
        let is_alone = |id: &str| ids.iter().filter(|other| **other == id).count() == 1;
        let public = document.keys.iter().filter(|key| !has_private_members(key));
        let read = public.filter_map(|key| Jwk::deserialize(key).ok());
        let keys = read
            .filter(|key| is_alone(&key.kid))
            .filter_map(|key| usable(&key).map(|usable| (key.kid, usable)))
            .collect();
        Ok(Self { keys })
    }

    /// The same for keys that are never fetched again: without a usable one they are a mistake.
    pub(crate) fn parse_usable(json: &str) -> Result<Self, KeyProblem> {
        let set = Self::parse(json)?;
        if set.keys.is_empty() {
            return Err("the JWKS has no RSA key of 2048 to 4096 bits with a `kid` for RS256 signatures");
        }
        Ok(set)
    }

    pub(crate) fn find(&self, key_id: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|(id, _)| id == key_id).map(|(_, key)| key)
    }
}

fn has_private_members(key: &serde_json::Value) -> bool {
    PRIVATE_MEMBERS.iter().any(|name| key.get(name).is_some())
}

/// `verify` is among them, and none is there twice (RFC 7517 §4.3).
fn are_for_verifying(operations: &[String]) -> bool {
    let distinct: HashSet<&str> = operations.iter().map(String::as_str).collect();
    distinct.contains("verify") && distinct.len() == operations.len()
}

fn usable(key: &Jwk) -> Option<PublicKey> {
    let is_for_verifying = key.usage.as_deref().is_none_or(|usage| usage == "sig")
        && key.key_ops.as_deref().is_none_or(are_for_verifying)
        && key.alg.as_deref().is_none_or(|algorithm| algorithm == "RS256");
    if key.kty != "RSA" || key.kid.is_empty() || !is_for_verifying {
        return None;
    }
    let modulus = URL_SAFE_NO_PAD.decode(&key.n).ok()?;
    let exponent = URL_SAFE_NO_PAD.decode(&key.e).ok()?;
    PublicKey::from_components(&modulus, &exponent).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, more: &str) -> String {
        let modulus = URL_SAFE_NO_PAD.encode([0xff; 256]);
        format!(r#"{{"kty":"RSA","kid":"{id}","n":"{modulus}","e":"AQAB"{more}}}"#)
    }

    fn set(keys: &[String]) -> Result<KeySet, KeyProblem> {
        KeySet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
    }

    #[test]
    fn a_key_is_found_by_its_id_alone() {
        let set =
            set(&[key("a", ""), key("b", r#","use":"sig","alg":"RS256","key_ops":["verify"]"#)]).unwrap();
        assert!(set.find("a").is_some() && set.find("b").is_some());
        assert!(set.find("").is_none() && set.find("c").is_none());
    }

    #[test]
    fn keys_for_something_else_are_passed_over() {
        let others = [
            r#","use":"enc""#,
            r#","alg":"RS384""#,
            r#","alg":"PS256""#,
            r#","alg":"HS256""#,
            r#","key_ops":["sign"]"#,
            r#","d":"AQAB""#,
            r#","use":1"#,
            r#","use":null"#,
            r#","alg":null"#,
            r#","key_ops":null"#,
            r#","key_ops":["verify","verify"]"#,
            r#","key_ops":["sign","sign","verify"]"#,
            r#","d":null"#,
            r#","p":"AQAB""#,
            r#","oth":null"#,
        ];
        for other in others {
            let set = set(&[key("good", ""), key("other", other)]).unwrap();
            assert!(set.find("good").is_some() && set.find("other").is_none(), "{other}");
        }
        for other in [
            r#"{"kty":"oct","kid":"other","k":"AQAB"}"#,
            r#"{"kid":1}"#,
            "1",
            "null",
            "{}",
            r#"{"kty":"RSA"}"#,
        ] {
            assert!(set(&[key("good", ""), other.to_owned()]).unwrap().find("other").is_none(), "{other}");
        }
    }

    #[test]
    fn of_two_keys_with_one_id_neither_is_used() {
        for other in [key("a", r#","use":"enc""#), r#"{"kty":"oct","kid":"a","k":"AQAB"}"#.to_owned()] {
            let set = set(&[key("a", ""), key("b", ""), other]).unwrap();
            assert!(set.find("a").is_none() && set.find("b").is_some());
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let long = key("a", &format!(r#","x":"{}""#, "x".repeat(MAX_DOCUMENT_BYTES)));
        let many: Vec<String> = (0..101).map(|number| key(&number.to_string(), "")).collect();
        for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(KeySet::parse(document).is_err(), "{document}");
        }
        assert!(set(&[long]).is_err() && set(&many).is_err());
        let repeated = key("a", r#","n":"AQAB""#);
        assert!(set(&[repeated]).is_err());
    }

    #[test]
    fn a_document_may_have_no_usable_key_where_it_can_be_fetched_again() {
        for document in [r#"{"keys":[]}"#, r#"{"keys":[{"kty":"EC","kid":"a"}]}"#] {
            assert!(KeySet::parse(document).unwrap().find("a").is_none(), "{document}");
            assert!(KeySet::parse_usable(document).unwrap_err().contains("no RSA key"), "{document}");
        }
        assert!(KeySet::parse_usable(&format!(r#"{{"keys":[{}]}}"#, key("a", ""))).is_ok());
    }
}
