//! Clients, as the Backend API shows them.

use crate::session::Session;
use serde::{Deserialize, Serialize};

/// What a handshake found out: the cookies that the app's server sets, each as the value of a `Set-Cookie`.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandshakePayload {
    pub directives: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Client {
    /// `client`
    pub object: String,
    pub id: String,
    pub session_ids: Vec<String>,
    pub sessions: Vec<Session>,
    pub sign_in_id: Option<String>,
    pub sign_up_id: Option<String>,
    /// The newest session that is live.
    pub last_active_session_id: Option<String>,
    pub last_authentication_strategy: Option<String>,
    pub updated_at: i64,
    pub created_at: i64,
}
