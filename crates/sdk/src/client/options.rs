//! What can be said for one call.

use super::headers::{HeaderSet, is_header_value, is_reserved};
use crate::{error::Error, retry::RetryPolicy, secret::Secret};
use std::time::Duration;

/// The longest `Idempotency-Key`, in bytes.
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// What holds for the calls of one [`Client::with`](crate::Client::with), in place of what the client was built
/// with.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderSet,
    pub(crate) idempotency_key: Option<Secret>,
}

impl CallOptions {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The longest that the whole call may take, with all attempts and waits.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The longest that one attempt may take.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How often and how patiently the request is repeated.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Adds a header.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) for what is no header, and for those that the SDK sets
    /// itself (`authorization`, `content-type`, `idempotency-key` and what belongs to the connection).
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        if is_reserved(name) {
            return Err(Error::request(format!("the header {name} is set by the SDK")));
        }
        self.headers.set(name, value)?;
        Ok(self)
    }

    /// The `Idempotency-Key` of a POST, in place of one made for each call. Keep it as long as the call is not
    /// known to have succeeded, also over a restart, and the server acts once. A key serves one request: with
    /// another body the server refuses it (`idempotency_key_reused`), which is not retried.
    ///
    /// It is as secret as the answer: on Actas, whoever has it and the request gets the same ticket again. It is
    /// sent to any server; only one declared with [`Server::actas`](crate::Server::actas) is relied on to honour it.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) unless it is 1 to 255 visible ASCII characters.
    pub fn idempotency_key(mut self, key: &str) -> Result<Self, Error> {
        let fits = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len());
        if !fits || !is_header_value(key) || key.contains([' ', '\t']) {
            return Err(Error::request("an idempotency key is 1 to 255 visible ASCII characters"));
        }
        self.idempotency_key = Some(Secret::new(key));
        Ok(self)
    }

    /// These options, and behind them those of `earlier`.
    pub(crate) fn over(self, earlier: &Self) -> Self {
        let mut headers = earlier.headers.clone();
        for header in self.headers.into_headers() {
            headers.put(header);
        }
        Self {
            timeout: self.timeout.or(earlier.timeout),
            attempt_timeout: self.attempt_timeout.or(earlier.attempt_timeout),
            retry: self.retry.or_else(|| earlier.retry.clone()),
            headers,
            idempotency_key: self.idempotency_key.or_else(|| earlier.idempotency_key.clone()),
        }
    }
}
