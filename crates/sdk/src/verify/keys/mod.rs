//! Where public keys come from, and which of them are used.

mod cache;
mod key;
mod pem;
#[cfg(feature = "client")]
mod remote;
mod set;

pub(super) use cache::{CachedKeys, RefreshPolicy};
pub(super) use key::PublicKey;
pub(super) use pem::public_key as public_key_of_pem;
#[cfg(feature = "client")]
pub(super) use remote::{InstanceKeys, PublishedKeys};
pub(super) use set::KeySet;

use std::{error::Error, fmt, pin::Pin, sync::Arc};

/// What [`KeySource::fetch`] gives: the text of a JWKS, once it is there.
pub type KeyFuture<'a> = Pin<Box<dyn Future<Output = Result<String, KeySourceError>> + Send + 'a>>;

/// Where a verifier gets its JWKS from. It asks seldom: what it was given is kept.
///
/// A function that gives a future is a source too, so an HTTP client of your own is one closure away:
///
/// ```
/// use actas_sdk::verify::{KeySourceError, Verifier};
///
/// # async fn get(url: &str) -> Result<String, std::io::Error> { Ok(url.to_owned()) }
/// let verifier = Verifier::builder()
///     .keys(|| async {
///         get("https://clerk.example.com/.well-known/jwks.json").await.map_err(KeySourceError::new)
///     })
///     .build()?;
/// # Ok::<(), actas_sdk::verify::VerifyError>(())
/// ```
pub trait KeySource: Send + Sync + 'static {
    /// The JWKS as it is now, as JSON text (RFC 7517 §5).
    ///
    /// After [`fetch_timeout`](super::VerifierBuilder::fetch_timeout) it is dropped and has failed; outside of a tokio
    /// runtime nothing times it, and it must end by itself. Two calls never overlap.
    fn fetch(&self) -> KeyFuture<'_>;
}

impl<F, G> KeySource for F
where
    F: Fn() -> G + Send + Sync + 'static,
    G: Future<Output = Result<String, KeySourceError>> + Send + 'static,
{
    fn fetch(&self) -> KeyFuture<'_> {
        Box::pin(self())
    }
}

/// Why a [`KeySource`] has no keys to give.
#[derive(Clone)]
pub struct KeySourceError {
    cause: Arc<dyn Error + Send + Sync>,
}

impl KeySourceError {
    /// With its cause: an error, or a text. It is shown in logs, so it must hold no secret.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Arc::from(cause.into()) }
    }
}

impl fmt::Display for KeySourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the JWKS cannot be fetched: {}", self.cause)
    }
}

impl fmt::Debug for KeySourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeySourceError").field("cause", &self.cause).finish()
    }
}

impl Error for KeySourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}
