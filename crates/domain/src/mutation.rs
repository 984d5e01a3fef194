//! Guards broken on purpose, one at a time, so that the fault suite can be seen to notice.
//!
//! Only a build with the feature `mutations` has any of it, and no release is one. Who runs the program chooses; without a
//! choice such a build does what every other does.

use crate::{ids::SecretKeyId, session::Session, time::UnixMillis};
use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// What is broken; each a mistake that somebody could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// A token moves to its next state from whatever state it is in.
    TokenMovedFromAnywhere,
    /// A change lands although the secret key that asked for it was revoked meanwhile.
    KeyGuardLeftOut,
    /// Who asks is known by a secret key that was valid a moment ago.
    KeyFromCache,
    /// A token is minted for a session as it was a moment ago.
    SessionFromCache,
    /// A token may outlive its session.
    TokenOutlivesSession,
    /// A ban leaves the sessions of whom it bans.
    BanKeepsSessions,
    /// An answer is kept in a commit of its own, behind that of the act.
    AnswerKeptApart,
    /// An accepted token has no entry in the record.
    AcceptOffRecord,
    /// A change is answered when its commit is on its way.
    AnsweredBeforeCommit,
    /// A commit that was not answered is taken for one that was.
    UnknownFateBelieved,
    /// A commit that was not answered is tried again, and nobody looks what became of it.
    UnknownFateRepeated,
    /// A commit that was looked up is told of without one of the writer's own behind it.
    FateUnconfirmed,
    /// A commit that was answered with a warning is taken for any other.
    WarningBelieved,
    /// A commit does not wait for the disk, nor for the standby.
    CommitUnsynchronised,
    /// What a batch is about is read before the head of the record is held.
    ReadsBeforeHead,
    /// Reads go to any server, the standby among them.
    ReadsFromStandby,
}

impl Mutation {
    pub const ALL: &[Self] = &[
        Self::TokenMovedFromAnywhere,
        Self::KeyGuardLeftOut,
        Self::KeyFromCache,
        Self::SessionFromCache,
        Self::TokenOutlivesSession,
        Self::BanKeepsSessions,
        Self::AnswerKeptApart,
        Self::AcceptOffRecord,
        Self::AnsweredBeforeCommit,
        Self::UnknownFateBelieved,
        Self::UnknownFateRepeated,
        Self::FateUnconfirmed,
        Self::WarningBelieved,
        Self::CommitUnsynchronised,
        Self::ReadsBeforeHead,
        Self::ReadsFromStandby,
    ];

    /// What it is chosen by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenMovedFromAnywhere => "token-moved-from-anywhere",
            Self::KeyGuardLeftOut => "key-guard-left-out",
            Self::KeyFromCache => "key-from-cache",
            Self::SessionFromCache => "session-from-cache",
            Self::TokenOutlivesSession => "token-outlives-session",
            Self::BanKeepsSessions => "ban-keeps-sessions",
            Self::AnswerKeptApart => "answer-kept-apart",
            Self::AcceptOffRecord => "accept-off-record",
            Self::AnsweredBeforeCommit => "answered-before-commit",
            Self::UnknownFateBelieved => "unknown-fate-believed",
            Self::UnknownFateRepeated => "unknown-fate-repeated",
            Self::FateUnconfirmed => "fate-unconfirmed",
            Self::WarningBelieved => "warning-believed",
            Self::CommitUnsynchronised => "commit-unsynchronised",
            Self::ReadsBeforeHead => "reads-before-head",
            Self::ReadsFromStandby => "reads-from-standby",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mutation| mutation.name() == name)
    }
}

static CHOSEN: OnceLock<Mutation> = OnceLock::new();

/// Breaks it, in this process, from now on. The first choice stays.
pub fn choose(mutation: Mutation) {
    let _ = CHOSEN.set(mutation);
}

/// Whether it is the one that was chosen.
pub fn is(mutation: Mutation) -> bool {
    CHOSEN.get() == Some(&mutation)
}

/// For how long a cache believes what it saw.
const REMEMBERED_MILLIS: i64 = 5_000;

/// What was first seen under each name, and when.
struct Cache<T>(Mutex<BTreeMap<String, (UnixMillis, T)>>);

impl<T: Clone> Cache<T> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn seen(&self, name: &str, value: T, now: UnixMillis) -> T {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, (at, _)| (0..REMEMBERED_MILLIS).contains(&now.millis_since(*at)));
        seen.entry(name.to_owned()).or_insert((now, value)).1.clone()
    }
}

/// The session as it was a moment ago, where [`Mutation::SessionFromCache`] is chosen.
pub fn session_seen(session: Session, now: UnixMillis) -> Session {
    static SESSIONS: Cache<Session> = Cache::new();
    if !is(Mutation::SessionFromCache) {
        return session;
    }
    let id = session.id.clone();
    SESSIONS.seen(id.as_str(), session, now)
}

/// Whose key it was a moment ago, where [`Mutation::KeyFromCache`] is chosen.
pub fn key_seen(text: &str, found: Option<SecretKeyId>, now: UnixMillis) -> Option<SecretKeyId> {
    static KEYS: Cache<Option<SecretKeyId>> = Cache::new();
    if !is(Mutation::KeyFromCache) {
        return found;
    }
    KEYS.seen(text, found, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_is_chosen_by_a_name_of_its_own() {
        let names: BTreeSet<&str> = Mutation::ALL.iter().map(|mutation| mutation.name()).collect();
        assert_eq!(names.len(), Mutation::ALL.len());
        for mutation in Mutation::ALL {
            assert_eq!(Mutation::named(mutation.name()), Some(*mutation));
        }
        assert_eq!(Mutation::named(""), None);
    }

    #[test]
    fn a_cache_believes_what_it_saw_for_a_while() {
        let cache = Cache::new();
        let at = UnixMillis::from_millis;
        assert_eq!(cache.seen("one", 1, at(0)), 1);
        assert_eq!(cache.seen("one", 2, at(4_999)), 1);
        assert_eq!(cache.seen("two", 3, at(4_999)), 3);
        assert_eq!(cache.seen("one", 4, at(5_000)), 4);
    }
}
