//! Building a client.

use super::{
    Client, Core,
    headers::{HeaderSet, is_header_value},
    is_reserved,
};
use crate::{
    bearer::{self, Bearer, BoxError},
    error::Error,
    hooks::{AfterError, AfterResponse, BeforeRequest, Hooks},
    retry::RetryPolicy,
    secret::Secret,
    server::Server,
    transport::{Clock, ReqwestTransport, SystemClock, Transport},
};
use std::{fmt, future::Future, sync::Arc, time::Duration};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
const DEFAULT_RESPONSE_LIMIT_BYTES: usize = 32 * 1024 * 1024;
const DEFAULT_API_VERSION: &str = "2026-05-12";
const DEFAULT_USER_AGENT: &str = concat!("actas-sdk-rust/", env!("CARGO_PKG_VERSION"));

/// Makes a [`Client`]. Only the key has no default.
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    server: Server,
    bearer: Option<Bearer>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    retry: RetryPolicy,
    timeout: Duration,
    attempt_timeout: Duration,
    response_limit_bytes: usize,
    user_agent: String,
    api_version: String,
    headers: Vec<(String, String)>,
    hooks: Hooks,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            server: Server::clerk(),
            bearer: None,
            transport: None,
            clock: None,
            retry: RetryPolicy::default(),
            timeout: DEFAULT_TIMEOUT,
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            response_limit_bytes: DEFAULT_RESPONSE_LIMIT_BYTES,
            user_agent: DEFAULT_USER_AGENT.to_owned(),
            api_version: DEFAULT_API_VERSION.to_owned(),
            headers: Vec::new(),
            hooks: Hooks::default(),
        }
    }

    /// The secret key (`sk_…`).
    pub fn bearer(mut self, key: impl Into<String>) -> Self {
        self.bearer = Some(Bearer::Fixed(Secret::new(key)));
        self
    }

    /// A function that yields the key, asked before each attempt of each call, so that a key can be replaced while
    /// the program runs. It must not block, but for a blocking client, which calls it on a thread of its own; see
    /// [`bearer_from_async`](Self::bearer_from_async). When it fails or panics the call fails, with
    /// [`ErrorKind::Bearer`](crate::ErrorKind::Bearer): that attempt sent nothing.
    pub fn bearer_from<F, E>(mut self, function: F) -> Self
    where
        F: Fn() -> Result<String, E> + Send + Sync + 'static,
        E: Into<BoxError> + 'static,
    {
        self.bearer = Some(Bearer::Called(Arc::new(move || function().map(Secret::new).map_err(Into::into))));
        self
    }

    /// The same with a function that yields the key after a while, for example from a vault. Its time counts as
    /// the call's.
    pub fn bearer_from_async<F, R, E>(mut self, function: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.bearer = Some(Bearer::Yielded(Box::new(move || {
            let key = function();
            Box::pin(async move { key.await.map(Secret::new).map_err(Into::into) })
        })));
        self
    }

    /// The same builder, but a key's function that blocks does so on a thread of its own.
    #[cfg(feature = "blocking")]
    pub(crate) fn with_key_beside(mut self) -> Self {
        self.bearer = self.bearer.map(Bearer::beside);
        self
    }

    /// The server. Default: [`Server::clerk`].
    pub fn server(mut self, server: Server) -> Self {
        self.server = server;
        self
    }

    /// The longest that a call may take, with all attempts and waits. Default: 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest that one attempt may take, from the key's function to the last byte of the answer. Default: 20 s.
    /// Making a connection may take 5 s of it, or three quarters of what is said here if that is less.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How often and how patiently a request is repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The longest answer that is read, in bytes. Default: 32 MiB.
    pub fn response_limit_bytes(mut self, limit: usize) -> Self {
        self.response_limit_bytes = limit;
        self
    }

    /// The `User-Agent`. Default: `actas-sdk-rust/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The `Clerk-API-Version` that is asked for. Default: `2026-05-12`, which this SDK is written for.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self
    }

    /// A header of every request. [`build`](Self::build) refuses what is no header, and those that the SDK sets.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// An HTTP client of the caller's own, in place of the built-in one.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// A clock of the caller's own, in place of the machine's with tokio's timer.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// A function that is called before every attempt. It may set headers; when it fails or panics the call fails,
    /// with [`ErrorKind::Hook`](crate::ErrorKind::Hook): that attempt sent nothing. Several are called in the order in
    /// which they were given; likewise below.
    pub fn before_request<F>(mut self, hook: F) -> Self
    where
        F: Fn(&mut BeforeRequest<'_>) -> Result<(), BoxError> + Send + Sync + 'static,
    {
        self.hooks.before_request.push(Box::new(hook));
        self
    }

    /// A function that is called after every attempt that succeeded. Whether it panics does not matter to the call;
    /// likewise below.
    pub fn after_response<F>(mut self, hook: F) -> Self
    where
        F: Fn(&AfterResponse<'_>) + Send + Sync + 'static,
    {
        self.hooks.after_response.push(Box::new(hook));
        self
    }

    /// A function that is called after every attempt that failed, also when it is repeated.
    pub fn after_error<F>(mut self, hook: F) -> Self
    where
        F: Fn(&AfterError<'_>) + Send + Sync + 'static,
    {
        self.hooks.after_error.push(Box::new(hook));
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Builder`](crate::ErrorKind::Builder) without a key or with one that can be none, for a server
    /// that would get the key unencrypted, for a header that is none, and when the HTTP client cannot be made.
    pub fn build(self) -> Result<Client, Error> {
        let bearer =
            self.bearer.ok_or_else(|| Error::builder("there is no key: say ClientBuilder::bearer"))?;
        if let Bearer::Fixed(key) = &bearer {
            bearer::check(key).map_err(Error::builder)?;
        }
        self.server.check_encryption()?;
        for (what, text) in [("user agent", &self.user_agent), ("API version", &self.api_version)] {
            if text.is_empty() || !is_header_value(text) {
                return Err(Error::builder(format!("the {what} is empty or no value of a header")));
            }
        }
        let mut headers = HeaderSet::default();
        headers.put(crate::transport::Header::plain("accept", "application/json"));
        headers.put(crate::transport::Header::plain("user-agent", self.user_agent));
        headers.put(crate::transport::Header::plain("clerk-api-version", self.api_version));
        for (name, value) in &self.headers {
            if is_reserved(name) {
                return Err(Error::builder(format!("the header {name} is set by the SDK")));
            }
            headers.set(name, value).map_err(|error| Error::builder(error.to_string()))?;
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(
                ReqwestTransport::for_attempts(self.server.is_encrypted(), self.attempt_timeout)
                    .map_err(|error| Error::builder(format!("the HTTP client could not be made: {error}")))?,
            ),
        };
        Ok(Client::new(Core {
            server: self.server,
            bearer,
            transport,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            retry: self.retry,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            response_limit_bytes: self.response_limit_bytes,
            headers,
            hooks: self.hooks,
        }))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("server", &self.server)
            .field("bearer", &self.bearer)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
