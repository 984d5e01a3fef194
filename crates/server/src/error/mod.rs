//! The one place where a refusal becomes HTTP: status, code, both messages and `meta`, as the contract has them.

mod frontend;
mod parameter;

use actas_api_types::error::{ErrorEnvelope, ErrorItem};
use actas_domain::{
    ports::StoreError,
    refusal::{Failure, ParameterRefusal, Refusal, TicketRefusal},
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// An answer that is not a success. Its body is written where the request's trace id is known.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) long_message: Cow<'static, str>,
    pub(crate) meta: Map<String, Value>,
    pub(crate) retry_after_seconds: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        long_message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            long_message: long_message.into(),
            meta: Map::new(),
            retry_after_seconds: None,
        }
    }

    fn with_meta(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub(crate) fn authorization_header_format() -> Self {
        let long = "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'";
        let code = "authorization_header_format_invalid";
        Self::new(StatusCode::UNAUTHORIZED, code, "Invalid Authorization header format", long)
    }

    pub(crate) fn secret_key_invalid() -> Self {
        let text =
            "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.";
        Self::new(StatusCode::UNAUTHORIZED, "clerk_key_invalid", text, text)
    }

    pub(crate) fn api_version_invalid(reason: &str) -> Self {
        let long = format!("Invalid Clerk API version: {reason}");
        Self::new(StatusCode::BAD_REQUEST, "api_version_invalid", "invalid API version", long)
    }

    pub(crate) fn body_invalid() -> Self {
        let long = "The request body is invalid. Please consult the API documentation for more information.";
        Self::new(StatusCode::BAD_REQUEST, "request_body_invalid", "Request body invalid", long)
    }

    /// A line of many that is no JSON object; the others are looked at all the same.
    pub(crate) fn line_invalid() -> Self {
        let long = "This line is not a JSON object in UTF-8.";
        Self::new(StatusCode::BAD_REQUEST, "request_body_invalid", "Request body invalid", long)
    }

    pub(crate) fn body_too_large(max_bytes: usize) -> Self {
        let long = format!("The request body exceeds the maximum allowed size of {max_bytes} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request_body_too_large", "Request body too large", long)
    }

    pub(crate) fn content_type_unsupported(actual: &str, expected: &str) -> Self {
        let actual = if actual.is_empty() { "(none)" } else { actual };
        let long = format!("Content-Type {actual} is unsupported. You should use {expected} instead.");
        let code = "unsupported_content_type";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, "Content-Type is unsupported", long)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource_not_found", "not found", "Resource not found")
    }

    pub(crate) fn deprecated() -> Self {
        let text = "endpoint is deprecated and pending removal";
        Self::new(StatusCode::GONE, "operation_deprecated", text, text)
    }

    pub(crate) fn cookie_invalid() -> Self {
        let long = "The token provided is not the cookie of a client.";
        Self::new(StatusCode::BAD_REQUEST, "cookie_invalid", "Invalid cookie", long)
    }

    pub(crate) fn origin_invalid() -> Self {
        let long = "The Request HTTP Origin header must be equal to or a subdomain of the requesting URL.";
        Self::new(StatusCode::BAD_REQUEST, "origin_invalid", "Invalid HTTP Origin header", long)
    }

    pub(crate) fn too_many_requests(retry_after_seconds: u32) -> Self {
        let long = "Too many requests, retry later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests", long)
            .retry_after(retry_after_seconds.max(1))
    }

    pub(crate) fn request_timeout() -> Self {
        let long = "The request did not arrive in time, and nothing was done. Send it again, whole.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "Request timeout", long)
    }

    pub(crate) fn unavailable() -> Self {
        let long = "The service cannot do this right now. Try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", "Service unavailable", long)
            .retry_after(1)
    }

    pub(crate) fn internal() -> Self {
        let long =
            "There was an internal error on our servers. We've been notified and are working on fixing it.";
        let message = "Oops, an unexpected error occurred";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_clerk_error", message, long)
    }

    /// The JSON of this error under a trace id.
    pub(crate) fn envelope(&self, trace_id: &str) -> ErrorEnvelope {
        ErrorEnvelope { errors: vec![self.item()], clerk_trace_id: trace_id.to_owned() }
    }

    /// The error without its status, as an envelope or a row of an import holds it.
    pub(crate) fn item(&self) -> ErrorItem {
        ErrorItem {
            message: self.message.clone().into_owned(),
            long_message: self.long_message.clone().into_owned(),
            code: self.code.to_owned(),
            meta: self.meta.clone(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ParameterRefusal> for ApiError {
    fn from(refusal: ParameterRefusal) -> Self {
        parameter::error(&refusal)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::from(refusal),
            // Whoever was answered before is answered by the layer of the idempotency key.
            Failure::Answered => Self::unavailable(),
            failure @ (Failure::Store(StoreError::Overloaded) | Failure::Contended) => {
                tracing::warn!(why = %failure, "turned away");
                Self::unavailable()
            }
            Failure::Store(error @ StoreError::Unavailable(_)) => {
                tracing::error!(%error, "the store is unavailable");
                Self::unavailable()
            }
            Failure::Store(error @ StoreError::Corrupt(_)) => {
                tracing::error!(%error, "the store holds something unreadable");
                Self::internal()
            }
            Failure::Keys(error) => {
                tracing::error!(%error, "the signing keys cannot be used");
                Self::internal()
            }
        }
    }
}

impl From<Refusal> for ApiError {
    #[expect(clippy::too_many_lines, reason = "one exhaustive table, each row on its own")]
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code();
        let not_found = |long: String| Self::new(StatusCode::NOT_FOUND, code, "not found", long);
        match refusal {
            Refusal::Parameter(refusal) => parameter::error(&refusal),
            Refusal::Ticket(refusal) => ticket(refusal),
            Refusal::ImpersonationDisabled => Self::new(
                StatusCode::PAYMENT_REQUIRED,
                code,
                "Unsupported plan features",
                "Some features are not supported in your current plan. Upgrade your subscription to unlock them.",
            )
            .with_meta("unsupported_features", json!(["impersonation"])),
            Refusal::ImpersonationQuotaReached { limit, used } => quota_reached(limit, used),
            Refusal::UserNotFound(id) => not_found(format!("No user was found with id {id}")),
            Refusal::ResourceNotFound => Self::not_found(),
            Refusal::SessionNotFound(id) => Self::new(
                StatusCode::NOT_FOUND,
                code,
                "Session not found",
                format!("No session was found with id {id}"),
            ),
            Refusal::ClientNotFound(id) => Self::new(
                StatusCode::NOT_FOUND,
                code,
                "Client not found",
                format!("No client was found with id {id}"),
            ),
            Refusal::JwtTemplateNotFound(name) => Self::new(
                StatusCode::NOT_FOUND,
                code,
                "JWT template not found",
                format!("No JWT template exists with name: {name}"),
            ),
            Refusal::SecretKeyNotFound(id) => not_found(format!("No secret key was found with id {id}")),
            Refusal::SecretKeyRevoked => Self::secret_key_invalid(),
            Refusal::UserBanned => Self::new(
                StatusCode::FORBIDDEN,
                code,
                "User banned",
                "You have been banned. If you think this was by mistake, please contact support.",
            ),
            Refusal::UserLocked => Self::new(
                StatusCode::FORBIDDEN,
                code,
                "Account locked",
                "Your account is locked. For more information, please contact support.",
            ),
            Refusal::LockedOut { seconds } => locked_out(code, seconds),
            Refusal::PasswordOrIdentifierIncorrect => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                code,
                "Password or identifier is incorrect",
                "The password or the identifier is incorrect. Try again.",
            ),
            Refusal::SignInNotFound(id) => not_found(format!("No sign in was found with id {id}")),
            Refusal::ActorTokenNotPending(status) => cannot_revoke(code, "Actor", status.as_str()),
            Refusal::SignInTokenNotPending(status) => cannot_revoke(code, "Sign in", status.as_str()),
            Refusal::ImpersonationPresent => Self::new(
                StatusCode::CONFLICT,
                code,
                "unable to create session",
                "Unable to create new session when an impersonation session is present. Please sign out first.",
            ),
            Refusal::SessionNotLive => Self::new(
                StatusCode::UNAUTHORIZED,
                code,
                "Invalid authentication",
                "Unable to authenticate the request, you need to supply an active session",
            ),
            Refusal::SignedOut => {
                Self::new(StatusCode::UNAUTHORIZED, code, "Signed out", "You are signed out")
            }
            Refusal::SessionTokenInvalid => Self::new(
                StatusCode::BAD_REQUEST,
                code,
                "Invalid session token",
                "The token provided could not be successfully verified",
            ),
            Refusal::DevelopmentOnly => Self::new(
                StatusCode::BAD_REQUEST,
                code,
                "Invalid request for environment",
                "Request only valid for development instances.",
            ),
            Refusal::LastSecretKey(id) => Self::new(
                StatusCode::CONFLICT,
                code,
                "last secret key",
                format!("{id} is the last valid secret key. Create another first, or revoke it with --even-the-last."),
            ),
            Refusal::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                code,
                "Idempotency key reused",
                "This Idempotency-Key was used for a request with another body, content type or API version. Take a new key.",
            ),
            Refusal::NextKeyTooYoung { published_seconds_ago } => next_key_too_young(published_seconds_ago),
        }
    }
}

