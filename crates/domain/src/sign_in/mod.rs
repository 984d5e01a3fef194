//! Ordinary sign-in with identifier and password, at once or in two steps.
//!
//! An attempt that waits for its password is no state of record: its client has at most one, it dies within
//! [`PENDING_SECONDS`], and nothing follows from it but the step that completes it. What becomes of it is on record:
//! the session that began, or the refusal of a known user.

pub mod begin;
pub mod failures;
pub mod password;

use crate::{
    ids::{ClientId, SignInId},
    time::UnixMillis,
};

/// How long an attempt waits for its password.
pub const PENDING_SECONDS: i64 = 3_600;

/// An attempt that waits for its password. It says nothing about whether anybody has the identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    pub id: SignInId,
    /// The one client that may complete it.
    pub client: ClientId,
    /// As it was typed.
    pub identifier: String,
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// People type passwords where their names belong, so the identifier is not shown.
impl std::fmt::Debug for PendingSignIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PendingSignIn").field("id", &self.id).finish_non_exhaustive()
    }
}
