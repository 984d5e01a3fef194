//! What is answered about sessions.

use crate::{actor_tokens::Actor, secret::Secret, timestamp::Timestamp, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// Whether a session goes on, and how it ended.
    SessionStatus {
        /// It goes on.
        Active = "active",
        /// It waits for something that the user has to do. Not from Actas.
        Pending = "pending",
        /// The user signed out.
        Ended = "ended",
        /// It reached its end, or nothing happened for too long.
        Expired = "expired",
        /// The user took it away from the client.
        Removed = "removed",
        /// Another session took its place.
        Replaced = "replaced",
        /// The Backend API ended it.
        Revoked = "revoked",
        /// Nobody came back to it. Not from Actas.
        Abandoned = "abandoned",
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// `sess_…`
    pub id: String,
    /// The user who is signed in.
    pub user_id: String,
    /// The client that holds it.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Who really acts; `None` in an ordinary session.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// Whether it goes on.
    pub status: SessionStatus,
    /// The organization that was used last. Always `None` from Actas.
    #[serde(default)]
    pub last_active_organization_id: Option<String>,
    /// When something last happened in it.
    pub last_active_at: Timestamp,
    /// When it ends in any case.
    pub expire_at: Timestamp,
    /// When it ends if nobody comes back.
    pub abandon_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A part of the list of sessions, and how many match in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionPage {
    /// The rows of this part.
    pub data: Vec<Session>,
    /// How many sessions match in all.
    pub total_count: u64,
}

/// A session token. `Debug` hides it; as JSON it is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionToken {
    jwt: Secret,
}

impl SessionToken {
    /// The token, for the header `Authorization: Bearer`. **A secret** while it holds.
    #[must_use]
    pub fn jwt(&self) -> &str {
        self.jwt.reveal()
    }
}
