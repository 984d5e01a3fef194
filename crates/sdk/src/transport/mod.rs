//! What sends a request: a trait, so that a caller can bring an HTTP client of their own, and the one that is
//! used else.

mod clock;
mod message;
mod reqwest_client;

pub use clock::{Clock, SystemClock};
pub use message::{Header, HttpRequest, HttpResponse, Method};
pub(crate) use reqwest_client::ReqwestTransport;

use std::{error::Error as StdError, fmt, future::Future, pin::Pin};

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends requests. It makes one attempt for each: what is repeated, and when, is not its business.
///
/// An implementation must not follow redirects (the request carries the key), must give the whole body, and
/// should stop reading at [`HttpRequest::response_limit_bytes`]. It needs no time limit: dropping the future is
/// how an attempt is given up.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

/// Why there is no answer.
#[derive(Debug)]
pub struct TransportError {
    pub(crate) failure: TransportFailure,
    pub(crate) status: Option<u16>,
    pub(crate) source: Box<dyn StdError + Send + Sync>,
}

/// How far a request came that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportFailure {
    /// It certainly did not reach the server.
    NotSent,
    /// Likewise, and no other attempt would.
    Permanent,
    /// It is none that could be sent.
    Unmakeable,
    /// It may have.
    Interrupted,
    /// The answer was longer than the limit.
    TooLarge,
}

impl TransportError {
    /// The request certainly did not reach the server, because no connection came about: any request may be
    /// repeated.
    pub fn not_sent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportFailure::NotSent, source)
    }

    /// As [`not_sent`](Self::not_sent), but no other attempt would do better, for example because the server's
    /// certificate is not trusted: the request is not repeated.
    pub fn permanent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportFailure::Permanent, source)
    }

    /// The connection ended before the whole answer was here: the request may have taken effect.
    pub fn interrupted(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportFailure::Interrupted, source)
    }

    /// The answer is longer than [`HttpRequest::response_limit_bytes`]. It is not asked for again.
    #[must_use]
    pub fn too_large(limit_bytes: usize) -> Self {
        Self::new(TransportFailure::TooLarge, format!("the answer is longer than {limit_bytes} bytes"))
    }

    /// The status of the answer that is too long.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    pub(crate) fn unmakeable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportFailure::Unmakeable, source)
    }

    fn new(failure: TransportFailure, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { failure, status: None, source: source.into() }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.failure {
            TransportFailure::NotSent | TransportFailure::Permanent => "the connection failed",
            TransportFailure::Unmakeable => "the request is none that could be sent",
            TransportFailure::Interrupted => "the connection ended before the whole answer was here",
            TransportFailure::TooLarge => "the answer is too long",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
