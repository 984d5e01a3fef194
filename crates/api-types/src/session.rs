//! Sessions, as the Backend API shows them, and their tokens.

use crate::Nothing;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Serialize, Deserialize)]
pub struct Session {
    /// `session`
    pub object: String,
    pub id: String,
    pub user_id: String,
    pub client_id: String,
    /// Who really acts, exactly as it was given; `null` in an ordinary session.
    pub actor: Option<Box<RawValue>>,
    /// `active`, `ended`, `expired`, `removed`, `replaced` or `revoked`
    pub status: String,
    pub last_active_organization_id: Option<String>,
    pub last_active_at: i64,
    /// Always `null`: Actas does not keep what a browser says of itself.
    pub latest_activity: Option<()>,
    /// The absolute end.
    pub expire_at: i64,
    pub abandon_at: i64,
    pub updated_at: i64,
    pub created_at: i64,
    /// None: Actas gives a session nothing to do. Absent before API version 2025-04-10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<[Nothing; 0]>,
}

/// A session token.
#[derive(Debug, Serialize, Deserialize)]
pub struct Token {
    /// `token`
    pub object: String,
    pub jwt: String,
}
