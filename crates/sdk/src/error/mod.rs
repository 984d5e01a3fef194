//! The one error of the client.

mod api;
mod build;
mod display;

pub use api::ApiErrorItem;
pub(crate) use api::Refusal;
pub(crate) use build::describe;

use std::{borrow::Cow, error::Error as StdError, time::Duration};

type Source = Box<dyn StdError + Send + Sync>;

/// Why a call has no answer.
///
/// It is opaque, so that causes can be told apart more finely later: ask its [`kind`](Self::kind), its predicates
/// (`is_…`) and its accessors. Neither `Debug` nor `Display` shows a key, a ticket or a body. `Display` says the
/// innermost cause as well, which the chain of [`source`](std::error::Error::source) has too.
pub struct Error(pub(crate) Box<Inner>);

pub(crate) struct Inner {
    pub(crate) cause: Cause,
    pub(crate) operation: Option<&'static str>,
    pub(crate) attempts: u32,
    /// Of the call, not of its last attempt.
    pub(crate) may_have_taken_effect: bool,
    /// What the attempt before a timeout met.
    pub(crate) earlier: Option<Error>,
}

pub(crate) enum Cause {
    Refused(Refusal),
    Redirected { status: u16, trace_id: Option<String> },
    NotSent(Source),
    Interrupted(Source),
    TimedOut { limit: Duration, what: TimedOut },
    Undecodable { status: u16, problem: Cow<'static, str>, body: Vec<u8>, trace_id: Option<String> },
    TooLarge { status: Option<u16>, source: Source },
    Value(String),
    Bearer(Source),
    Hook(Source),
    Builder(String),
    Request(String),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimedOut {
    /// The caller's function that yields the key: nothing was sent.
    Key,
    Answer,
    Call,
}

impl TimedOut {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "the function that yields the key",
            Self::Answer => "the answer",
            Self::Call => "the call",
        }
    }
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API refused, with one of the statuses that its reference names for the method (400, 402 and 422 on
    /// `actor_tokens.create`; 400 and 404 on `actor_tokens.revoke`) and with errors that could be read:
    /// [`Error::errors`] is not empty.
    ClerkErrors,
    /// Any other answer of 4XX or 5XX.
    ApiError,
    /// The answer sends the client elsewhere. It never goes there, for the request carries the key.
    Redirect,
    /// The connection failed or was cut.
    Transport,
    /// The call, or its last attempt, took too long.
    Timeout,
    /// There was an answer, but it was too long, or it was a success that could not be understood.
    Decode,
    /// The client could not be built as asked for.
    Builder,
    /// The request could not be made as asked for, for example with a header that is none. This attempt sent
    /// nothing; what earlier ones of the call did, [`Error::may_have_taken_effect`] tells. Likewise below.
    Request,
    /// The caller's function yielded no key.
    Bearer,
    /// One of the caller's hooks refused the request, or panicked.
    Hook,
}

impl Error {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Refused(refusal) if refusal.documented && !refusal.items.is_empty() => {
                ErrorKind::ClerkErrors
            }
            Cause::Refused(_) => ErrorKind::ApiError,
            Cause::Redirected { .. } => ErrorKind::Redirect,
            Cause::NotSent(_) | Cause::Interrupted(_) => ErrorKind::Transport,
            Cause::TimedOut { .. } => ErrorKind::Timeout,
            Cause::Undecodable { .. } | Cause::TooLarge { .. } | Cause::Value(_) => ErrorKind::Decode,
            Cause::Bearer(_) => ErrorKind::Bearer,
            Cause::Hook(_) => ErrorKind::Hook,
            Cause::Builder(_) => ErrorKind::Builder,
            Cause::Request(_) => ErrorKind::Request,
        }
    }

    /// Whether the API answered with 4XX or 5XX.
    #[must_use]
    pub fn is_api(&self) -> bool {
        matches!(self.0.cause, Cause::Refused(_))
    }

    /// Whether what was asked for does not exist: 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == 404)
    }

    /// Whether the key was not accepted: 401.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == 401)
    }

    /// Whether too many requests were made: 429. See [`Error::retry_after`].
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == 429)
    }

    /// Whether the fault is the server's: 5XX.
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status >= 500)
    }

    /// Whether the request may have taken effect, by any attempt of the call: at least one was sent of which nobody
    /// knows what became of it (its answer did not come, was not whole, was 5XX or none of the API's), or it
    /// succeeded. `false` is certain: every attempt was refused (4XX) or not sent.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect
    }

    /// Whether no connection came about, in any attempt of the call: the request certainly did not reach the
    /// server. Where only the last attempt found no connection, [`is_transport`](Self::is_transport) is true and
    /// this is not.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self.0.cause, Cause::NotSent(_)) && !self.0.may_have_taken_effect
    }

    /// Whether the connection failed, or was cut before the whole answer was here. Whether the request may have
    /// taken effect, [`may_have_taken_effect`](Self::may_have_taken_effect) tells.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        self.kind() == ErrorKind::Transport
    }

    /// Whether it took too long. Whether the request may have taken effect,
    /// [`may_have_taken_effect`](Self::may_have_taken_effect) tells. What the attempt before met, if there was one, is
    /// its [`source`](std::error::Error::source).
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether a success could not be understood, or any answer was too long.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.kind() == ErrorKind::Decode
    }

    /// Whether the answer sends the client elsewhere.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        self.kind() == ErrorKind::Redirect
    }

    /// Whether the client could not be built.
    #[must_use]
    pub fn is_builder(&self) -> bool {
        self.kind() == ErrorKind::Builder
    }

    /// Whether the request could not be made as asked for.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.kind() == ErrorKind::Request
    }

    /// Whether the caller's function yielded no key.
    #[must_use]
    pub fn is_bearer(&self) -> bool {
        self.kind() == ErrorKind::Bearer
    }

    /// Whether one of the caller's hooks refused the request.
    #[must_use]
    pub fn is_hook(&self) -> bool {
        self.kind() == ErrorKind::Hook
    }

    /// The status of the last answer, where there was one; after a timeout that of the attempt before.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Refused(refusal) => Some(refusal.status),
            Cause::Redirected { status, .. } | Cause::Undecodable { status, .. } => Some(*status),
            Cause::TooLarge { status, .. } => *status,
            _ => self.0.earlier.as_ref().and_then(Self::status),
        }
    }

    /// The code of the API's first error, for example `form_param_missing`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.errors().first().map(ApiErrorItem::code)
    }

    /// The API's errors, in its order. Empty where it gave none, or none that could be read.
    #[must_use]
    pub fn errors(&self) -> &[ApiErrorItem] {
        self.refusal().map_or(&[], |refusal| &refusal.items)
    }

    /// The API's id of the request, to be named to whoever runs the server; after a timeout that of the attempt
    /// before.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Refused(Refusal { trace_id, .. })
            | Cause::Redirected { trace_id, .. }
            | Cause::Undecodable { trace_id, .. } => trace_id.as_deref(),
            _ => self.0.earlier.as_ref().and_then(Self::trace_id),
        }
    }

    /// The body of the last answer. **It may hold a ticket** where a success could not be decoded.
    #[must_use]
    pub fn raw_body(&self) -> Option<&[u8]> {
        match &self.0.cause {
            Cause::Refused(refusal) => Some(&refusal.body),
            Cause::Undecodable { body, .. } => Some(body),
            _ => None,
        }
    }

    /// How long the server asks to wait before the next request (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }

    /// How many attempts were made, without a last one that ended before there was a request. 0 when nothing was
    /// sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The method that was called, for example `actor_tokens.create`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.0.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::NotSent(source)
            | Cause::Interrupted(source)
            | Cause::Bearer(source)
            | Cause::Hook(source) => Some(source.as_ref()),
            _ => self.0.earlier.as_ref().map(|earlier| earlier as &(dyn StdError + 'static)),
        }
    }
}
