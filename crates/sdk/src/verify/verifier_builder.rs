//! What a verifier is made of.

#[cfg(feature = "client")]
use super::keys::{InstanceKeys, PublishedKeys};
use super::{
    clock::{Clock, SystemClock},
    error::{VerifyError, VerifyErrorKind},
    keys::{CachedKeys, KeySet, KeySource, PublicKey, RefreshPolicy, public_key_of_pem},
    party,
    rules::Rules,
    verifier::{Keys, Verifier},
};
use std::{fmt, sync::Arc, time::Duration};

const MAX_LEEWAY: Duration = Duration::from_secs(300);
const MAX_FETCH_TIMEOUT: Duration = Duration::from_secs(60);
/// A week. Whoever keeps a server from its keys for longer should be noticed.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Builds a [`Verifier`]. It needs keys; everything else has a default.
#[must_use = "a builder does nothing until `build`"]
pub struct VerifierBuilder {
    keys: Option<Result<Given, VerifyError>>,
    issuers: Vec<String>,
    authorized_parties: Vec<String>,
    audiences: Vec<String>,
    accepts_absent_party: bool,
    accepts_any_party: bool,
    leeway: Duration,
    accepts_pending: bool,
    refresh_after: Duration,
    stale_limit: Duration,
    refetch_floor: Duration,
    fetch_timeout: Duration,
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
            accepts_absent_party: false,
            accepts_any_party: false,
            leeway: Duration::from_secs(5),
            accepts_pending: false,
            refresh_after: Duration::from_secs(300),
            stale_limit: Duration::from_secs(3_600),
            refetch_floor: Duration::from_secs(5),
            fetch_timeout: Duration::from_secs(10),
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
        self.keys = Some(KeySet::parse_usable(json).map(Given::Set).map_err(misconfigured));
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
    /// http on this machine; a query is sent along. Redirects are not followed. The host of the URL says nothing of `iss`: name
    /// the [`issuer`](Self::issuer) too.
    #[cfg(feature = "client")]
    pub fn jwks_url(self, url: &str) -> Self {
        self.published(url, false)
    }

    /// The same, also with plain http to another machine. Whoever is on the way can put their own key in, and then be anybody:
    /// this is for networks in which nobody else is.
    #[cfg(feature = "client")]
    pub fn jwks_url_allow_http(self, url: &str) -> Self {
        self.published(url, true)
    }

    #[cfg(feature = "client")]
    fn published(mut self, url: &str, http_allowed: bool) -> Self {
        let source = PublishedKeys::new(url, http_allowed);
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
    ///
    /// It is compared letter by letter, so it must be an origin as browsers write it: scheme and host in lower case, the port only
    /// where it is not the scheme's own, no slash at the end.
    pub fn authorized_party(mut self, origin: impl Into<String>) -> Self {
        self.authorized_parties.push(origin.into());
        self
    }

    /// Accepts tokens without `azp` beside those of the [authorized parties](Self::authorized_party): tokens of native apps, and
    /// those that a backend asked for (`POST /v1/sessions/{id}/tokens`), have none.
    pub fn allow_absent_party(mut self) -> Self {
        self.accepts_absent_party = true;
        self
    }

    /// Says that `azp` does not matter here, because every page that can sign in with this instance may use this app. It changes
    /// nothing about which tokens are accepted; a guard that reads cookies asks for either this or an authorized party.
    pub fn any_party(mut self) -> Self {
        self.accepts_any_party = true;
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

    /// Also accepts tokens of sessions whose `sts` is `pending`. Their users have something left to do, such as
    /// choosing an organization, and Clerk's own SDKs take them for signed out.
    pub fn accept_pending_sessions(mut self) -> Self {
        self.accepts_pending = true;
        self
    }

    /// After how long keys are fetched anew, while those at hand are used on: 5 minutes by default. Keys that are twice as old,
    /// because nobody asked in between, are used only after a try to fetch newer ones. So a withdrawn key is accepted for less than
    /// twice this time, and for up to [`stale_limit`](Self::stale_limit) while the server of the keys does not answer.
    pub fn refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = age;
        self
    }

    /// How old keys may become while no newer ones can be fetched: 1 hour by default, 7 days at most. The hour counts from the last
    /// fetch that succeeded, and not from the moment at which the server went away.
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

    /// How long a fetch may take: 10 seconds by default, 60 at most. One that takes longer has failed. It is timed by tokio, whose runtime
    /// must have its timer enabled, as it has unless it was built by hand.
    pub fn fetch_timeout(mut self, limit: Duration) -> Self {
        self.fetch_timeout = limit;
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
        let policy = self.policy()?;
        self.check_expected()?;
        let given = self
            .keys
            .unwrap_or(Err(misconfigured("a verifier needs keys: a PEM, a JWKS, or a source of keys")))?;
        let keys = match given {
            Given::One(key) => Keys::One(key),
            Given::Set(keys) => Keys::Set(keys),
            Given::Source(source) => Keys::Fetched(CachedKeys::new(source, Arc::clone(&self.clock), policy)),
        };
        let rules = Rules {
            issuers: self.issuers,
            authorized_parties: self.authorized_parties,
            audiences: self.audiences,
            accepts_absent_party: self.accepts_absent_party,
            #[cfg(feature = "tower")]
            accepts_any_party: self.accepts_any_party,
            leeway_millis: millis(self.leeway),
            accepts_pending: self.accepts_pending,
        };
        Ok(Verifier::new(keys, rules, self.clock))
    }

    fn policy(&self) -> Result<RefreshPolicy, VerifyError> {
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
        if self.fetch_timeout.is_zero() || self.fetch_timeout > MAX_FETCH_TIMEOUT {
            return Err(misconfigured("`fetch_timeout` is zero, or longer than 60 seconds"));
        }
        Ok(RefreshPolicy {
            refresh_after_millis: millis(self.refresh_after),
            stale_limit_millis: millis(self.stale_limit),
            refetch_floor_millis: millis(self.refetch_floor),
            fetch_timeout: self.fetch_timeout,
        })
    }

    fn check_expected(&self) -> Result<(), VerifyError> {
        let expected = [&self.issuers, &self.authorized_parties, &self.audiences];
        if expected.into_iter().flatten().any(String::is_empty) {
            return Err(misconfigured("an issuer, an authorized party or an audience is empty"));
        }
        self.authorized_parties.iter().try_for_each(|origin| party::check(origin)).map_err(misconfigured)?;
        if self.accepts_any_party && (self.accepts_absent_party || !self.authorized_parties.is_empty()) {
            return Err(misconfigured("`any_party` contradicts the authorized parties: say either"));
        }
        if self.accepts_absent_party && self.authorized_parties.is_empty() {
            return Err(misconfigured(
                "`allow_absent_party` goes with an authorized party, and there is none",
            ));
        }
        Ok(())
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
