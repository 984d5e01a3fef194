//! The one way to write: a change is guarded writes and the audit event that tells of them, and lands whole or
//! not at all.
//!
//! The order in which a store carries out a change, inside one transaction and against its own clock at that time:
//! 1. every [`Guard`], and the condition that each [`Write`] names; if one does not hold, nothing of the change
//!    happens ([`crate::ports::CommitError::GuardFailed`]), and nothing else of the batch is touched;
//! 2. the writes, in their order;
//! 3. the change's own event, then the events of its set-wise writes ([`Change::session_end`],
//!    [`Change::actor_token_revocation`], [`Change::sign_in_token_revocation`]), write by write, and in each in the
//!    order of the rows' ids.
//!
//! Whenever a session is added or moved, the store sets its client's `updated_at` to the later of what it was and
//! the session's `updated_at`.

use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    audit::{Action, AuditEvent, Cause},
    client::{Client, returning::KeptReturn},
    idempotency::KeptAnswer,
    ids::{ClientId, SecretKeyId, SessionId, SigningKeyId, UserId},
    keys::SigningKey,
    ports::Instance,
    secret::SecretHash,
    secret_key::SecretKey,
    session::{Ending, Session, SessionStatus},
    sign_in::failures::PasswordFailures,
    sign_in_token::{SignInToken, SignInTokenStatus},
    time::{Month, UnixMillis},
    user::{Standing, User},
};

/// What the decision stood on, to be checked again inside the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The secret key that the caller proved itself with is still valid.
    SecretKeyValid(SecretKeyId),
    /// Some secret key besides this one is valid.
    AnotherSecretKeyValid(SecretKeyId),
    /// The user is neither banned nor locked; and is stored, where `must_be_present`.
    InGoodStanding { user: UserId, must_be_present: bool },
    /// The user's standing ([`crate::ports::Store::standing`]) is as the decision saw it, presence included.
    StandingUnchanged { user: UserId, standing: Standing },
    /// Fewer actor tokens than `limit` were created in the month.
    QuotaLeft { month: Month, limit: u64 },
    /// The store's clock has not reached the time.
    Before(UnixMillis),
    /// The client's cookie is still the one that was presented.
    CookieUnchanged { client: ClientId, hash: SecretHash },
    /// None of the client's sessions is live and impersonated, by the store's clock.
    NoImpersonation(ClientId),
    /// The session is live, by the store's clock.
    SessionLive(SessionId),
    /// The stored user is as the decision saw it.
    RevisionUnchanged { user: UserId, revision: u64 },
    /// The user's wrong passwords are as the decision saw them.
    PasswordFailuresUnchanged { user: UserId, failures: Option<PasswordFailures> },
    /// The session's activity is as the decision saw it.
    ActivityUnchanged { session: SessionId, last_active_at: UnixMillis },
    /// There is no instance yet: this is the first start.
    NoInstance,
    /// No signing key is there that will sign later.
    NoNextKey,
}

/// A write and, in its own terms, the state it may start from: a row to add must not be there yet, one to move or
/// replace must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    AddActorToken(ActorToken),
    /// Moves the token, if its status is `from`: its status, `updated_at`, `session` and `revoked_because`. Nothing else of a
    /// token ever changes.
    MoveActorToken {
        to: ActorToken,
        from: ActorTokenStatus,
    },
    /// Counts one created actor token in the month.
    CountActorToken(Month),
    AddSignInToken(SignInToken),
    /// Replaces the token, if its status is `from`.
    MoveSignInToken {
        to: SignInToken,
        from: SignInTokenStatus,
    },
    AddClient(Client),
    /// Sets the cookie of a client that exists.
    RotateCookie {
        client: ClientId,
        hash: SecretHash,
    },
    AddSession(Session),
    /// Moves the session, if its status is `from`: its status and `updated_at`, and the later of the stored and the new
    /// `last_active_at` stays, for it moves without a guard. Nothing else of a session ever changes. The change's event is
    /// this session's entry.
    MoveSession {
        to: Session,
        from: SessionStatus,
    },
    /// Ends every active session that the selection names, as of the store's clock; each has its own entry.
    EndSessions {
        of: SessionSelection,
        ending: Ending,
    },
    /// Revokes every pending actor token and sign-in token in which the user is subject or actor (by
    /// `actor.sub`), as of the store's clock; each has its own entry.
    RevokeTokens {
        party: UserId,
        downfall: Downfall,
    },
    /// Fails its guard when the id or one of the identifiers is taken.
    AddUser(User),
    /// Replaces the user, if the stored revision is `to.revision - 1`; fails when an identifier is taken. The later
    /// of the stored and the new `last_sign_in_at` and `last_active_at` stay: they move without a revision.
    ReplaceUser(User),
    /// Removes the user and its identifiers, if the stored revision is `revision`.
    RemoveUser {
        user: UserId,
        revision: u64,
    },
    /// Moves `last_sign_in_at` of a stored user forward; nothing for one who is not stored.
    RecordSignIn {
        user: UserId,
        at: UnixMillis,
    },
    /// Sets the wrong passwords of a user; nothing for one who is not stored. They move without a revision, and go
    /// with the user.
    SetPasswordFailures {
        user: UserId,
        failures: Option<PasswordFailures>,
    },
    /// Removes the client's attempt to sign in, if one waits.
    EndSignIn(ClientId),
    /// Keeps a return for its client, in the place of an earlier one.
    KeepReturn(KeptReturn),
    /// Removes the client's return, if it is the one for this session; fails if not.
    TakeReturn {
        client: ClientId,
        session: SessionId,
    },
    /// Removes the client's return, if there is one.
    DropReturn(ClientId),
    /// Removes every return of the user.
    DropReturns(UserId),
    /// Sets the standing of a user who is not stored (open directory); a good standing removes it.
    SetStanding {
        user: UserId,
        standing: Standing,
    },
    AddSecretKey(SecretKey),
    /// Replaces the key, if it is not revoked.
    RevokeSecretKey(SecretKey),
    AddSigningKey(SigningKey),
    /// Replaces the key, if its status is `from`.
    MoveSigningKey {
        to: SigningKey,
        from: crate::keys::SigningKeyStatus,
    },
    /// Removes a key that must be there.
    RemoveSigningKey(SigningKeyId),
    SetInstance(Instance),
    /// Keeps an answer, in the place of one whose time is over by the store's clock; fails while there is another.
    KeepAnswer(KeptAnswer),
}

