//! The instance and its public keys.

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Instance {
    /// `instance`
    pub object: String,
    pub id: String,
    /// `development` or `production`
    pub environment_type: String,
    pub publishable_key: String,
}

/// A JWK set (RFC 7517).
#[derive(Debug, Serialize, Deserialize)]
pub struct KeySet {
    pub keys: Vec<Key>,
}

/// One RSA public key. Clients were seen to need every member.
#[derive(Debug, Serialize, Deserialize)]
pub struct Key {
    #[serde(rename = "use")]
    pub usage: String,
    pub kty: String,
    pub kid: String,
    pub alg: String,
    /// Modulus, base64url.
    pub n: String,
    /// Exponent, base64url.
    pub e: String,
}
