//! Requests and answers in types of our own.

use crate::secret::Secret;
use bytes::Bytes;
use std::fmt;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A header of a request.
#[derive(Clone, Debug)]
pub struct Header {
    name: String,
    value: HeaderText,
}

#[derive(Clone)]
enum HeaderText {
    Plain(String),
    Secret(Secret),
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => fmt::Debug::fmt(text, formatter),
            Self::Secret(secret) => fmt::Debug::fmt(secret, formatter),
        }
    }
}

impl Header {
    pub(crate) fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: HeaderText::Plain(value.into()) }
    }

    pub(crate) fn secret(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: HeaderText::Secret(Secret::new(value)) }
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value: visible ASCII, spaces and tabs.
    #[must_use]
    pub fn value(&self) -> &str {
        match &self.value {
            HeaderText::Plain(text) => text,
            HeaderText::Secret(secret) => secret.reveal(),
        }
    }

    /// Whether the value must not be printed.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.value, HeaderText::Secret(_))
    }
}

/// A request that is ready to be sent. `Debug` shows neither the key nor the body.
#[derive(Clone)]
pub struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Bytes>,
    pub(crate) response_limit_bytes: usize,
}

impl HttpRequest {
    /// A request without headers and body, and without a limit of its answer. The client makes its own; this is for
    /// tests of a [`super::Transport`].
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: None, response_limit_bytes: usize::MAX }
    }

    /// Adds a header, whose value counts as secret.
    #[must_use]
    pub fn with_header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.headers.push(Header::secret(name.as_ref().to_ascii_lowercase(), value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The whole URL, with its query.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers, `authorization` and (with a body) `content-type` among them.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The body, if there is one, without a copy where nobody else holds it.
    #[must_use]
    pub fn into_body(self) -> Option<Vec<u8>> {
        self.body.map(Vec::from)
    }

    /// The longest answer that is of use. A longer one is to be given up with [`super::TransportError::too_large`].
    #[must_use]
    pub fn response_limit_bytes(&self) -> usize {
        self.response_limit_bytes
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

/// An answer: its status, its headers and its whole body. `Debug` does not show the body, where tickets are.
#[derive(Clone)]
pub struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// An answer without headers and body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.find_header("x-clerk-trace-id")
    }

    /// The first value under this name, in whatever case.
    pub(crate) fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("header_names", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
