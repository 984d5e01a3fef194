//! Why a token was not accepted.

use std::{error::Error, fmt, sync::Arc, time::Duration};

/// Why a token was not accepted, or why a verifier could not be built.
///
/// It never holds the token, a part of it, or a key, so it may be logged.
#[derive(Clone)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    detail: &'static str,
    source: Option<Arc<dyn Error + Send + Sync>>,
    retry_after: Option<Duration>,
}

/// The kinds of [`VerifyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// It is no JWT in compact form, or its JSON is not as RFC 7515 and 7519 ask for it.
    Malformed,
    /// It, or one of its parts, is larger than a session token can be.
    TooLarge,
    /// `alg` is not RS256.
    WrongAlgorithm,
    /// It is a JWT of another kind: `typ`, `cat` or `cty` say so.
    WrongType,
    /// No key of the set has its `kid`.
    UnknownKey,
    /// The signature is not that of the key.
    WrongSignature,
    /// `sub`, `sid`, `iss` or `exp` is absent.
    MissingClaim,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` lies in the future.
    NotYetValid,
    /// `iss` is none of the expected issuers.
    WrongIssuer,
    /// `azp` is none of the authorized parties, or absent.
    WrongParty,
    /// `aud` is for somebody else.
    WrongAudience,
    /// `sts` is `pending`: the session's user has something to do before being signed in.
    SessionPending,
    /// `sts` is neither `active` nor `pending`: the session is over, or in a state that is not known here.
    SessionInactive,
    /// Whether the token is good cannot be told now: there are no keys, and they cannot be fetched.
    KeysUnavailable,
    /// The claims are not of the type that the caller asked for.
    UnexpectedClaims,
    /// The verifier cannot be built from what the builder was given.
    Configuration,
}

impl VerifyError {
    pub(crate) const fn new(kind: VerifyErrorKind, detail: &'static str) -> Self {
        Self { kind, detail, source: None, retry_after: None }
    }

    pub(crate) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Names the place in the JSON, but not what stands there: the parser's own words quote it.
    pub(super) fn at(self, error: &serde_json::Error) -> Self {
        let place = Place { column: error.column(), is_data: error.is_data() };
        self.caused_by(place)
    }

    pub(super) const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// After how long the same token may be asked about again with another outcome; in whole seconds, at least one. Only
    /// [`VerifyErrorKind::KeysUnavailable`] has it.
    #[must_use]
    pub const fn try_again_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What kind of refusal it is.
    #[must_use]
    pub const fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// Was it good once? Its holder gets a new one from the Frontend API.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.kind == VerifyErrorKind::Expired
    }

    /// Is it not good yet, by this machine's clock?
    #[must_use]
    pub fn is_not_yet_valid(&self) -> bool {
        self.kind == VerifyErrorKind::NotYetValid
    }

    /// Is it signed by none of the keys? It is forged, or the key has been withdrawn.
    #[must_use]
    pub fn is_wrong_key(&self) -> bool {
        matches!(self.kind, VerifyErrorKind::UnknownKey | VerifyErrorKind::WrongSignature)
    }

    /// Is it not the fault of the token, so that the same token may be accepted later?
    #[must_use]
    pub fn is_keys_unavailable(&self) -> bool {
        self.kind == VerifyErrorKind::KeysUnavailable
    }

    /// Is it a mistake in how the verifier was set up?
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        self.kind == VerifyErrorKind::Configuration
    }
}

#[derive(Debug)]
struct Place {
    column: usize,
    is_data: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_data { "another type, or a repeated or absent member" } else { "no JSON" };
        write!(formatter, "{what}, at column {}", self.column)
    }
}

impl Error for Place {}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.detail)
    }
}

impl fmt::Debug for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("VerifyError");
        shown.field("kind", &self.kind).field("detail", &self.detail);
        if let Some(source) = &self.source {
            shown.field("source", &format_args!("{source}"));
        }
        shown.finish()
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
