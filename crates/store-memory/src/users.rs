//! Users, whose identifiers are whose, and the standing of those who are not stored.

use crate::user_query::{in_order, matches};
use actas_domain::{
    ids::UserId,
    sign_in::failures::PasswordFailures,
    time::UnixMillis,
    user::{Identifier, Standing, User, find::UserQuery},
};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Users {
    rows: HashMap<UserId, User>,
    owners: HashMap<Identifier, UserId>,
    /// Of those who were not stored when it was set.
    standings: HashMap<UserId, Standing>,
}

impl Users {
    pub(crate) fn get(&self, id: &UserId) -> Option<&User> {
        self.rows.get(id)
    }

    pub(crate) fn standing(&self, id: &UserId) -> Standing {
        let stored = self.rows.get(id).map(User::standing).unwrap_or_default();
        let kept = self.standings.get(id).copied().unwrap_or_default();
        Standing {
            present: stored.present,
            banned: stored.banned || kept.banned,
            locked: stored.locked || kept.locked,
        }
    }

    pub(crate) fn owner(&self, identifier: &Identifier) -> Option<&UserId> {
        self.owners.get(identifier)
    }

    /// Whether nobody else has one of the user's identifiers.
    pub(crate) fn are_free_for(&self, user: &User) -> bool {
        user.identifiers().iter().all(|each| self.owners.get(each).is_none_or(|owner| *owner == user.id))
    }

    pub(crate) fn count(&self, query: &UserQuery) -> u64 {
        self.rows.values().filter(|user| matches(query, user)).count() as u64
    }

    pub(crate) fn list(&self, query: &UserQuery) -> Vec<User> {
        let mut users: Vec<_> = self.rows.values().filter(|user| matches(query, user)).collect();
        match query.starting_after.as_ref().map(|cursor| self.rows.get(cursor)) {
            Some(Some(cursor)) => users.retain(|user| in_order(query.order, cursor, user).is_lt()),
            // Nobody comes behind a user who is not there.
            Some(None) => users.clear(),
            None => {}
        }
        users.sort_by(|one, other| in_order(query.order, one, other));
        let offset = usize::try_from(query.page.offset).unwrap_or(usize::MAX);
        users.into_iter().skip(offset).take(query.page.limit as usize).cloned().collect()
    }

    pub(crate) fn add(&mut self, user: User) {
        let owned = user.identifiers().into_iter().map(|identifier| (identifier, user.id.clone()));
        self.owners.extend(owned);
        self.rows.insert(user.id.clone(), user);
    }

    /// Activity moves without a revision, so what is stored of it may be newer than what the change was made from.
    pub(crate) fn replace(&mut self, mut user: User) {
        if let Some(stored) = self.rows.get(&user.id) {
            user.last_sign_in_at = user.last_sign_in_at.max(stored.last_sign_in_at);
            user.last_active_at = user.last_active_at.max(stored.last_active_at);
            user.password_failures = stored.password_failures;
        }
        self.remove(&user.id.clone());
        self.add(user);
    }

    pub(crate) fn remove(&mut self, id: &UserId) {
        if let Some(user) = self.rows.remove(id) {
            for identifier in user.identifiers() {
                self.owners.remove(&identifier);
            }
        }
    }

    pub(crate) fn record_sign_in(&mut self, id: &UserId, at: UnixMillis) {
        if let Some(user) = self.rows.get_mut(id) {
            user.last_sign_in_at = user.last_sign_in_at.max(Some(at));
        }
    }

    pub(crate) fn set_password_failures(&mut self, id: &UserId, failures: Option<PasswordFailures>) {
        if let Some(user) = self.rows.get_mut(id) {
            user.password_failures = failures;
        }
    }

    /// Those that lie furthest back, at most `limit`. Returns how many.
    pub(crate) fn forget_password_failures(&mut self, forgotten: UnixMillis, limit: u32) -> u32 {
        let last = |user: &User| user.password_failures.map(|failures| failures.last_at);
        let mut over: Vec<_> = self.rows.values_mut().filter(|user| last(user) <= Some(forgotten)).collect();
        over.retain(|user| user.password_failures.is_some());
        over.sort_by_key(|user| last(user));
        let mut removed = 0;
        for user in over.into_iter().take(limit as usize) {
            user.password_failures = None;
            removed += 1;
        }
        removed
    }

    pub(crate) fn record_activity(&mut self, id: &UserId, at: UnixMillis) {
        if let Some(user) = self.rows.get_mut(id) {
            user.last_active_at = user.last_active_at.max(Some(at));
        }
    }

    pub(crate) fn set_standing(&mut self, id: &UserId, standing: Standing) {
        if standing.is_good() {
            self.standings.remove(id);
        } else {
            self.standings.insert(id.clone(), standing);
        }
    }
}