/// Which sessions a set-wise write ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionSelection {
    /// Of one client.
    Client(ClientId),
    /// Those in which the user is subject or, by `actor.sub`, the actor.
    Party(UserId),
    /// The user's own, ordinary and impersonated, but the one named.
    SubjectExcept { user: UserId, session: Option<SessionId> },
}

/// Why a user may no longer be a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Downfall {
    Deleted,
    Banned,
    Locked,
}

impl Downfall {
    /// The cause in the record of a token or session that falls with the user.
    pub const fn cause(self, as_subject: bool) -> Cause {
        match (self, as_subject) {
            (Self::Deleted, true) => Cause::SubjectDeleted,
            (Self::Banned, true) => Cause::SubjectBanned,
            (Self::Locked, true) => Cause::SubjectLocked,
            (Self::Deleted, false) => Cause::ActorDeleted,
            (Self::Banned, false) => Cause::ActorBanned,
            (Self::Locked, false) => Cause::ActorLocked,
        }
    }
}

/// Guarded writes and exactly one audit event of their own. Only the domain makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    guards: Vec<Guard>,
    writes: Vec<Write>,
    event: AuditEvent,
}

impl Change {
    pub(crate) fn new(event: AuditEvent, guards: Vec<Guard>, writes: Vec<Write>) -> Self {
        Self { guards, writes, event }
    }

    /// A refusal on record: an event and no writes.
    pub(crate) fn refusal(event: AuditEvent) -> Self {
        debug_assert!(matches!(event.outcome, crate::audit::Outcome::Denied { .. }), "{event:?}");
        Self { guards: Vec::new(), writes: Vec::new(), event }
    }

    /// The same change, which also keeps the answer that tells of it. First of all: a request that was answered
    /// already then fails before anything is written.
    pub(crate) fn keeping(mut self, answer: KeptAnswer) -> Self {
        self.writes.insert(0, Write::KeepAnswer(answer));
        self
    }

    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    pub const fn event(&self) -> &AuditEvent {
        &self.event
    }

    /// Whether its entries are left out.
    #[cfg(feature = "mutations")]
    pub fn is_off_record(&self) -> bool {
        crate::mutation::is(crate::mutation::Mutation::AcceptOffRecord)
            && self.event.action == Action::ActorTokenAccepted
    }

    /// How a set-wise write ends this active session at `now`, and the entry that tells of it.
    pub fn session_end(
        &self,
        selection: &SessionSelection,
        session: &Session,
        ending: Ending,
        now: UnixMillis,
    ) -> (Session, AuditEvent) {
        let ending = match selection {
            SessionSelection::Party(user) if session.user != *user => {
                Ending { cause: as_actor(ending.cause), ..ending }
            }
            _ => ending,
        };
        let (ended, cause) = session.ended(ending, now);
        let event = AuditEvent::session_end(&self.event.context, &ended, cause);
        (ended, event)
    }

    /// How a set-wise write revokes this pending actor token, and the entry that tells of it.
    pub fn actor_token_revocation(
        &self,
        party: &UserId,
        downfall: Downfall,
        token: &ActorToken,
        at: UnixMillis,
    ) -> (ActorToken, AuditEvent) {
        let cause = downfall.cause(token.subject == *party);
        let revoked = token.revoked(at, cause);
        let event = AuditEvent::new(&self.event.context, Action::ActorTokenRevoked, at)
            .about_actor_token(&revoked)
            .because(cause);
        (revoked, event)
    }

    /// How a set-wise write revokes this pending sign-in token, and the entry that tells of it.
    pub fn sign_in_token_revocation(
        &self,
        downfall: Downfall,
        token: &SignInToken,
        at: UnixMillis,
    ) -> (SignInToken, AuditEvent) {
        let cause = downfall.cause(true);
        let revoked = token.revoked(at, cause);
        let event = AuditEvent::new(&self.event.context, Action::SignInTokenRevoked, at)
            .about_sign_in_token(&revoked)
            .because(cause);
        (revoked, event)
    }
}

/// The same downfall, told of a session in which the user is the actor.
const fn as_actor(cause: Cause) -> Cause {
    match cause {
        Cause::SubjectDeleted => Cause::ActorDeleted,
        Cause::SubjectBanned => Cause::ActorBanned,
        Cause::SubjectLocked => Cause::ActorLocked,
        other => other,
    }
}
