//! Actor tokens: the grant to sign in as somebody else, once.
//!
//! | from | to | by |
//! | --- | --- | --- |
//! | – | pending | [`create`] |
//! | pending | accepted | [`accept`], in time |
//! | pending | revoked | [`revoke`], also past the lifetime; or its subject or actor is deleted, banned or locked |
//!
//! Both ends are final. *Expired* is no status: it is pending past `expires_at`.

pub mod accept;
pub mod create;
pub mod find;
pub mod revoke;

use crate::{
    actor::Actor,
    audit::Cause,
    ids::{ActorTokenId, SessionId, UserId},
    secret::SecretHash,
    time::UnixMillis,
};

/// A grant: `subject` may be signed in as by whoever holds the ticket, and `actor` is who really acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorToken {
    pub id: ActorTokenId,
    pub status: ActorTokenStatus,
    pub subject: UserId,
    pub actor: Actor,
    pub reason: Option<String>,
    pub ticket_hash: SecretHash,
    /// The absolute length of the session that accepting makes.
    pub session_max_duration_seconds: i64,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    pub expires_at: UnixMillis,
    /// The session it became, once accepted.
    pub session: Option<SessionId>,
    /// Why it was revoked, once revoked.
    pub revoked_because: Option<Cause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorTokenStatus {
    Pending,
    Accepted,
    Revoked,
}

impl ActorTokenStatus {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Accepted, Self::Revoked];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl ActorToken {
    /// This token, revoked at `at`. Only a pending one may be: the write is guarded by it.
    #[must_use]
    pub fn revoked(&self, at: UnixMillis, cause: Cause) -> Self {
        Self {
            status: ActorTokenStatus::Revoked,
            updated_at: at,
            revoked_because: Some(cause),
            ..self.clone()
        }
    }
}
