//! The HTTP client that is used when a caller brings none: reqwest with rustls and the system's certificates.

use super::{BoxFuture, HttpRequest, HttpResponse, Method, Transport, TransportError};
use std::{error::Error as StdError, time::Duration};

/// Nothing has been sent while a connection is not there, so this failure may always be repeated.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than servers usually keep a connection: a request on one that the server is just closing is a request
/// of which nobody knows whether it arrived.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// `encrypted` tells whether the server's URL is https. The environment's proxies are only used then: without
    /// encryption a proxy would read the key.
    pub(crate) fn new(encrypted: bool) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
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
                .map_err(|_| TransportError::not_sent("a header's value is not one"))?;
            value.set_sensitive(header.is_secret());
            builder = builder.header(header.name(), value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        builder.build().map_err(|error| TransportError::not_sent(error.without_url()))
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
    let mut answer = HttpResponse::new(response.status().as_u16());
    for (name, value) in response.headers() {
        // What is no text is of no use here.
        if let Ok(value) = value.to_str() {
            answer = answer.header(name.as_str(), value);
        }
    }
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit_bytes) {
        return Err(TransportError::too_large(limit_bytes));
    }
    let mut body = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if chunk.len() > limit_bytes - body.len() {
            return Err(TransportError::too_large(limit_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(answer.body(body))
}

/// The URL is left out: the client's own errors name what was called, and a query may hold personal data.
fn failure(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() { TransportError::not_sent(error) } else { TransportError::interrupted(error) }
}
