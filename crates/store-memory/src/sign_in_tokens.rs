//! Sign-in tokens, and the pending ones by their user.

use crate::index::Index;
use actas_domain::{
    ids::{SignInTokenId, UserId},
    sign_in_token::{SignInToken, SignInTokenStatus},
    time::UnixMillis,
};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(crate) struct SignInTokens {
    rows: HashMap<SignInTokenId, SignInToken>,
    pending: Index<UserId, SignInTokenId>,
    /// By the end of their lifetime.
    pub(crate) by_end: BTreeSet<(UnixMillis, SignInTokenId)>,
}

impl SignInTokens {
    pub(crate) fn get(&self, id: &SignInTokenId) -> Option<&SignInToken> {
        self.rows.get(id)
    }

    /// In the order of their ids.
    pub(crate) fn pending_of(&self, user: &UserId) -> Vec<SignInToken> {
        self.pending.of(user).filter_map(|id| self.rows.get(id)).cloned().collect()
    }

    /// Adds the token, or puts it in the place of the one with its id.
    pub(crate) fn put(&mut self, token: SignInToken) {
        self.remove(&token.id);
        self.by_end.insert((token.expires_at, token.id.clone()));
        if token.status == SignInTokenStatus::Pending {
            self.pending.add(token.user.clone(), token.id.clone());
        }
        self.rows.insert(token.id.clone(), token);
    }

    pub(crate) fn remove(&mut self, id: &SignInTokenId) {
        let Some(old) = self.rows.remove(id) else { return };
        self.pending.remove(&old.user, id);
        self.by_end.remove(&(old.expires_at, old.id));
    }
}
