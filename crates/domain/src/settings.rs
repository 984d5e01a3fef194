//! What an instance's rules depend on. Configuration makes it; nothing here is read from a file.

/// Development or production: decides which client protocol and which testing calls there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceKind {
    Development,
    Production,
}

/// Where users live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryMode {
    /// In Actas: an unknown `user_id` is refused.
    Managed,
    /// Elsewhere: any well-formed `user_id` is a subject.
    Open,
}

/// The rules' numbers and switches. All durations are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub instance_kind: InstanceKind,
    pub directory_mode: DirectoryMode,
    /// `iss` of every session token; at most [`Settings::ISSUER_MAX_BYTES`].
    pub issuer: String,
    pub impersonation_enabled: bool,
    /// Actor tokens that may be created in one UTC month; none is unlimited.
    pub impersonation_monthly_limit: Option<u64>,
    /// Whether an `actor` may itself carry `act`.
    pub allow_actor_chains: bool,
    pub ticket_max_seconds: i64,
    pub impersonated_session_max_seconds: i64,
    pub impersonated_idle_seconds: i64,
    pub ordinary_session_seconds: i64,
    pub ordinary_idle_seconds: i64,
    pub session_token_seconds: i64,
    /// Wrong passwords in a row after which a user is locked out of signing in by password; at least 1.
    pub password_attempts_max: u32,
    /// How long such a lockout lasts, and how long a wrong password is remembered.
    pub password_lockout_seconds: i64,
    /// How long tokens, sessions and clients that are over are kept; none for ever. See [`crate::retention`].
    pub retention_seconds: Option<i64>,
    /// How long entries of the record are kept; none for ever.
    pub record_retention_seconds: Option<i64>,
}

impl Settings {
    pub const TICKET_DEFAULT_SECONDS: i64 = 3_600;
    pub const IMPERSONATED_SESSION_DEFAULT_SECONDS: i64 = 1_800;
    pub const SIGN_IN_TICKET_DEFAULT_SECONDS: i64 = 2_592_000;
    pub const REASON_MAX_CHARACTERS: usize = 500;
    pub const ISSUER_MAX_BYTES: usize = 255;
    /// The longest `Origin` that becomes `azp`.
    pub const ORIGIN_MAX_BYTES: usize = 255;
    /// How long `next` is published before it signs: as long as verifiers may cache a key set.
    pub const NEXT_KEY_MIN_PUBLISHED_SECONDS: i64 = 3_600;

    /// The longest that any session can last: a retired signing key stays published that long.
    pub fn longest_session_seconds(&self) -> i64 {
        self.impersonated_session_max_seconds.max(self.ordinary_session_seconds)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            instance_kind: InstanceKind::Production,
            directory_mode: DirectoryMode::Managed,
            issuer: String::new(),
            impersonation_enabled: true,
            impersonation_monthly_limit: None,
            allow_actor_chains: false,
            ticket_max_seconds: 2_592_000,
            impersonated_session_max_seconds: 86_400,
            impersonated_idle_seconds: 600,
            ordinary_session_seconds: 604_800,
            ordinary_idle_seconds: 604_800,
            session_token_seconds: 60,
            password_attempts_max: 10,
            password_lockout_seconds: 3_600,
            retention_seconds: Some(7_776_000),
            record_retention_seconds: None,
        }
    }
}
