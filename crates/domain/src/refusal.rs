//! Every way in which Actas says no. The server turns these into HTTP in one place, by one exhaustive match.

use crate::{
    actor_token::ActorTokenStatus, ids::SecretKeyId, ports::StoreError, secret::SecretKind,
    sign_in_token::SignInTokenStatus,
};
use std::borrow::Cow;

/// An id as an error may show it: at most 255 characters, and nothing of a secret that was sent in an id's place.
pub fn shown_id(id: &str) -> Box<str> {
    match SecretKind::of_prefix(id) {
        Some(kind) => format!("{}…", kind.prefix()).into(),
        // A JWT, by the beginning of its header.
        None if id.starts_with("eyJ") => "eyJ…".into(),
        None => id.chars().take(255).collect::<String>().into(),
    }
}

/// Why an act did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule said no; nothing changed but, where it is due, the record.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The store could not do it now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request was answered before, or is by another one at the same time ([`crate::idempotency::Settled`]):
    /// nothing happened now.
    #[error("the request was answered already")]
    Answered,
    /// The state changed under the decision at every one of the bounded attempts.
    #[error("the state kept changing while this was decided")]
    Contended,
    /// A private key could not be made, opened or used.
    #[error("the signing keys: {0}")]
    Keys(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ParameterRefusal> for Failure {
    fn from(refusal: ParameterRefusal) -> Self {
        Self::Refused(Refusal::Parameter(refusal))
    }
}

/// What a rule answers instead of acting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter has a wrong value.
    Parameter(ParameterRefusal),
    /// Impersonation is switched off for this instance.
    ImpersonationDisabled,
    /// The quota of this month is used up.
    ImpersonationQuotaReached {
        limit: u64,
        used: u64,
    },
    /// No user has the id, as it was given.
    UserNotFound(Box<str>),
    /// The id in a path names nothing; also an id that cannot be one of ours.
    ResourceNotFound,
    SessionNotFound(Box<str>),
    ClientNotFound(Box<str>),
    /// No JWT template has this name; Actas has none.
    JwtTemplateNotFound(Box<str>),
    UserBanned,
    UserLocked,
    /// Too many wrong passwords in a row, also for an identifier that nobody has: for so many more seconds.
    LockedOut {
        seconds: i64,
    },
    /// Wrong password, no password, or no such user: not told which.
    PasswordOrIdentifierIncorrect,
    /// The client has no such attempt, or its time is over.
    SignInNotFound(Box<str>),
    ActorTokenNotPending(ActorTokenStatus),
    SignInTokenNotPending(SignInTokenStatus),
    Ticket(TicketRefusal),
    /// The client holds an impersonated session: no chains.
    ImpersonationPresent,
    /// The session is over, or is not this client's.
    SessionNotLive,
    /// The caller presents no client.
    SignedOut,
    /// A session token that does not verify.
    SessionTokenInvalid,
    /// Creating a session directly is for development instances.
    DevelopmentOnly,
    SecretKeyNotFound(Box<str>),
    /// The secret key that the caller proved itself with was revoked meanwhile.
    SecretKeyRevoked,
    /// The last valid secret key cannot be revoked without `force`, for nobody could ask for a new one by API.
    LastSecretKey(SecretKeyId),
    /// The idempotency key belongs to a request with another body.
    IdempotencyKeyReused,
    /// The next signing key was published less than an hour ago; verifiers may not have it yet.
    NextKeyTooYoung {
        published_seconds_ago: i64,
    },
}

impl Refusal {
    /// The code on the wire and in the record (contract: the error catalogue).
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Parameter(refusal) => refusal.problem.code(),
            Self::ImpersonationDisabled => "unsupported_subscription_plan_features",
            Self::ImpersonationQuotaReached { .. } => "impersonation_limit_exceeded",
            Self::UserNotFound(_)
            | Self::ResourceNotFound
            | Self::SessionNotFound(_)
            | Self::ClientNotFound(_)
            | Self::JwtTemplateNotFound(_)
            | Self::SignInNotFound(_)
            | Self::SecretKeyNotFound(_) => "resource_not_found",
            Self::SecretKeyRevoked => "clerk_key_invalid",
            Self::UserBanned => "user_banned",
            Self::UserLocked | Self::LockedOut { .. } => "user_locked",
            Self::PasswordOrIdentifierIncorrect => "form_password_or_identifier_incorrect",
            Self::ActorTokenNotPending(_) => "actor_token_cannot_be_revoked_code",
            Self::SignInTokenNotPending(_) => "sign_in_token_cannot_be_revoked_code",
            Self::Ticket(refusal) => refusal.code(),
            Self::ImpersonationPresent => "session_creation_not_allowed",
            Self::SessionNotLive => "authentication_invalid",
            Self::SignedOut => "signed_out",
            Self::SessionTokenInvalid => "invalid_session_token",
            Self::DevelopmentOnly => "request_invalid_for_environment",
            Self::LastSecretKey(_) => "last_secret_key",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::NextKeyTooYoung { .. } => "next_key_too_young",
        }
    }
}

