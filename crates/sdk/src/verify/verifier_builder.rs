//! What a verifier is made of.

#[cfg(feature = "client")]
use super::keys::{InstanceKeys, PublishedKeys};
use super::{
    clock::{Clock, SystemClock},
    error::{VerifyError, VerifyErrorKind},
    keys::{CachedKeys, KeySet, KeySource, PublicKey, RefreshPolicy, public_key_of_pem},
    rules::Rules,
    verifier::{Keys, Verifier},
};
use std::{fmt, sync::Arc, time::Duration};

const MAX_LEEWAY: Duration = Duration::from_secs(300);
/// A week. Whoever keeps a server from its keys for longer should be noticed.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Builds a [`Verifier`]. It needs keys; everything else has a default.
#[must_use = "a builder does nothing until `build`"]
pub struct VerifierBuilder {
    keys: Option<Result<Given, VerifyError>>,
    issuers: Vec<String>,
    authorized_parties: Vec<String>,
    audiences: Vec<String>,
    leeway: Duration,
    accepts_pending: bool,
    refresh_after: Duration,
    stale_limit: Duration,
    refetch_floor: Duration,
    clock: Arc<dyn Clock>,
}

enum Given {
    One(PublicKey),
    Set(KeySet),
    Source(Box<dyn KeySource>),
}

impl Default for VerifierBuilder {
    fn default() -> Self {
        Self {
            keys: None,
            issuers: Vec::new(),
            authorized_parties: Vec::new(),
            audiences: Vec::new(),
            leeway: Duration::from_secs(5),
            accepts_pending: false,
            refresh_after: Duration::from_secs(300),
            stale_limit: Duration::from_secs(3_600),
            refetch_floor: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
        }
    }
}

impl VerifierBuilder {
    /// One RSA public key, as `-----BEGIN PUBLIC KEY-----`. Tokens need no `kid` then. Nothing is ever fetched, so a
    /// rotation of keys has to be followed by hand.
    pub fn public_key_pem(mut self, pem: &str) -> Self {
        self.keys = Some(public_key_of_pem(pem).map(Given::One).map_err(misconfigured));
        self
    }

    /// The keys of a JWKS, as JSON text. Nothing is ever fetched.
    pub fn jwks(mut self, json: &str) -> Self {
        self.keys = Some(KeySet::parse(json).map(Given::Set).map_err(misconfigured));
        self
    }

    /// Keys that are fetched when they are needed, and kept.
    pub fn keys(mut self, source: impl KeySource) -> Self {
        self.keys = Some(Ok(Given::Source(Box::new(source))));
        self
    }

    /// The keys of the client's instance, from its Backend API (`GET /v1/jwks`).
    #[cfg(feature = "client")]
    pub fn client(self, client: &crate::Client) -> Self {
        self.keys(InstanceKeys::new(client))
    }

    /// The keys that are published at a URL, such as `https://clerk.example.com/.well-known/jwks.json`. Only https, or
    /// http on this machine.
    #[cfg(feature = "client")]
    pub fn jwks_url(mut self, url: &str) -> Self {
        let source = PublishedKeys::new(url)
            .map_err(|error| misconfigured("the URL of the JWKS cannot be used").caused_by(error));
        self.keys = Some(source.map(|source| Given::Source(Box::new(source) as Box<dyn KeySource>)));
        self
    }

    /// An `iss` to accept, such as `https://clerk.example.com`; call it again for another. Without one any is accepted:
    /// the keys alone tell who issued the token.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// An origin whose pages may use tokens, such as `https://app.example.com`; call it again for another. A token whose
    /// `azp` is none of them is refused, and so is one without. Without any origin, `azp` is not looked at: then a page
    /// elsewhere that signs in with the same instance can hand its visitors' tokens to this app.
    pub fn authorized_party(mut self, origin: impl Into<String>) -> Self {
        self.authorized_parties.push(origin.into());
        self
    }

    /// An `aud` to accept; call it again for another. Then a token without is refused. Without any, a token that has an
    /// `aud` is refused: it is meant for somebody (RFC 7519 §4.1.3). Session tokens have none by default.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How far clocks may be apart, for `exp`, `nbf` and `iat`: 5 seconds by default, 300 at most.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Also accepts tokens of sessions whose `sts` is not `active`. Their users have something left to do, such as
    /// choosing an organization, and Clerk's own SDKs take them for signed out.
    pub fn accept_pending_sessions(mut self) -> Self {
        self.accepts_pending = true;
        self
    }

    /// After how long keys are fetched anew, while those at hand are used on: 5 minutes by default. A withdrawn key is
    /// accepted so long.
    pub fn refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = age;
        self
    }

    /// How old keys may become while no newer ones can be fetched: 1 hour by default, 7 days at most.
    pub fn stale_limit(mut self, age: Duration) -> Self {
        self.stale_limit = age;
        self
    }

    /// The least time between two fetches, whatever tokens come: 5 seconds by default. After a rotation a new key may
    /// be unknown for so long.
    pub fn refetch_floor(mut self, pause: Duration) -> Self {
        self.refetch_floor = pause;
        self
    }

    /// Another clock than the machine's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The verifier.
    ///
    /// # Errors
    /// [`VerifyErrorKind::Configuration`]: there are no keys or no usable ones, a duration is out of its bounds, or an
    /// expected value is one that no token can have.
    pub fn build(self) -> Result<Verifier, VerifyError> {
        let given = self
            .keys
            .unwrap_or(Err(misconfigured("a verifier needs keys: a PEM, a JWKS, or a source of keys")))?;
        if self.leeway > MAX_LEEWAY {
            return Err(misconfigured("the leeway is longer than 300 seconds"));
        }
        if self.refetch_floor.is_zero() || self.refresh_after < self.refetch_floor {
            return Err(misconfigured("`refetch_floor` is zero, or longer than `refresh_after`"));
        }
        if self.stale_limit < self.refresh_after || self.stale_limit > MAX_AGE {
            return Err(misconfigured(
                "`stale_limit` is shorter than `refresh_after`, or longer than 7 days",
            ));
        }
        let expected = [&self.issuers, &self.authorized_parties, &self.audiences];
        if expected.into_iter().flatten().any(String::is_empty) {
            return Err(misconfigured("an issuer, an authorized party or an audience is empty"));
        }
        if self.authorized_parties.iter().any(|origin| origin.ends_with('/') || !origin.contains("://")) {
            return Err(misconfigured(
                "an authorized party is an origin: https://app.example.com, no slash after",
            ));
        }
        let policy = RefreshPolicy {
            refresh_after_millis: millis(self.refresh_after),
            stale_limit_millis: millis(self.stale_limit),
            refetch_floor_millis: millis(self.refetch_floor),
        };
        let keys = match given {
            Given::One(key) => Keys::One(key),
            Given::Set(keys) => Keys::Set(keys),
            Given::Source(source) => Keys::Fetched(CachedKeys::new(source, Arc::clone(&self.clock), policy)),
        };
        let rules = Rules {
            issuers: self.issuers,
            authorized_parties: self.authorized_parties,
            audiences: self.audiences,
            leeway_millis: millis(self.leeway),
            accepts_pending: self.accepts_pending,
        };
        Ok(Verifier::new(keys, rules, self.clock))
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifierBuilder")
            .field("issuers", &self.issuers)
            .field("authorized_parties", &self.authorized_parties)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

fn misconfigured(detail: &'static str) -> VerifyError {
    VerifyError::new(VerifyErrorKind::Configuration, detail)
}

/// What is longer than a week is refused before.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
