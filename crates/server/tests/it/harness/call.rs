//! One request, written down step by step.

use super::Answer;
use actas_server::Entry;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, Uri};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

/// Where requests come from (RFC 5737).
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

#[must_use]
pub(crate) struct Call<'a> {
    entry: &'a Entry,
    request: Request<Body>,
}

impl<'a> Call<'a> {
    pub(super) fn new(entry: &'a Entry, method: &str, path: &str) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method.parse().expect("a method");
        *request.uri_mut() = path.parse::<Uri>().expect("a path and a query");
        Self { entry, request }
    }

    /// Adds a header, beside others of the same name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value");
        self.request.headers_mut().append(name, value);
        self
    }

    pub(crate) fn version(self, version: &str) -> Self {
        self.header("clerk-api-version", version)
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json").body(value.to_string())
    }

    pub(crate) async fn send(self) -> Answer {
        Answer::of(self.entry.answer(self.request, PEER).await).await
    }
}
