//! The corpus: tokens by family, each with a name, a time and what the verifiers are told.

mod algorithms;
mod altered;
mod claims;
mod form;
mod headers;
mod key_sets;
mod rules;
mod times;
mod valid;

use crate::keys::Keys;
use serde::Serialize;

/// The time at which most tokens are judged, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://clerk.example.com";
pub(crate) const APP: &str = "https://app.example.com";

/// What both verifiers are told. An empty list asks for nothing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setting {
    /// The name of a set of keys, or of a key in PEM, which begins with `pem`.
    pub(crate) keys: &'static str,
    pub(crate) audiences: Vec<&'static str>,
    pub(crate) authorized_parties: Vec<&'static str>,
    pub(crate) issuers: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) now_millis: i64,
    pub(crate) setting: Setting,
}

/// The cases so far, and the keys that they are made with.
pub(crate) struct Corpus<'k> {
    pub(crate) keys: &'k Keys,
    cases: Vec<Case>,
}

impl Setting {
    /// A set of keys, one party, one issuer.
    pub(crate) fn usual() -> Self {
        Self { keys: "jwks", audiences: Vec::new(), authorized_parties: vec![APP], issuers: vec![ISSUER] }
    }

    /// The keys alone.
    pub(crate) fn bare() -> Self {
        Self { authorized_parties: Vec::new(), issuers: Vec::new(), ..Self::usual() }
    }

    pub(crate) fn with_keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }
}

impl Corpus<'_> {
    pub(crate) fn add(&mut self, name: impl Into<String>, token: String) {
        self.add_with(name, token, Setting::usual());
    }

    pub(crate) fn add_with(&mut self, name: impl Into<String>, token: String, setting: Setting) {
        self.cases.push(Case { name: name.into(), token, now_millis: NOW * 1_000, setting });
    }

    pub(crate) fn add_at(&mut self, name: impl Into<String>, token: String, now_millis: i64) {
        self.cases.push(Case { name: name.into(), token, now_millis, setting: Setting::usual() });
    }
}

/// All cases, always the same ones in the same order; only the keys differ.
pub(crate) fn make(keys: &Keys) -> Result<Vec<Case>, String> {
    let mut corpus = Corpus { keys, cases: Vec::new() };
    valid::add(&mut corpus)?;
    altered::add(&mut corpus)?;
    algorithms::add(&mut corpus)?;
    key_sets::add(&mut corpus)?;
    form::add(&mut corpus)?;
    headers::add(&mut corpus)?;
    claims::add(&mut corpus)?;
    times::add(&mut corpus)?;
    rules::add(&mut corpus)?;
    Ok(corpus.cases)
}

/// The claims of a session token as Actas writes them, with more members at the end.
pub(crate) fn claims_with(more: &str) -> String {
    let (issued, expires, from) = (NOW, NOW + 60, NOW - 10);
    format!(
        r#"{{"azp":"{APP}","exp":{expires},"fva":[5,-1],"iat":{issued},"iss":"{ISSUER}","jti":"0123","nbf":{from},"sid":"sess_1","sts":"active","sub":"user_bob","v":2{more}}}"#
    )
}

pub(crate) fn good_claims() -> String {
    claims_with("")
}

/// The good claims with the value of one replaced (it then comes first), or without it.
pub(crate) fn replaced(name: &str, value: Option<&str>) -> Result<String, String> {
    let read: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&good_claims()).map_err(|error| error.to_string())?;
    let kept = read.iter().filter(|(key, _)| *key != name).map(|(key, value)| format!(r#""{key}":{value}"#));
    let first = value.map(|value| format!(r#""{name}":{value}"#));
    let members: Vec<String> = first.into_iter().chain(kept).collect();
    Ok(format!("{{{}}}", members.join(",")))
}