fn next_key_too_young(published_seconds_ago: i64) -> ApiError {
    let long = format!(
        "The next signing key was published {published_seconds_ago} seconds ago. Verifiers cache keys for up to an \
         hour: wait until 3600 seconds have passed, or rotate with --now in an emergency."
    );
    ApiError::new(StatusCode::CONFLICT, "next_key_too_young", "next key too young", long)
}

/// Too many wrong passwords. The time is rounded up, so that nobody comes back too early.
fn locked_out(code: &'static str, seconds: i64) -> ApiError {
    let (count, unit) = match seconds {
        ..=90 => (seconds, "second"),
        91..=5_400 => ((seconds + 59) / 60, "minute"),
        _ => ((seconds + 3_599) / 3_600, "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    let long = format!(
        "Your account is locked. You will be able to try again in {count} {unit}{plural}. For more information, please \
         contact support."
    );
    ApiError::new(StatusCode::FORBIDDEN, code, "Account locked", long)
        .with_meta("lockout_expires_in_seconds", seconds)
}

fn quota_reached(limit: u64, used: u64) -> ApiError {
    let long = format!(
        "Your application has reached the impersonation limit for your plan ({used}/{limit}). The limit will reset \
         at the beginning of the next billing period."
    );
    let code = "impersonation_limit_exceeded";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, "Impersonation limit exceeded", long)
        .with_meta("limit", limit)
        .with_meta("used", used)
}

