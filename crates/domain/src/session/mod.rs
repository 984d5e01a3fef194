//! Sessions: what accepting a ticket creates, and how they end.
//!
//! A session ends at its absolute end, at its idle end, or when somebody ends it, whichever comes first. The stored
//! status may lag behind an end by time; [`Session::as_of`] never does.

pub mod claims;
pub mod create;
pub mod end;
pub mod expire;
pub mod find;
pub mod handshake;
pub mod issue_token;
pub mod touch;
pub mod verify;

use crate::{
    actor::Actor,
    audit::{Action, Cause},
    ids::{ActorTokenId, ClientId, SessionId, UserId},
    time::UnixMillis,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub status: SessionStatus,
    pub user: UserId,
    pub client: ClientId,
    /// Who really acts; `Some` makes the session an impersonated one.
    pub actor: Option<Actor>,
    pub actor_token: Option<ActorTokenId>,
    /// When its user proved their first factor, perhaps in an earlier session; none in an impersonated one, whose actor
    /// proved none of the subject's.
    pub first_factor_at: Option<UnixMillis>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    pub last_active_at: UnixMillis,
    /// The absolute end; never moves.
    pub expire_at: UnixMillis,
    /// Seconds without activity after which the session is over.
    pub idle_seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionStatus {
    Active,
    /// By `session.end()` in the browser.
    Ended,
    /// By time, absolute or idle.
    Expired,
    /// By sign-out.
    Removed,
    /// By a newer session of the same client.
    Replaced,
    /// By the Backend API, or because its subject or actor may no longer act.
    Revoked,
}

impl SessionStatus {
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Ended, Self::Expired, Self::Removed, Self::Replaced, Self::Revoked];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The record's word for reaching this status; none for `Active`.
    pub const fn ending_action(self) -> Option<Action> {
        match self {
            Self::Active => None,
            Self::Ended => Some(Action::SessionEnded),
            Self::Expired => Some(Action::SessionExpired),
            Self::Removed => Some(Action::SessionRemoved),
            Self::Replaced => Some(Action::SessionReplaced),
            Self::Revoked => Some(Action::SessionRevoked),
        }
    }
}

/// How somebody wants a session to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub status: SessionStatus,
    pub cause: Cause,
}

impl Session {
    pub const fn is_impersonated(&self) -> bool {
        self.actor.is_some()
    }

    /// When inactivity ends it, as far as is known: activity moves this.
    pub const fn idle_end(&self) -> UnixMillis {
        self.last_active_at.plus_seconds(self.idle_seconds)
    }

    /// The earlier of the absolute and the idle end.
    pub fn ends_at(&self) -> UnixMillis {
        self.expire_at.min(self.idle_end())
    }

    pub fn is_live(&self, now: UnixMillis) -> bool {
        self.status == SessionStatus::Active && now < self.ends_at()
    }

    /// This session as it is at `now`: expired, and since when, even where the store still says active.
    #[must_use]
    pub fn as_of(&self, now: UnixMillis) -> Self {
        if self.status == SessionStatus::Active && now >= self.ends_at() {
            Self { status: SessionStatus::Expired, updated_at: self.ends_at(), ..self.clone() }
        } else {
            self.clone()
        }
    }

    /// This active session, ended at `now` as wanted, or by time if that came first; and why.
    #[must_use]
    pub fn ended(&self, ending: Ending, now: UnixMillis) -> (Self, Cause) {
        if now >= self.ends_at() {
            let cause = if self.expire_at <= self.idle_end() { Cause::MaximumDuration } else { Cause::Idle };
            (self.as_of(now), cause)
        } else {
            (Self { status: ending.status, updated_at: now, ..self.clone() }, ending.cause)
        }
    }

    /// This session in place of the stored one: activity that was stored meanwhile stays.
    #[must_use]
    pub fn replacing(self, stored: &Self) -> Self {
        Self { last_active_at: self.last_active_at.max(stored.last_active_at), ..self }
    }

    /// Milliseconds that the stored activity may lag behind: min(30 s, a tenth of the idle time).
    pub fn activity_granularity_millis(&self) -> i64 {
        (self.idle_seconds * 100).min(30_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            id: SessionId::parse("sess_000000000000000000000000000").unwrap(),
            status: SessionStatus::Active,
            user: UserId::parse("u").unwrap(),
            client: ClientId::parse("client_000000000000000000000000000").unwrap(),
            actor: None,
            actor_token: None,
            first_factor_at: None,
            created_at: UnixMillis::from_seconds(0),
            updated_at: UnixMillis::from_seconds(0),
            last_active_at: UnixMillis::from_seconds(0),
            expire_at: UnixMillis::from_seconds(100),
            idle_seconds: 40,
        }
    }

    #[test]
    fn a_session_is_over_at_the_very_millisecond_of_its_end() {
        let session = session();
        assert!(session.is_live(UnixMillis::from_millis(39_999)));
        assert!(!session.is_live(UnixMillis::from_millis(40_000)));
        assert_eq!(session.as_of(UnixMillis::from_seconds(99)).updated_at, UnixMillis::from_seconds(40));
    }

    #[test]
    fn an_end_after_the_end_is_an_expiry_dated_at_the_end() {
        let revoke = Ending { status: SessionStatus::Revoked, cause: Cause::Requested };
        let active = Session { last_active_at: UnixMillis::from_seconds(90), ..session() };
        let (ended, cause) = active.ended(revoke, UnixMillis::from_seconds(120));
        assert_eq!((ended.status, ended.updated_at), (SessionStatus::Expired, UnixMillis::from_seconds(100)));
        assert_eq!(cause, Cause::MaximumDuration);
        let (ended, cause) = session().ended(revoke, UnixMillis::from_seconds(39));
        assert_eq!((ended.status, cause), (SessionStatus::Revoked, Cause::Requested));
    }
}
