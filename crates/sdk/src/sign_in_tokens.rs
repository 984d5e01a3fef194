//! Sign-in tokens: leave to sign in as oneself, once.

use crate::{
    call::Operation,
    client::Handle,
    mode::{Async, Mode},
    secret::Secret,
    timestamp::Timestamp,
    words::words,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The methods of sign-in tokens: [`Client::sign_in_tokens`](crate::Client::sign_in_tokens).
#[derive(Clone, Debug)]
pub struct SignInTokens<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> SignInTokens<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// Makes a sign-in token (`POST /sign_in_tokens`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 403, 404 (there is no such user) and 422.
    pub fn create(&self, request: CreateSignInToken) -> M::Answer<SignInToken> {
        let operation =
            Operation::post("sign_in_tokens.create", &["sign_in_tokens"]).documented(&[403, 404, 422]);
        Operation::send_result(operation.json(&request), &self.handle, &self.mode)
    }

    /// Revokes a sign-in token that is pending (`POST /sign_in_tokens/{id}/revoke`).
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 400 (it is not pending) and 404.
    pub fn revoke(&self, id: impl AsRef<str>) -> M::Answer<SignInToken> {
        Operation::post("sign_in_tokens.revoke", &["sign_in_tokens", id.as_ref(), "revoke"])
            .documented(&[400, 404])
            .send(&self.handle, &self.mode)
    }
}

/// What a sign-in token is to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreateSignInToken {
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in_seconds: Option<u64>,
}

impl CreateSignInToken {
    /// Leave for the user of this id to sign in.
    #[must_use]
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: user_id.into(), org_id: None, expires_in_seconds: None }
    }

    /// How long the ticket can be used, in whole seconds, rounded down. Server's default: 30 days.
    #[must_use]
    pub fn expires_in(mut self, duration: Duration) -> Self {
        self.expires_in_seconds = Some(duration.as_secs());
        self
    }

    /// The organization to sign in to. Actas has none and refuses it (422).
    #[must_use]
    pub fn organization_id(mut self, id: impl Into<String>) -> Self {
        self.org_id = Some(id.into());
        self
    }
}

words! {
    /// What became of a sign-in token.
    SignInTokenStatus {
        /// It can be used, unless it is too old.
        Pending = "pending",
        /// It was used.
        Accepted = "accepted",
        /// It was revoked.
        Revoked = "revoked",
    }
}

/// A sign-in token. `Debug` hides its ticket; as JSON it is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignInToken {
    /// `sit_…`
    pub id: String,
    /// What became of it.
    pub status: SignInTokenStatus,
    /// The user who signs in with it.
    pub user_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Secret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl SignInToken {
    /// The ticket. **A secret**: whoever has it can sign in as the user. Only the answer of create has it.
    #[must_use]
    pub fn ticket(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }

    /// Where the user signs in. **A secret**, for the ticket is in it. Only the answer of create has it.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_ref().map(Secret::reveal)
    }
}