fn cannot_revoke(code: &'static str, what: &str, status: &str) -> ApiError {
    let long = format!(
        "{what} token cannot be revoked because its status is {status}. Only pending tokens can be revoked."
    );
    ApiError::new(StatusCode::BAD_REQUEST, code, "cannot revoke", long)
}

fn ticket(refusal: TicketRefusal) -> ApiError {
    let (status, message, long) = match refusal {
        TicketRefusal::Invalid => (
            StatusCode::BAD_REQUEST,
            "ticket is invalid",
            "This ticket is invalid. Make sure you're using a valid ticket generated by Clerk.",
        ),
        TicketRefusal::Expired => (
            StatusCode::BAD_REQUEST,
            "ticket has expired",
            "This ticket has expired and cannot be used anymore.",
        ),
        TicketRefusal::ActorTokenRevoked => (
            StatusCode::BAD_REQUEST,
            "actor token has been revoked",
            "This actor token has been revoked and cannot be used anymore.",
        ),
        TicketRefusal::ActorTokenUsed => (
            StatusCode::BAD_REQUEST,
            "actor token has already been used",
            "This actor token has already been used. Each token can only be used once.",
        ),
        TicketRefusal::ActorTokenSubjectGone => (
            StatusCode::NOT_FOUND,
            "user not found",
            "The user of the actor token no longer exists. Please request a new one.",
        ),
        TicketRefusal::ActorTokenCannotBeUsed => (
            StatusCode::BAD_REQUEST,
            "actor token cannot be used",
            "This actor token cannot be used anymore. Please request a new one.",
        ),
        TicketRefusal::SignInTokenRevoked => (
            StatusCode::BAD_REQUEST,
            "sign in token has been revoked",
            "This sign in token has been revoked and cannot be used anymore.",
        ),
        TicketRefusal::SignInTokenUsed => (
            StatusCode::BAD_REQUEST,
            "sign in token has already been used",
            "This sign in token has already been used. Each token can only be used once.",
        ),
        TicketRefusal::SignInTokenUserGone => (
            StatusCode::BAD_REQUEST,
            "identification or user deleted",
            "Either the user or the selected identification were deleted. Please start over.",
        ),
    };
    ApiError::new(status, refusal.code(), message, long)
}
