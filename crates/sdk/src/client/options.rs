//! What can be said for one call.

use super::headers::{HeaderSet, is_header_value, is_reserved};
use crate::{error::Error, retry::RetryPolicy, secret::Secret};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

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
    pub(crate) idempotency_key: Option<CallersKey>,
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

    /// The `Idempotency-Key` of one POST, in place of one made for each call. Keep it as long as the call is not
    /// known to have succeeded, also over a restart, and the server acts once.
    ///
    /// It serves one call: the first POST of the client that [`Client::with`](crate::Client::with) makes takes it, and
    /// a second one is [`ErrorKind::Request`](crate::ErrorKind::Request), unsent. Otherwise the server would take the
    /// second of two equal calls, say a second ban, for a repetition of the first, and do nothing. To make the same
    /// call again after a failure, say `with` again, with the same key. With another body the server refuses it
    /// (`idempotency_key_reused`), which is not retried.
    ///
    /// It is as secret as the answer: on Actas, whoever has it and the request gets the same ticket again. Unlike the
    /// keys that the SDK makes, which only a server declared with [`Server::actas`](crate::Server::actas) is sent, it is
    /// sent to any server; but only a declared Actas is relied on to honour it. No import is sent one, and no other
    /// method than POST.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) unless it is 1 to 255 visible ASCII characters.
    pub fn idempotency_key(mut self, key: &str) -> Result<Self, Error> {
        let fits = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len());
        if !fits || !is_header_value(key) || key.contains([' ', '\t']) {
            return Err(Error::request("an idempotency key is 1 to 255 visible ASCII characters"));
        }
        self.idempotency_key = Some(CallersKey::new(key));
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
            idempotency_key: match self.idempotency_key {
                Some(key) => Some(CallersKey { is_taken: Arc::default(), ..key }),
                None => earlier.idempotency_key.clone(),
            },
        }
    }
}

/// A key that is taken once. Clones share that; options that are given again begin anew.
#[derive(Clone, Debug)]
pub(crate) struct CallersKey {
    key: Secret,
    is_taken: Arc<AtomicBool>,
}

impl CallersKey {
    fn new(key: &str) -> Self {
        Self { key: Secret::new(key), is_taken: Arc::default() }
    }

    /// # Errors
    /// When another call took it.
    pub(crate) fn take(&self) -> Result<Secret, Error> {
        if self.is_taken.swap(true, Ordering::Relaxed) {
            return Err(Error::request(
                "the idempotency key of these options served a call already, and serves one; give each call options \
                 of its own with Client::with",
            ));
        }
        Ok(self.key.clone())
    }
}
