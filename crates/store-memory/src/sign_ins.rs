//! Attempts to sign in that wait, guesses at nobody's password, and the returns that clients keep.

use actas_domain::{
    client::returning::KeptReturn,
    ids::{ClientId, SessionId, UserId},
    secret::SecretHash,
    sign_in::{PendingSignIn, failures::PasswordFailures},
    time::UnixMillis,
};
use std::{collections::HashMap, hash::Hash};

#[derive(Debug, Default)]
pub(crate) struct SignIns {
    pending: HashMap<ClientId, PendingSignIn>,
    /// By the hash of an identifier that nobody has.
    guesses: HashMap<[u8; 32], PasswordFailures>,
    returns: HashMap<ClientId, KeptReturn>,
}

impl SignIns {
    pub(crate) fn pending(&self, client: &ClientId) -> Option<&PendingSignIn> {
        self.pending.get(client)
    }

    pub(crate) fn begin(&mut self, pending: PendingSignIn) {
        self.pending.insert(pending.client.clone(), pending);
    }

    pub(crate) fn end(&mut self, client: &ClientId) {
        self.pending.remove(client);
    }

    pub(crate) fn guesses(&self, identifier: &SecretHash) -> Option<PasswordFailures> {
        self.guesses.get(identifier.as_bytes()).copied()
    }

    /// `false` when they are not as seen.
    pub(crate) fn set_guesses(
        &mut self,
        identifier: &SecretHash,
        seen: Option<PasswordFailures>,
        failures: PasswordFailures,
    ) -> bool {
        let is_as_seen = self.guesses(identifier) == seen;
        if is_as_seen {
            self.guesses.insert(*identifier.as_bytes(), failures);
        }
        is_as_seen
    }

    /// Returns how many were removed; of each kind at most `limit`.
    pub(crate) fn forget(&mut self, now: UnixMillis, forgotten: UnixMillis, limit: u32) -> u32 {
        remove_oldest(&mut self.pending, limit, |pending| pending.expires_at, now)
            + remove_oldest(&mut self.guesses, limit, |failures| failures.last_at, forgotten)
            + remove_oldest(&mut self.returns, limit, |kept| kept.until, now)
    }

    pub(crate) fn kept_return(&self, client: &ClientId) -> Option<&KeptReturn> {
        self.returns.get(client)
    }

    pub(crate) fn keeps_return_for(&self, client: &ClientId, session: &SessionId) -> bool {
        self.kept_return(client).is_some_and(|kept| kept.session == *session)
    }

    /// Whether something waits on the client for whoever holds it.
    pub(crate) fn waits_on(&self, client: &ClientId) -> bool {
        self.pending.contains_key(client) || self.returns.contains_key(client)
    }

    pub(crate) fn keep_return(&mut self, kept: KeptReturn) {
        self.returns.insert(kept.client.clone(), kept);
    }

    pub(crate) fn drop_return(&mut self, client: &ClientId) {
        self.returns.remove(client);
    }

    pub(crate) fn drop_returns(&mut self, user: &UserId) {
        self.returns.retain(|_, kept| kept.user != *user);
    }
}

/// Removes those whose time is at or before `until`, the oldest first, at most `limit`. Returns how many.
fn remove_oldest<Key: Clone + Eq + Hash, Row>(
    rows: &mut HashMap<Key, Row>,
    limit: u32,
    time: impl Fn(&Row) -> UnixMillis,
    until: UnixMillis,
) -> u32 {
    let over = rows.iter().map(|(key, row)| (time(row), key)).filter(|(at, _)| *at <= until);
    let mut over: Vec<_> = over.map(|(at, key)| (at, key.clone())).collect();
    over.sort_by_key(|(at, _)| *at);
    let mut removed = 0;
    for (_, key) in over.into_iter().take(limit as usize) {
        rows.remove(&key);
        removed += 1;
    }
    removed
}
