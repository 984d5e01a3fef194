//! The one error of the client.

mod api;
mod build;

pub use api::ApiErrorItem;
pub(crate) use api::Refusal;
pub(crate) use build::describe;

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

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
}

pub(crate) enum Cause {
    Refused(Refusal),
    Redirected { status: u16 },
    NotSent(Source),
    Interrupted(Source),
    TimedOut { limit: Duration, whole_call: bool },
    Undecodable { status: u16, problem: Cow<'static, str>, body: Vec<u8> },
    TooLarge(Source),
    Value(String),
    Bearer(Source),
    Hook(Source),
    Builder(String),
    Request(String),
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
    /// The answer was a success, but not one that could be understood; or it was too long.
    Decode,
    /// The client could not be built as asked for.
    Builder,
    /// The request could not be made as asked for, for example with a header that is none. Nothing was sent.
    Request,
    /// The caller's function yielded no key. Nothing was sent.
    Bearer,
    /// One of the caller's hooks refused the request. Nothing was sent.
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
            Cause::Undecodable { .. } | Cause::TooLarge(_) | Cause::Value(_) => ErrorKind::Decode,
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

    /// Whether no connection came about; the request certainly did not reach the server.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self.0.cause, Cause::NotSent(_))
    }

    /// Whether the connection failed, or was cut before the whole answer was here. In the latter case the request
    /// may have taken effect.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        self.kind() == ErrorKind::Transport
    }

    /// Whether it took too long. The request may have taken effect.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether a success could not be understood, or was too long. The request has taken effect.
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

    /// The status of the last answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Refused(refusal) => Some(refusal.status),
            Cause::Redirected { status } | Cause::Undecodable { status, .. } => Some(*status),
            _ => None,
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

    /// The API's id of the request, to be named to whoever runs the server.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.refusal().and_then(|refusal| refusal.trace_id.as_deref())
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

    /// How many attempts were made. 0 when nothing was sent.
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

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(formatter, "{operation}: ")?;
        }
        match &self.0.cause {
            Cause::Refused(refusal) => fmt::Display::fmt(refusal, formatter)?,
            Cause::Redirected { status } => {
                write!(formatter, "the server answered {status}, a redirect, which is not followed; ")?;
                formatter.write_str("check the server's URL")?;
            }
            Cause::NotSent(source) => write!(formatter, "no connection to the server: {}", root(source))?,
            Cause::Interrupted(source) => {
                write!(
                    formatter,
                    "the connection was cut before the whole answer was here: {}",
                    root(source)
                )?;
            }
            Cause::TimedOut { limit, whole_call } => {
                let what = if *whole_call { "the call" } else { "the answer" };
                write!(formatter, "{what} took longer than {limit:?}")?;
            }
            Cause::Undecodable { status, problem, .. } => {
                write!(formatter, "the answer ({status}) could not be understood: {problem}")?;
            }
            Cause::TooLarge(source) => fmt::Display::fmt(source, formatter)?,
            Cause::Bearer(source) => write!(formatter, "no key was yielded: {}", root(source))?,
            Cause::Hook(source) => write!(formatter, "a hook refused the request: {}", root(source))?,
            Cause::Value(problem) | Cause::Builder(problem) | Cause::Request(problem) => {
                formatter.write_str(problem)?;
            }
        }
        match self.0.attempts {
            0 | 1 => Ok(()),
            attempts => write!(formatter, " (after {attempts} attempts)"),
        }
    }
}

/// The innermost cause: those around it say little more than that something failed.
fn root(source: &Source) -> &(dyn StdError + 'static) {
    let mut root: &(dyn StdError + 'static) = source.as_ref();
    while let Some(inner) = root.source() {
        root = inner;
    }
    root
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Error");
        debug.field("kind", &self.kind());
        if let Some(status) = self.status() {
            debug.field("status", &status);
        }
        debug.field("message", &format_args!("{:?}", self.to_string()));
        if let Some(source) = self.source() {
            debug.field("source", &source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::NotSent(source)
            | Cause::Interrupted(source)
            | Cause::Bearer(source)
            | Cause::Hook(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}
