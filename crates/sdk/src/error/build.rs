//! The making of errors.

use super::{Cause, Error, Inner, TimedOut};
use std::borrow::Cow;

impl Error {
    pub(crate) fn new(cause: Cause) -> Self {
        let may_have_taken_effect = may_have_taken_effect(&cause);
        Self(Box::new(Inner { cause, operation: None, attempts: 0, may_have_taken_effect, earlier: None }))
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
        match self.0.cause {
            Cause::Bearer(_) | Cause::Hook(_) | Cause::Request(_) => true,
            Cause::TimedOut { what, .. } => what == TimedOut::Key,
            _ => false,
        }
    }

    pub(crate) fn of_operation(mut self, operation: &'static str, attempts: u32) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
        self
    }

    /// What is certain of a call is so of each of its attempts.
    pub(crate) fn after_attempts(mut self, may_have_taken_effect: bool) -> Self {
        self.0.may_have_taken_effect |= may_have_taken_effect;
        self
    }

    /// What the attempt before met; it tells more than a last one that took too long.
    pub(crate) fn after(mut self, earlier: Option<Self>) -> Self {
        if matches!(self.0.cause, Cause::TimedOut { .. }) {
            self.0.earlier = earlier;
        }
        self
    }
}

/// A refusal tells that nothing was done; a fault of the server's, or of somebody on the way, tells nothing.
fn may_have_taken_effect(cause: &Cause) -> bool {
    match cause {
        Cause::Refused(refusal) => refusal.status >= 500,
        Cause::TimedOut { what, .. } => *what != TimedOut::Key,
        Cause::TooLarge { status, .. } => !status.is_some_and(|status| (400..500).contains(&status)),
        Cause::Interrupted(_) | Cause::Redirected { .. } | Cause::Undecodable { .. } => true,
        Cause::NotSent(_)
        | Cause::Value(_)
        | Cause::Bearer(_)
        | Cause::Hook(_)
        | Cause::Builder(_)
        | Cause::Request(_) => false,
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
