//! The HTTP client that is used when a caller brings none: reqwest with rustls and the system's certificates.

use super::{BoxFuture, HttpRequest, HttpResponse, Method, Transport, TransportError};
use std::{error::Error as StdError, io, time::Duration};

/// Nothing has been sent while a connection is not there, so this failure may always be repeated.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The memory that an answer gets before there is any of it: what it announces is not yet there.
const INITIAL_CAPACITY_BYTES: usize = 64 * 1024;

/// Shorter than servers usually keep a connection: a request on one that the server is just closing is a request
/// of which nobody knows whether it arrived.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// `encrypted` tells whether the server's URL is https. The environment's proxies are only used then: without
    /// encryption a proxy would read the key.
    #[cfg(feature = "verify")]
    pub(crate) fn new(encrypted: bool) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        Self::for_attempts(encrypted, Duration::MAX)
    }

    /// A connection gets less time than an attempt, so that one that does not come about is known as such: a request
    /// that is given up by the attempt's limit may have been sent.
    pub(crate) fn for_attempts(
        encrypted: bool,
        attempt_timeout: Duration,
    ) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min((attempt_timeout / 4).saturating_mul(3)))
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .https_only(encrypted);
        if !encrypted {
            builder = builder.no_proxy();
        }
        Ok(Self(builder.build()?))
    }

    fn prepare(&self, request: &HttpRequest) -> Result<reqwest::Request, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.0.request(method, &request.url);
        for header in &request.headers {
            let mut value = reqwest::header::HeaderValue::from_str(header.value())
                .map_err(|_| TransportError::unmakeable("a header's value is not one"))?;
            value.set_sensitive(header.is_secret());
            builder = builder.header(header.name(), value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        builder.build().map_err(|error| TransportError::unmakeable(error.without_url()))
    }
}

impl Transport for ReqwestTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let prepared = self.prepare(&request)?;
            let response = self.0.execute(prepared).await.map_err(failure)?;
            read(response, request.response_limit_bytes).await
        })
    }
}

async fn read(mut response: reqwest::Response, limit_bytes: usize) -> Result<HttpResponse, TransportError> {
    let status = response.status().as_u16();
    let too_large = || TransportError::too_large(limit_bytes).with_status(status);
    let mut answer = HttpResponse::new(status);
    for (name, value) in response.headers() {
        // What is no text is of no use here.
        if let Ok(value) = value.to_str() {
            answer = answer.header(name.as_str(), value);
        }
    }
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit_bytes) {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced.unwrap_or_default().min(INITIAL_CAPACITY_BYTES));
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if chunk.len() > limit_bytes - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(answer.body(body))
}

/// The URL is left out: the client's own errors name what was called, and a query may hold personal data.
fn failure(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_builder() {
        TransportError::unmakeable(error)
    } else if !error.is_connect() {
        TransportError::interrupted(error)
    } else if is_refused_handshake(&error) {
        TransportError::permanent(error)
    } else {
        TransportError::not_sent(error)
    }
}

/// Whether it was the TLS handshake that failed, and not for want of a connection: a certificate that is not trusted,
/// or a server that does not speak TLS. It would fail again.
fn is_refused_handshake(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        // An error that an `io::Error` was made of is not its source.
        source = match inner.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::InvalidData => return true,
            Some(error) => error.get_ref().map(|wrapped| wrapped as &(dyn StdError + 'static)),
            None => inner.source(),
        };
    }
    false
}
