//! A token that was verified, and who acts in it.

use super::{
    claims::Claims,
    error::{VerifyError, VerifyErrorKind},
};
use serde::de::DeserializeOwned;
use std::{fmt, sync::Arc};

/// A session token that was verified. Cheap to clone.
#[derive(Clone)]
pub struct VerifiedToken {
    inner: Arc<Inner>,
}

struct Inner {
    claims_json: String,
    subject: String,
    session_id: String,
    issuer: String,
    authorized_party: Option<String>,
    actor: Option<Actor>,
    expires_at_seconds: i64,
    issued_at_seconds: Option<i64>,
}

/// Who really acts: `act` (RFC 8693 §4.1), as the actor token was given it.
///
/// Only this outermost actor may decide anything. An `act` within it is history.
#[derive(Clone, PartialEq, Eq)]
pub struct Actor {
    subject: String,
    json: String,
}

impl VerifiedToken {
    pub(super) fn new(claims_json: &str, claims: Claims<'_>) -> Self {
        let actor = claims
            .actor
            .map(|actor| Actor { subject: actor.subject.into_owned(), json: actor.json.to_owned() });
        let inner = Inner {
            claims_json: claims_json.to_owned(),
            subject: claims.subject.into_owned(),
            session_id: claims.session_id.into_owned(),
            issuer: claims.issuer.into_owned(),
            authorized_party: claims.authorized_party.map(std::borrow::Cow::into_owned),
            actor,
            expires_at_seconds: claims.expires_at_seconds,
            issued_at_seconds: claims.issued_at_seconds,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The user whose session it is: `sub`. In an impersonated session this is the one being acted as.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.inner.subject
    }

    /// Who acts as the subject; none in a session of the subject's own.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.inner.actor.as_ref()
    }

    /// Does somebody else act as the subject?
    #[must_use]
    pub fn is_impersonated(&self) -> bool {
        self.inner.actor.is_some()
    }

    /// The session: `sid`.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.inner.session_id
    }

    /// Who issued it: `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// The origin that it was issued to: `azp`.
    #[must_use]
    pub fn authorized_party(&self) -> Option<&str> {
        self.inner.authorized_party.as_deref()
    }

    /// `exp`, in seconds since 1970.
    #[must_use]
    pub fn expires_at_seconds(&self) -> i64 {
        self.inner.expires_at_seconds
    }

    /// `iat`, in seconds since 1970.
    #[must_use]
    pub fn issued_at_seconds(&self) -> Option<i64> {
        self.inner.issued_at_seconds
    }

    /// All claims as a type of the caller's.
    ///
    /// # Errors
    /// [`VerifyErrorKind::UnexpectedClaims`] if they are not of that type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        decode(&self.inner.claims_json, "the claims are not of the type that was asked for")
    }

    /// All claims, as JSON, to the letter.
    #[must_use]
    pub fn claims_json(&self) -> &str {
        &self.inner.claims_json
    }
}

impl Actor {
    /// The actor's stable id: `act.sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The whole of `act` as JSON: the order of its members and the digits of its numbers are those that were given.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The whole of `act` as a type of the caller's.
    ///
    /// # Errors
    /// [`VerifyErrorKind::UnexpectedClaims`] if it is not of that type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        decode(&self.json, "`act` is not of the type that was asked for")
    }
}

fn decode<T: DeserializeOwned>(json: &str, detail: &'static str) -> Result<T, VerifyError> {
    serde_json::from_str(json)
        .map_err(|error| VerifyError::new(VerifyErrorKind::UnexpectedClaims, detail).at(&error))
}

/// Ids only: claims of an application's own may be about people.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedToken")
            .field("subject", &self.inner.subject)
            .field("session_id", &self.inner.session_id)
            .field("actor", &self.inner.actor)
            .field("expires_at_seconds", &self.inner.expires_at_seconds)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Actor").field("subject", &self.subject).finish_non_exhaustive()
    }
}
