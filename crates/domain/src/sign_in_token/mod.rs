//! Sign-in tokens: the same ticket machinery without an actor. They are how an ordinary session starts.

pub mod accept;
pub mod create;
pub mod revoke;

use crate::{
    audit::Cause,
    ids::{SessionId, SignInTokenId, UserId},
    secret::SecretHash,
    time::UnixMillis,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInToken {
    pub id: SignInTokenId,
    pub status: SignInTokenStatus,
    pub user: UserId,
    pub ticket_hash: SecretHash,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    pub expires_at: UnixMillis,
    pub session: Option<SessionId>,
    pub revoked_because: Option<Cause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInTokenStatus {
    Pending,
    Accepted,
    Revoked,
}

impl SignInTokenStatus {
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

impl SignInToken {
    /// This token, revoked at `at`. Only a pending one may be: the write is guarded by it.
    #[must_use]
    pub fn revoked(&self, at: UnixMillis, cause: Cause) -> Self {
        Self {
            status: SignInTokenStatus::Revoked,
            updated_at: at,
            revoked_because: Some(cause),
            ..self.clone()
        }
    }
}
