//! The making of errors.

use super::{Cause, Error, Inner};
use std::borrow::Cow;

impl Error {
    pub(crate) fn new(cause: Cause) -> Self {
        Self(Box::new(Inner { cause, operation: None, attempts: 0 }))
    }

    pub(crate) fn request(problem: impl Into<String>) -> Self {
        Self::new(Cause::Request(problem.into()))
    }

    pub(crate) fn builder(problem: impl Into<String>) -> Self {
        Self::new(Cause::Builder(problem.into()))
    }

    pub(crate) fn undecodable_value(error: &serde_json::Error) -> Self {
        Self::new(Cause::Value(format!("the JSON could not be understood: {}", describe(error))))
    }

    /// Whether the attempt ended before there was a request.
    pub(crate) fn was_never_sent(&self) -> bool {
        matches!(self.0.cause, Cause::Bearer(_) | Cause::Hook(_) | Cause::Request(_))
    }

    pub(crate) fn of_operation(mut self, operation: &'static str, attempts: u32) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
        self
    }
}

/// What serde says, without the values that it met: one of them may be a ticket.
pub(crate) fn describe(error: &serde_json::Error) -> Cow<'static, str> {
    let text = error.to_string();
    if text.starts_with("missing field `") {
        return Cow::Owned(text);
    }
    let what = match error.classify() {
        serde_json::error::Category::Data => "a value of another type than expected",
        serde_json::error::Category::Eof => "the JSON ends too early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "no JSON",
    };
    match error.line() {
        0 => Cow::Borrowed(what),
        line => Cow::Owned(format!("{what}, at line {line} column {}", error.column())),
    }
}