/// Why a ticket cannot be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketRefusal {
    /// Unknown, forged or malformed.
    Invalid,
    Expired,
    ActorTokenRevoked,
    ActorTokenUsed,
    ActorTokenSubjectGone,
    /// Impersonation was switched off since the token was made.
    ActorTokenCannotBeUsed,
    SignInTokenRevoked,
    SignInTokenUsed,
    /// The user of a sign-in token is gone.
    SignInTokenUserGone,
}

impl TicketRefusal {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "ticket_invalid_code",
            Self::Expired => "ticket_expired_code",
            Self::ActorTokenRevoked => "actor_token_revoked_code",
            Self::ActorTokenUsed => "actor_token_already_used_code",
            Self::ActorTokenSubjectGone => "actor_token_subject_not_found",
            Self::ActorTokenCannotBeUsed => "actor_token_cannot_be_used_code",
            Self::SignInTokenRevoked => "sign_in_token_revoked_code",
            Self::SignInTokenUsed => "sign_in_token_already_used_code",
            Self::SignInTokenUserGone => "sign_in_identification_or_user_deleted",
        }
    }
}

/// A parameter and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterRefusal {
    /// Dotted path, `actor.sub`.
    pub name: Cow<'static, str>,
    pub problem: ParameterProblem,
}

impl ParameterRefusal {
    pub fn new(name: impl Into<Cow<'static, str>>, problem: ParameterProblem) -> Self {
        Self { name: name.into(), problem }
    }
}

/// What is wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterProblem {
    Missing,
    Invalid,
    WrongType {
        got: JsonType,
        want: JsonType,
    },
    Unknown,
    /// The member stands there twice.
    Repeated,
    /// The number is larger than the limit.
    TooLarge {
        max: i64,
    },
    TooLong {
        max_characters: usize,
    },
    TooShort {
        min_characters: usize,
    },
    TooManyBytes {
        max_bytes: usize,
    },
    TooManyItems {
        max_items: usize,
    },
    NestedTooDeep {
        max_depth: usize,
    },
    /// Only these values are allowed.
    NotOneOf {
        allowed: &'static [&'static str],
    },
    /// The value must be what this says, without the article: "valid email address".
    Malformed {
        must_be: &'static str,
    },
    NotRfc3339,
    /// The time must be a number of Unix milliseconds.
    NotUnixMillis,
    /// It has no meaning together with the other parameter.
    ExcludedBy {
        other: &'static str,
    },
    /// Somebody else has this identifier already.
    Taken,
    /// The list must have one item for each item of the other.
    LengthMismatch {
        other: &'static str,
    },
    /// The digest is not one that the named hasher makes.
    DigestInvalid,
    /// Actas does not support this parameter; it refuses rather than ignore it.
    Unsupported {
        why: &'static str,
    },
    PasswordTooShort {
        min_characters: usize,
    },
    PasswordTooManyBytes {
        max_bytes: usize,
    },
    /// The thing it names is not this user's.
    ResourceMissing,
    /// The identification it names is reserved, not verified.
    Unverified,
    /// The list has the same value twice.
    DuplicateValues,
    UsernameLength {
        min_characters: usize,
        max_characters: usize,
    },
    /// The username has a character that is no letter, digit, `_` or `-`.
    UsernameCharacters,
}

impl ParameterProblem {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "form_param_missing",
            Self::Invalid
            | Self::WrongType { .. }
            | Self::NestedTooDeep { .. }
            | Self::NotOneOf { .. }
            | Self::ExcludedBy { .. } => "form_param_value_invalid",
            Self::Unknown | Self::Unsupported { .. } => "form_param_unknown",
            Self::Repeated | Self::DuplicateValues => "form_param_duplicate",
            Self::TooLarge { .. } => "form_param_value_too_large",
            Self::TooLong { .. } => "form_param_max_length_exceeded",
            Self::TooShort { .. } => "form_param_min_length_exceeded",
            Self::TooManyBytes { .. } => "form_param_exceeds_allowed_size",
            Self::TooManyItems { .. } => "form_param_array_size_exceeded",
            Self::Malformed { .. } => "form_param_format_invalid",
            Self::NotRfc3339 => "form_param_invalid_time",
            Self::NotUnixMillis => "form_param_invalid_date",
            Self::Taken => "form_identifier_exists",
            Self::LengthMismatch { .. } => "form_param_array_length_mismatch",
            Self::DigestInvalid => "form_password_digest_invalid_code",
            Self::PasswordTooShort { .. } => "form_password_length_too_short",
            Self::PasswordTooManyBytes { .. } => "form_password_size_in_bytes_exceeded",
            Self::ResourceMissing => "form_resource_not_found",
            Self::Unverified => "form_verification_needed",
            Self::UsernameLength { .. } => "form_username_invalid_length",
            Self::UsernameCharacters => "form_username_invalid_character",
        }
    }
}

/// The JSON types, by the names that errors use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    pub fn of(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(_) => Self::Boolean,
            serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => Self::Integer,
            serde_json::Value::Number(_) => Self::Number,
            serde_json::Value::String(_) => Self::String,
            serde_json::Value::Array(_) => Self::Array,
            serde_json::Value::Object(_) => Self::Object,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}
