//! An answer, read whole.

use super::shown::shown;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use std::fmt;

/// Its `Display` is for snapshots: a success is its status and its JSON, an error is one line with all that its
/// envelope has. What differs from run to run is checked for its form and replaced by a word in brackets.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(super) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        let answer = Self { status: parts.status, headers: parts.headers, body };
        answer.check_trace();
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of visible characters"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}: {}", self.status, self.text());
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// The JSON of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self.json()
    }

    /// The one error of an envelope that has everything that clients were seen to need.
    #[track_caller]
    pub(crate) fn error(&self) -> Map<String, Value> {
        let json = self.json();
        assert!(self.status.is_client_error() || self.status.is_server_error(), "{self:?}");
        let envelope = json.as_object().expect("an envelope");
        assert_eq!(envelope.keys().collect::<Vec<_>>(), ["clerk_trace_id", "errors"]);
        assert_eq!(envelope["clerk_trace_id"].as_str(), self.header("x-clerk-trace-id"));
        let [error] = envelope["errors"].as_array().expect("a list of errors").as_slice() else {
            panic!("one error, not {json}");
        };
        let error = error.as_object().expect("an error is an object");
        for member in ["message", "long_message", "code"] {
            assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {error:?}");
        }
        error.clone()
    }

    /// The code of an error.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.error()["code"].as_str().expect("a code").to_owned()
    }

    fn check_trace(&self) {
        let trace_id = self.header("x-clerk-trace-id").expect("a trace id");
        let is_hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(trace_id.len() == 32 && trace_id.bytes().all(is_hexadecimal), "{trace_id}");
        assert_eq!(self.header("clerk-trace-id"), Some(trace_id));
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_u16();
        if self.status.is_success() {
            return write!(formatter, "{status} {:#}", shown(self.json()));
        }
        let error = shown(Value::Object(self.error()));
        let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
        write!(formatter, "{status} {} | {} | {}", text("code"), text("message"), text("long_message"))?;
        match &error["meta"] {
            Value::Null => Ok(()),
            meta => write!(formatter, " | {meta}"),
        }
    }
}
