//! Sign-in tokens, and the pending ones by their user.

use crate::index::Index;
use actas_domain::{
    ids::{SignInTokenId, UserId},
    sign_in_token::{SignInToken, SignInTokenStatus},
};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct SignInTokens {
    rows: HashMap<SignInTokenId, SignInToken>,
    pending: Index<UserId, SignInTokenId>,
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
        if let Some(old) = self.rows.get(&token.id) {
            self.pending.remove(&old.user, &old.id);
        }
        if token.status == SignInTokenStatus::Pending {
            self.pending.add(token.user.clone(), token.id.clone());
        }
        self.rows.insert(token.id.clone(), token);
    }
}
