//! The record: who did what to whom, when, from where, why, and whether it was allowed.
//!
//! An entry commits together with the change it tells of. Every state reached has exactly one entry, and the entry
//! of an accepted token or of a created session is also that session's beginning. Refusals that a rule decided, for
//! a caller who proved something, are entries too; bad shapes and forgeries are only counted.

pub mod find;

use crate::{
    actor_token::ActorToken,
    caller::Context,
    ids::{ActorTokenId, ClientId, SecretKeyId, SessionId, SignInTokenId, SigningKeyId, UserId},
    session::Session,
    sign_in_token::SignInToken,
    time::UnixMillis,
};

macro_rules! closed_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in the record and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|each| each.as_str() == text)
            }
        }
    };
}

closed_enum! {
    /// What was done, or was attempted.
    Action {
        ActorTokenCreated = "actor_token.created",
        ActorTokenAccepted = "actor_token.accepted",
        ActorTokenRevoked = "actor_token.revoked",
        SignInTokenCreated = "sign_in_token.created",
        SignInTokenAccepted = "sign_in_token.accepted",
        SignInTokenRevoked = "sign_in_token.revoked",
        SessionCreated = "session.created",
        SessionEnded = "session.ended",
        SessionExpired = "session.expired",
        SessionRemoved = "session.removed",
        SessionReplaced = "session.replaced",
        SessionRevoked = "session.revoked",
        // Only ever denied: a touch and a session token that is made change no state of record.
        SessionTouched = "session.touched",
        SessionTokenCreated = "session_token.created",
        ClientCreated = "client.created",
        ClientSignedOut = "client.signed_out",
        ReturnRevoked = "return.revoked",
        UserCreated = "user.created",
        UserUpdated = "user.updated",
        UserBanned = "user.banned",
        UserUnbanned = "user.unbanned",
        UserLocked = "user.locked",
        UserUnlocked = "user.unlocked",
        UserDeleted = "user.deleted",
        SecretKeyCreated = "secret_key.created",
        SecretKeyRevoked = "secret_key.revoked",
        SigningKeyCreated = "signing_key.created",
        SigningKeyRotated = "signing_key.rotated",
        SigningKeyRemoved = "signing_key.removed",
        InstanceCreated = "instance.created",
        InstanceRestored = "instance.restored",
        RecordPurged = "record.purged",
    }
}

closed_enum! {
    /// Why a state was reached.
    Cause {
        Requested = "requested",
        Idle = "idle",
        MaximumDuration = "maximum_duration",
        SignedOut = "signed_out",
        Replaced = "replaced",
        Returned = "returned",
        PasswordChanged = "password_changed",
        Restored = "restored",
        SubjectDeleted = "subject_deleted",
        SubjectBanned = "subject_banned",
        SubjectLocked = "subject_locked",
        ActorDeleted = "actor_deleted",
        ActorBanned = "actor_banned",
        ActorLocked = "actor_locked",
    }
}

/// Whether it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// A rule said no; the code is the one that the caller was answered.
    Denied {
        code: Box<str>,
    },
}

impl Outcome {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied { .. } => "denied",
        }
    }
}

/// One act, before it has its place in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When it happened: for an end by time the end itself, not the moment it was noticed.
    pub at: UnixMillis,
    pub action: Action,
    pub outcome: Outcome,
    pub context: Context,
    /// Whom: the user acted as, signed in, or changed.
    pub subject: Option<UserId>,
    /// `actor.sub` of who really acts.
    pub actor_sub: Option<Box<str>>,
    pub actor_token: Option<ActorTokenId>,
    pub sign_in_token: Option<SignInTokenId>,
    pub session: Option<SessionId>,
    pub client: Option<ClientId>,
    pub secret_key: Option<SecretKeyId>,
    pub signing_key: Option<SigningKeyId>,
    /// The reason that the creator of an actor token gave.
    pub reason: Option<String>,
    pub cause: Option<Cause>,
    /// Up to which position the record was cut.
    pub purged_through: Option<u64>,
}

/// An event and its place, counted from 1 without gaps. The oldest may be gone; no place is ever given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub position: u64,
    pub event: AuditEvent,
}

impl AuditEvent {
    pub(crate) fn new(context: &Context, action: Action, at: UnixMillis) -> Self {
        Self {
            at,
            action,
            outcome: Outcome::Done,
            context: context.clone(),
            subject: None,
            actor_sub: None,
            actor_token: None,
            sign_in_token: None,
            session: None,
            client: None,
            secret_key: None,
            signing_key: None,
            reason: None,
            cause: None,
            purged_through: None,
        }
    }

    pub(crate) fn denied(mut self, code: &str) -> Self {
        self.outcome = Outcome::Denied { code: code.into() };
        self
    }

    pub(crate) fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    pub(crate) fn about_user(mut self, user: &UserId) -> Self {
        self.subject = Some(user.clone());
        self
    }

    pub(crate) fn about_actor_token(mut self, token: &ActorToken) -> Self {
        self.subject = Some(token.subject.clone());
        self.actor_sub = Some(token.actor.sub().into());
        self.actor_token = Some(token.id.clone());
        self.reason.clone_from(&token.reason);
        self.session.clone_from(&token.session);
        self
    }

    pub(crate) fn about_sign_in_token(mut self, token: &SignInToken) -> Self {
        self.subject = Some(token.user.clone());
        self.sign_in_token = Some(token.id.clone());
        self.session.clone_from(&token.session);
        self
    }

    pub(crate) fn about_session(mut self, session: &Session) -> Self {
        self.subject = Some(session.user.clone());
        self.actor_sub = session.actor.as_ref().map(|actor| actor.sub().into());
        self.actor_token.clone_from(&session.actor_token);
        self.session = Some(session.id.clone());
        self.client = Some(session.client.clone());
        self
    }

    pub(crate) fn about_client(mut self, client: &ClientId) -> Self {
        self.client = Some(client.clone());
        self
    }

    /// The entry of an end of this session; its status says which.
    pub(crate) fn session_end(context: &Context, session: &Session, cause: Cause) -> Self {
        let action = session.status.ending_action().unwrap_or(Action::SessionEnded);
        Self::new(context, action, session.updated_at).about_session(session).because(cause)
    }
}
