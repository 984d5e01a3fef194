//! What a caller is told, and may change, around every attempt.

use crate::{
    bearer::BoxError,
    client::{HeaderSet, is_reserved},
    error::Error,
    transport::Method,
};
use std::{fmt, time::Duration};

/// An attempt that is about to be made. The key is not in it, and cannot be seen or set here.
#[derive(Debug)]
pub struct BeforeRequest<'a> {
    pub(crate) attempt: Attempt<'a>,
    pub(crate) headers: &'a mut HeaderSet,
}

/// An attempt that succeeded.
#[derive(Debug)]
pub struct AfterResponse<'a> {
    pub(crate) attempt: Attempt<'a>,
    pub(crate) status: u16,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) is_replayed: bool,
    pub(crate) took: Duration,
}

/// An attempt that failed.
#[derive(Debug)]
pub struct AfterError<'a> {
    pub(crate) attempt: Attempt<'a>,
    pub(crate) error: &'a Error,
    pub(crate) took: Duration,
    pub(crate) repeated_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) number: u32,
}

/// The accessors that all three have.
macro_rules! attempt_accessors {
    ($name:ident) => {
        impl $name<'_> {
            /// The method that was called, for example `actor_tokens.create`.
            #[must_use]
            pub fn operation(&self) -> &'static str {
                self.attempt.operation
            }

            /// The HTTP method.
            #[must_use]
            pub fn method(&self) -> Method {
                self.attempt.method
            }

            /// The whole URL. Its query may hold personal data, but never a ticket or a key.
            #[must_use]
            pub fn url(&self) -> &str {
                self.attempt.url
            }

            /// Which attempt of the call it is, from 1.
            #[must_use]
            pub fn attempt(&self) -> u32 {
                self.attempt.number
            }
        }
    };
}

attempt_accessors!(BeforeRequest);
attempt_accessors!(AfterResponse);
attempt_accessors!(AfterError);

impl BeforeRequest<'_> {
    /// Sets a header of this attempt, in place of one of the same name.
    ///
    /// # Errors
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) for what is no header, and for those that the SDK sets
    /// itself.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if is_reserved(name) {
            return Err(Error::request(format!("the header {name} is set by the SDK")));
        }
        self.headers.set(name, value)
    }
}

impl AfterResponse<'_> {
    /// The status: 2XX, or 404 where a repeated deletion found that an earlier attempt had done it.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The API's id of the request.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id
    }

    /// Whether the server answered what it had answered before to the same `Idempotency-Key`
    /// (`Idempotency-Replayed: true`), and did nothing more.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.is_replayed
    }

    /// How long this attempt took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }
}

impl AfterError<'_> {
    /// Why the attempt failed.
    #[must_use]
    pub fn error(&self) -> &Error {
        self.error
    }

    /// How long this attempt took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// How long is waited before the next attempt; `None` when this was the last.
    #[must_use]
    pub fn repeated_after(&self) -> Option<Duration> {
        self.repeated_after
    }
}

pub(crate) type BeforeHook = Box<dyn Fn(&mut BeforeRequest<'_>) -> Result<(), BoxError> + Send + Sync>;
pub(crate) type ResponseHook = Box<dyn Fn(&AfterResponse<'_>) + Send + Sync>;
pub(crate) type ErrorHook = Box<dyn Fn(&AfterError<'_>) + Send + Sync>;

#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) before_request: Vec<BeforeHook>,
    pub(crate) after_response: Vec<ResponseHook>,
    pub(crate) after_error: Vec<ErrorHook>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Hooks")
            .field("before_request", &self.before_request.len())
            .field("after_response", &self.after_response.len())
            .field("after_error", &self.after_error.len())
            .finish()
    }
}
