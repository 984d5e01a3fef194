//! The JSON of the control router. Times are RFC 3339 in UTC.

use actas_domain::{
    keys::SigningKey,
    secret::{SecretKind, SecretText},
    secret_key::SecretKey,
    time::UnixMillis,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    pub instance_id: String,
    pub version: String,
    /// Of the process that answers.
    pub process_id: u32,
}

/// What is wrong, by part; nothing where all is well.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Checks {
    pub store: Option<String>,
    pub signing_keys: Option<String>,
    /// How far the clock is behind the newest entry of the record.
    pub clock_behind_seconds: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SigningKeyShape {
    /// The `kid` of its tokens.
    pub id: String,
    /// `next`, `current` or `retired`.
    pub status: String,
    /// When it was made, and first published.
    pub created_at: String,
    pub current_since: Option<String>,
    pub retired_at: Option<String>,
    /// When the last token that it can have signed is dead.
    pub needed_until: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKeys {
    /// Do not wait until verifiers must have seen the next key.
    pub now: bool,
    /// Also stop publishing the retired key, which implies `now`.
    #[serde(default)]
    pub withdraw: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretKeyShape {
    pub id: String,
    pub name: String,
    /// How the key itself begins.
    pub prefix: String,
    pub created_at: String,
    pub revoked_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateSecretKey {
    pub name: String,
}

/// A new secret key, the only time that it is shown. `Debug` leaves the key out.
#[derive(Clone, Serialize, Deserialize)]
pub struct CreatedSecretKey {
    #[serde(flatten)]
    pub key: SecretKeyShape,
    pub secret_key: String,
}

impl fmt::Debug for CreatedSecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CreatedSecretKey").field("key", &self.key).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeSecretKey {
    pub id: String,
    pub even_the_last: bool,
}

/// Why nothing happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused {
    pub code: String,
    pub message: String,
}

impl From<&SigningKey> for SigningKeyShape {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id.to_string(),
            status: key.status.as_str().to_owned(),
            created_at: key.created_at.to_rfc3339(),
            current_since: key.current_since.map(UnixMillis::to_rfc3339),
            retired_at: key.retired_at.map(UnixMillis::to_rfc3339),
            needed_until: key.needed_until.map(UnixMillis::to_rfc3339),
        }
    }
}

impl From<&SecretKey> for SecretKeyShape {
    fn from(key: &SecretKey) -> Self {
        let kind = if key.live_prefix { SecretKind::LiveSecretKey } else { SecretKind::TestSecretKey };
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            prefix: kind.prefix().to_owned(),
            created_at: key.created_at.to_rfc3339(),
            revoked_at: key.revoked_at.map(UnixMillis::to_rfc3339),
        }
    }
}

impl CreatedSecretKey {
    pub(super) fn new(key: &SecretKey, text: &SecretText) -> Self {
        Self { key: SecretKeyShape::from(key), secret_key: text.reveal().to_owned() }
    }
}
