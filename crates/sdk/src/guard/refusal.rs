//! Why a request was refused, and the answer that says so.

use crate::verify::VerifyError;
use http::{HeaderValue, Response, StatusCode, header};
use std::{error::Error, fmt};

/// Why a request was refused. It becomes an HTTP response with [`to_http`](Self::to_http); in `axum` by itself. The response
/// has it among its extensions, so that a layer outside can log why.
#[derive(Clone, Debug)]
pub struct Refusal {
    reason: RefusalReason,
    cause: Option<VerifyError>,
}

/// The reasons of a [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The request has no session token.
    SignedOut,
    /// Its session token is not accepted.
    InvalidToken,
    /// Its session token cannot be checked now.
    KeysUnavailable,
    /// It comes from another site, and its session from a cookie.
    CrossOrigin,
    /// The route is not for who acts as somebody else.
    Impersonating,
    /// Who acts as somebody else may only look, and this would change something.
    ReadOnly,
    /// The route is only for who acts as somebody else.
    NotImpersonating,
    /// The guard is not inside a [`SessionLayer`](super::SessionLayer): a mistake in how the app was put together.
    NoSessionLayer,
}

impl Refusal {
    pub(super) const fn new(reason: RefusalReason) -> Self {
        Self { reason, cause: None }
    }

    pub(super) const fn caused_by(reason: RefusalReason, cause: VerifyError) -> Self {
        Self { reason, cause: Some(cause) }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> RefusalReason {
        self.reason
    }

    /// Why the token was not accepted, if there was one. It is for logs; the response does not tell.
    #[must_use]
    pub const fn cause(&self) -> Option<&VerifyError> {
        self.cause.as_ref()
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer().0
    }

    /// The `code` in the response's error envelope.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.answer().1
    }

    /// The response, with a body of any type that a text can become, and with the refusal in its extensions.
    #[must_use]
    pub fn to_http<B: From<String>>(&self) -> Response<B> {
        let (status, code, message, long_message) = self.answer();
        // Constants without a character that JSON escapes; a test reads them all.
        let body = format!(
            r#"{{"errors":[{{"message":"{message}","long_message":"{long_message}","code":"{code}"}}]}}"#
        );
        let mut response = Response::new(B::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.reason {
            RefusalReason::SignedOut => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            RefusalReason::InvalidToken => {
                let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            RefusalReason::KeysUnavailable => {
                let wait = self.cause.as_ref().and_then(VerifyError::try_again_after);
                let seconds = wait.map_or(1, |wait| wait.as_secs());
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            _ => {}
        }
        response.extensions_mut().insert(self.clone());
        response
    }

    /// Is it for what the caller brought along, or did not?
    pub(super) fn is_about_the_caller(&self) -> bool {
        !matches!(self.reason, RefusalReason::KeysUnavailable | RefusalReason::NoSessionLayer)
    }

    /// Status, code, message and long message.
    fn answer(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        let forbidden = |long| (StatusCode::FORBIDDEN, "authorization_invalid", "Unauthorized request", long);
        match self.reason {
            RefusalReason::SignedOut | RefusalReason::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                "authentication_invalid",
                "Invalid authentication",
                "Unable to authenticate the request, you need to supply an active session",
            ),
            RefusalReason::CrossOrigin => (
                StatusCode::BAD_REQUEST,
                "origin_invalid",
                "Invalid HTTP Origin header",
                "The request comes from a page of another site, so its cookies do not count.",
            ),
            RefusalReason::KeysUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "service_unavailable",
                "Service unavailable",
                "The session cannot be checked at the moment. Try again in a moment.",
            ),
            RefusalReason::Impersonating => {
                forbidden("This is not allowed while you are signed in as another user.")
            }
            RefusalReason::ReadOnly => {
                forbidden("While you are signed in as another user you can look, but change nothing.")
            }
            RefusalReason::NotImpersonating => {
                forbidden("This is only for a session in which you are signed in as another user.")
            }
            RefusalReason::NoSessionLayer => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_clerk_error",
                "Oops, an unexpected error occurred",
                "There is no SessionLayer around this guard. In axum it is added last, to be outermost.",
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.answer().3)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn Error + 'static))
    }
}
