//! The verifier: which keys, which rules, and one token after the other.

use super::{
    claims::Claims,
    clock::Clock,
    error::{VerifyError, VerifyErrorKind},
    jws::{AcceptedHeader, Jws},
    keys::{CachedKeys, KeySet, PublicKey},
    rules::Rules,
    token::VerifiedToken,
    verifier_builder::VerifierBuilder,
};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Verifies session tokens. Cheap to clone; clones share their keys.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    keys: Keys,
    rules: Rules,
    clock: Arc<dyn Clock>,
    /// Of the last token that was accepted.
    usual_header: RwLock<Option<Arc<AcceptedHeader>>>,
}

pub(super) enum Keys {
    One(PublicKey),
    Set(KeySet),
    Fetched(Arc<CachedKeys>),
}

impl Verifier {
    /// Begins with no keys and the defaults of [`VerifierBuilder`].
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::default()
    }

    pub(super) fn new(keys: Keys, rules: Rules, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { keys, rules, clock, usual_header: RwLock::default() }) }
    }

    /// Verifies a token: see [the module](super) for what is checked.
    ///
    /// It waits only where the keys are fetched, and then for one fetch, and no longer than
    /// [`fetch_timeout`](VerifierBuilder::fetch_timeout): if none of the keys at hand has the token's `kid`, or if they are twice as
    /// old as [`refresh_after`](VerifierBuilder::refresh_after), as after a time without requests.
    ///
    /// # Errors
    /// Why the token is not accepted. [`VerifyErrorKind::KeysUnavailable`] says nothing about the token.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let jws = Jws::parse(token, self.inner.usual_header())?;
        match &self.inner.keys {
            Keys::One(key) => self.inner.accept(&jws, Some(key)),
            Keys::Set(keys) => self.inner.accept(&jws, keys.find(key_id(&jws)?)),
            Keys::Fetched(cache) => {
                let key_id = key_id(&jws)?;
                let keys = cache.with(key_id).await?;
                self.inner.accept(&jws, keys.find(key_id))
            }
        }
    }

    /// Verifies a token with the keys at hand, without waiting.
    ///
    /// # Errors
    /// As [`verify`](Self::verify). Where a fetch would be needed it is [`VerifyErrorKind::KeysUnavailable`]; within a
    /// tokio runtime that fetch begins. Without one, [`refresh_keys`](Self::refresh_keys) has to be called now and then.
    pub fn verify_now(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let jws = Jws::parse(token, self.inner.usual_header())?;
        match &self.inner.keys {
            Keys::One(key) => self.inner.accept(&jws, Some(key)),
            Keys::Set(keys) => self.inner.accept(&jws, keys.find(key_id(&jws)?)),
            Keys::Fetched(cache) => {
                let key_id = key_id(&jws)?;
                let keys = cache.with_now(key_id)?;
                self.inner.accept(&jws, keys.find(key_id))
            }
        }
    }

    /// Fetches the keys now, for example while a server starts. Keys that are not fetched are always there.
    ///
    /// # Errors
    /// [`VerifyErrorKind::KeysUnavailable`] with its cause. Keys that are at hand are used on. A JWKS in which no key is usable is
    /// no error: it replaces the keys, and then no token is accepted.
    pub async fn refresh_keys(&self) -> Result<(), VerifyError> {
        match &self.inner.keys {
            Keys::One(_) | Keys::Set(_) => Ok(()),
            Keys::Fetched(cache) => cache.refresh().await,
        }
    }

    /// Does it say for which parties tokens count, be it for any?
    #[cfg(feature = "tower")]
    pub(crate) fn is_about_parties(&self) -> bool {
        self.inner.rules.accepts_any_party || !self.inner.rules.authorized_parties.is_empty()
    }

    #[cfg(feature = "tower")]
    pub(crate) fn authorized_parties(&self) -> &[String] {
        &self.inner.rules.authorized_parties
    }
}

fn key_id<'a>(jws: &'a Jws<'_>) -> Result<&'a str, VerifyError> {
    let error = VerifyError::new(VerifyErrorKind::UnknownKey, "the header has no `kid`, which names the key");
    jws.header.key_id.as_deref().ok_or(error)
}

impl Inner {
    fn accept(&self, jws: &Jws<'_>, key: Option<&PublicKey>) -> Result<VerifiedToken, VerifyError> {
        let refused = VerifyError::new;
        let key = key.ok_or_else(|| {
            refused(VerifyErrorKind::UnknownKey, "no key of the JWKS has the token's `kid`")
        })?;
        if !key.verifies(jws.signed, &jws.signature) {
            return Err(refused(VerifyErrorKind::WrongSignature, "the signature is not that of the key"));
        }
        let json = jws.payload()?;
        let claims = Claims::parse(&json)?;
        self.rules.check(&claims, self.clock.unix_millis())?;
        let token = VerifiedToken::new(&json, claims);
        self.remember(&jws.header);
        Ok(token)
    }

    fn usual_header(&self) -> Option<Arc<AcceptedHeader>> {
        self.usual_header.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Only of tokens that were accepted, so that nobody else's can drive the usual one out.
    fn remember(&self, header: &Arc<AcceptedHeader>) {
        let is_new = |usual: &Option<_>| usual.as_ref().is_none_or(|usual| !Arc::ptr_eq(usual, header));
        if is_new(&self.usual_header.read().unwrap_or_else(PoisonError::into_inner)) {
            *self.usual_header.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(header));
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").field("rules", &self.inner.rules).finish_non_exhaustive()
    }
}
