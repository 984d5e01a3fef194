//! Actor tokens.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The answer of create and revoke: exactly Clerk's members.
#[derive(Debug, Serialize, Deserialize)]
pub struct ActorToken {
    /// `actor_token`
    pub object: String,
    pub id: String,
    /// `pending`, `accepted` or `revoked`
    pub status: String,
    pub user_id: String,
    /// Exactly as it was given.
    pub actor: Box<RawValue>,
    /// The ticket; in the answer of create only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Where the actor signs in; in the answer of create only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// The answer of get and of each row of a list, which Clerk does not have: never a ticket, but all else.
#[derive(Debug, Serialize, Deserialize)]
pub struct ActorTokenDetails {
    /// `actor_token`
    pub object: String,
    pub id: String,
    /// `pending`, `accepted` or `revoked`
    pub status: String,
    pub user_id: String,
    /// Exactly as it was given.
    pub actor: Box<RawValue>,
    pub created_at: i64,
    pub updated_at: i64,
    pub reason: Option<String>,
    pub expires_at: i64,
    pub session_max_duration_in_seconds: i64,
    /// The session it became.
    pub session_id: Option<String>,
    /// Why it was revoked.
    pub revoked_because: Option<String>,
}

/// A page of actor tokens, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ActorTokenPage {
    pub data: Vec<ActorTokenDetails>,
    /// Whether there are more behind the last one: ask again with `starting_after` set to its id.
    pub has_more: bool,
}
