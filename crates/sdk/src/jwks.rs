//! The public keys that session tokens are verified with.

use crate::{
    call::Operation,
    client::Handle,
    mode::{Async, Mode},
};
use serde::{Deserialize, Serialize};

/// The methods of the key set: [`Client::jwks`](crate::Client::jwks).
#[derive(Clone, Debug)]
pub struct Jwks<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> Jwks<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// The public keys, those that were replaced lately among them (`GET /jwks`).
    ///
    /// # Errors
    /// Only what any method may answer.
    pub fn get(&self) -> M::Answer<JwkSet> {
        Operation::get("jwks.get", &["jwks"]).send(&self.handle, &self.mode)
    }

    /// The same to the letter: what is odd about a key is then still there to be judged.
    #[cfg(feature = "verify")]
    pub(crate) async fn text(&self, limit_bytes: usize) -> Result<crate::RawJson, crate::Error> {
        Operation::get("jwks.get", &["jwks"]).limit_response(limit_bytes).answer(&self.handle).await
    }
}

/// A set of keys (RFC 7517, section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 7517, section 4; RFC 7518, section 6.3). Members that a kind of key does not have are `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// The kind of key: `RSA`.
    pub kty: String,
    /// The key's id, as in the header of a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// What it signs with: `RS256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What it is for: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// The modulus, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}
