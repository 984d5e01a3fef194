//! Actor tokens, in the order of their ages, the pending ones by their parties, and how many a month saw.

use crate::index::Index;
use actas_domain::{
    actor_token::{ActorToken, ActorTokenStatus, find::ActorTokenQuery},
    ids::{ActorTokenId, UserId},
    time::{Month, UnixMillis},
};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(crate) struct ActorTokens {
    rows: HashMap<ActorTokenId, ActorToken>,
    by_age: BTreeSet<(UnixMillis, ActorTokenId)>,
    /// By the end of their lifetime.
    pub(crate) by_end: BTreeSet<(UnixMillis, ActorTokenId)>,
    /// By subject and by `actor.sub`.
    pending: Index<String, ActorTokenId>,
    created_in: HashMap<Month, u64>,
}

impl ActorTokens {
    pub(crate) fn get(&self, id: &ActorTokenId) -> Option<&ActorToken> {
        self.rows.get(id)
    }

    pub(crate) fn list(&self, query: &ActorTokenQuery) -> Vec<ActorToken> {
        let newest_first = |ages: &mut dyn DoubleEndedIterator<Item = &(UnixMillis, ActorTokenId)>| {
            let tokens = ages.rev().filter_map(|(_, id)| self.rows.get(id));
            tokens.filter(|token| matches(query, token)).take(query.limit as usize).cloned().collect()
        };
        match &query.starting_after {
            None => newest_first(&mut self.by_age.iter()),
            // Nothing comes behind a token that is not there.
            Some(cursor) => self.rows.get(cursor).map_or_else(Vec::new, |token| {
                newest_first(&mut self.by_age.range(..(token.created_at, token.id.clone())))
            }),
        }
    }

    pub(crate) fn created_in(&self, month: Month) -> u64 {
        self.created_in.get(&month).copied().unwrap_or(0)
    }

    /// Those that fall with the user, in the order of their ids.
    pub(crate) fn pending_of(&self, party: &UserId) -> Vec<ActorToken> {
        self.pending.of(party.as_str()).filter_map(|id| self.rows.get(id)).cloned().collect()
    }

    pub(crate) fn count(&mut self, month: Month) {
        *self.created_in.entry(month).or_default() += 1;
    }

    /// Adds the token, or puts it in the place of the one with its id.
    pub(crate) fn put(&mut self, token: ActorToken) {
        self.remove(&token.id);
        self.by_age.insert((token.created_at, token.id.clone()));
        self.by_end.insert((token.expires_at, token.id.clone()));
        if token.status == ActorTokenStatus::Pending {
            for party in parties(&token) {
                self.pending.add(party, token.id.clone());
            }
        }
        self.rows.insert(token.id.clone(), token);
    }

    pub(crate) fn remove(&mut self, id: &ActorTokenId) {
        let Some(old) = self.rows.remove(id) else { return };
        self.by_age.remove(&(old.created_at, old.id.clone()));
        self.by_end.remove(&(old.expires_at, old.id.clone()));
        for party in parties(&old) {
            self.pending.remove(party.as_str(), id);
        }
    }
}

fn parties(token: &ActorToken) -> [String; 2] {
    [token.subject.as_str().to_owned(), token.actor.sub().to_owned()]
}

fn matches(query: &ActorTokenQuery, token: &ActorToken) -> bool {
    query.status.is_none_or(|status| status == token.status)
        && query.subject.as_ref().is_none_or(|subject| *subject == token.subject)
        && query.actor_sub.as_ref().is_none_or(|sub| sub == token.actor.sub())
        && query.created_at_or_after.is_none_or(|at| at <= token.created_at)
        && query.created_before.is_none_or(|before| token.created_at < before)
}
