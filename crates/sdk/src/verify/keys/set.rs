//! A JWKS: which of its keys may verify a session token (RFC 7517 §4, §5; RFC 7518 §6.3.1).

use super::{
    super::strict_json,
    key::{KeyProblem, PublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1_024;
const MAX_KEYS: usize = 100;

/// Keys by their ids.
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
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    /// A private key that somebody published. Whoever read it can sign.
    d: Option<serde_json::Value>,
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
        let read = document.keys.iter().filter_map(|key| Jwk::deserialize(key).ok());
        let keys: Vec<(String, PublicKey)> = read
            .filter(|key| is_alone(&key.kid))
            .filter_map(|key| usable(&key).map(|usable| (key.kid, usable)))
            .collect();
        if keys.is_empty() {
            return Err("the JWKS has no RSA key of 2048 to 4096 bits with a `kid` for RS256 signatures");
        }
        Ok(Self { keys })
    }

    pub(crate) fn find(&self, key_id: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|(id, _)| id == key_id).map(|(_, key)| key)
    }
}

fn usable(key: &Jwk) -> Option<PublicKey> {
    let is_for_verifying = key.usage.as_deref().is_none_or(|usage| usage == "sig")
        && key.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|each| each == "verify"))
        && key.alg.as_deref().is_none_or(|algorithm| algorithm == "RS256");
    if key.kty != "RSA" || key.kid.is_empty() || key.d.is_some() || !is_for_verifying {
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
        ];
        for other in others {
            let set = set(&[key("good", ""), key("other", other)]).unwrap();
            assert!(set.find("good").is_some() && set.find("other").is_none(), "{other}");
        }
        for other in [r#"{"kty":"oct","kid":"other","k":"AQAB"}"#, "1", "null", "{}", r#"{"kty":"RSA"}"#] {
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
    fn a_document_without_a_usable_key_is_no_document() {
        let long = key("a", &format!(r#","x":"{}""#, "x".repeat(MAX_DOCUMENT_BYTES)));
        let many: Vec<String> = (0..101).map(|number| key(&number.to_string(), "")).collect();
        for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(KeySet::parse(document).is_err(), "{document}");
        }
        assert!(set(&[long]).is_err() && set(&many).is_err());
        let repeated = key("a", r#","n":"AQAB""#);
        assert!(set(&[repeated]).is_err());
    }
}
