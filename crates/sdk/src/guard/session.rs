//! Who a request is from.

use super::refusal::{Refusal, RefusalReason};
use crate::verify::{Actor, VerifiedToken, VerifyError};
use http::Extensions;
use std::ops::Deref;

/// The session of a request, verified. It has all that [`VerifiedToken`] has.
///
/// [`SessionLayer`](super::SessionLayer) puts it into the request's extensions. In `axum` it is an extractor that
/// refuses where nobody is signed in; as `Option<Session>` it is none there, and as `Result<Session, Refusal>` it tells why.
#[derive(Clone, Debug)]
pub struct Session {
    token: VerifiedToken,
}

/// A session in which somebody acts as somebody else.
///
/// In `axum` it is an extractor that refuses all others; `Option<Impersonation>` is the one for a banner.
#[derive(Clone, Debug)]
pub struct Impersonation {
    session: Session,
    actor: Actor,
}

/// What the layer found, for the guards and extractors behind it.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    SignedIn(Session),
    SignedOut,
    Invalid(VerifyError),
    Unavailable(VerifyError),
    /// A cookie that another site's page made the browser send.
    CrossOrigin,
}

impl Session {
    pub(super) const fn new(token: VerifiedToken) -> Self {
        Self { token }
    }

    /// The session that the layer found.
    ///
    /// # Errors
    /// Why there is none.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, Refusal> {
        match Outcome::of(extensions)? {
            Outcome::SignedIn(session) => Ok(session.clone()),
            Outcome::SignedOut => Err(Refusal::new(RefusalReason::SignedOut)),
            Outcome::Invalid(error) => Err(Refusal::caused_by(RefusalReason::InvalidToken, error.clone())),
            Outcome::Unavailable(error) => {
                Err(Refusal::caused_by(RefusalReason::KeysUnavailable, error.clone()))
            }
            Outcome::CrossOrigin => Err(Refusal::new(RefusalReason::CrossOrigin)),
        }
    }

    /// The session that the layer found, or none.
    ///
    /// # Errors
    /// Where it cannot be told whether there is one: without keys, or without a layer.
    pub fn optional_from_extensions(extensions: &Extensions) -> Result<Option<Self>, Refusal> {
        match Self::from_extensions(extensions) {
            Ok(session) => Ok(Some(session)),
            Err(refusal) if refusal.is_about_the_caller() => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Who acts as whom, if somebody does.
    #[must_use]
    pub fn impersonation(&self) -> Option<Impersonation> {
        let actor = self.token.actor()?.clone();
        Some(Impersonation { session: self.clone(), actor })
    }
}

impl Deref for Session {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.token
    }
}

impl Impersonation {
    /// Who really acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The user being acted as.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.session.subject()
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl Impersonation {
    /// The impersonation that the layer found.
    ///
    /// # Errors
    /// Why there is none.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, Refusal> {
        let session = Session::from_extensions(extensions)?;
        session.impersonation().ok_or_else(|| Refusal::new(RefusalReason::NotImpersonating))
    }

    /// The impersonation that the layer found, or none.
    ///
    /// # Errors
    /// Where it cannot be told whether there is one: without keys, or without a layer.
    pub fn optional_from_extensions(extensions: &Extensions) -> Result<Option<Self>, Refusal> {
        let session = Session::optional_from_extensions(extensions)?;
        Ok(session.and_then(|session| session.impersonation()))
    }
}

impl Outcome {
    pub(super) fn of(extensions: &Extensions) -> Result<&Self, Refusal> {
        extensions.get::<Self>().ok_or_else(|| Refusal::new(RefusalReason::NoSessionLayer))
    }
}
