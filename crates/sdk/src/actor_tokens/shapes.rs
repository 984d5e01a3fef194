//! What is sent and answered about actor tokens.

use super::Actor;
use crate::{secret::Secret, timestamp::Timestamp, words::words};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an actor token is to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreateActorToken {
    user_id: String,
    actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_max_duration_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl CreateActorToken {
    /// Leave for the actor to sign in as the user of this id.
    #[must_use]
    pub fn new(user_id: impl Into<String>, actor: Actor) -> Self {
        Self {
            user_id: user_id.into(),
            actor,
            expires_in_seconds: None,
            session_max_duration_in_seconds: None,
            reason: None,
        }
    }

    /// How long the ticket can be used: `expires_in_seconds`, in whole seconds, rounded down. Server's default: an
    /// hour.
    #[must_use]
    pub fn expires_in(self, duration: Duration) -> Self {
        self.expires_in_seconds(duration.as_secs())
    }

    /// How long the ticket can be used, in seconds.
    #[must_use]
    pub fn expires_in_seconds(mut self, seconds: u64) -> Self {
        self.expires_in_seconds = Some(seconds);
        self
    }

    /// The longest that the session can last: `session_max_duration_in_seconds`, in whole seconds, rounded down.
    /// Server's default: half an hour.
    #[must_use]
    pub fn session_max_duration(self, duration: Duration) -> Self {
        self.session_max_duration_in_seconds(duration.as_secs())
    }

    /// The longest that the session can last, in seconds.
    #[must_use]
    pub fn session_max_duration_in_seconds(mut self, seconds: u64) -> Self {
        self.session_max_duration_in_seconds = Some(seconds);
        self
    }

    /// Why, in the words of whoever asks; it goes on record. Of Actas alone: Clerk refuses it (422).
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

words! {
    /// What became of an actor token.
    ActorTokenStatus {
        /// It can be used, unless it is too old.
        Pending = "pending",
        /// It was used.
        Accepted = "accepted",
        /// It was revoked.
        Revoked = "revoked",
    }
}

/// An actor token, as create and revoke answer it. `Debug` hides its ticket; as JSON it is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActorToken {
    /// `act_…`
    pub id: String,
    /// What became of it.
    pub status: ActorTokenStatus,
    /// The user whom the actor acts as.
    pub user_id: String,
    /// Who really acts.
    pub actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Secret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ActorToken {
    /// The ticket. **A secret**: whoever has it can sign in as the user. Only the answer of create has it.
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }

    /// Where the actor signs in. **A secret**, for the ticket is in it. Only the answer of create has it.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_ref().map(Secret::reveal)
    }
}

/// An actor token with all that Actas knows of it, but its ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActorTokenDetails {
    /// `act_…`
    pub id: String,
    /// What became of it.
    pub status: ActorTokenStatus,
    /// The user whom the actor acts as.
    pub user_id: String,
    /// Who really acts.
    pub actor: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Why it was asked for, in the caller's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// When the ticket becomes too old.
    pub expires_at: Timestamp,
    /// The longest that the session can last, in seconds.
    pub session_max_duration_in_seconds: u64,
    /// The session that was made from it.
    #[serde(default)]
    pub session_id: Option<String>,
    /// Why it was revoked, for example `subject_banned`.
    #[serde(default)]
    pub revoked_because: Option<String>,
}
