//! The store that keeps everything in memory and nothing beyond the process: for tests and for `--ephemeral`.
//!
//! One lock around plain collections. A commit holds it from its first guard to its last entry, so that nobody
//! sees a part of a change.

mod actor_tokens;
mod audit;
mod clients;
mod commit;
mod guards;
mod index;
mod kept_answers;
mod keys;
mod retention;
mod sessions;
mod sign_in_tokens;
mod sign_ins;
mod state;
mod user_query;
mod users;
mod writes;

use crate::state::State;
use actas_domain::{
    actor_token::{ActorToken, find::ActorTokenQuery},
    audit::{AuditEntry, find::AuditQuery},
    change::Change,
    client::{Client, returning::KeptReturn},
    idempotency::KeptAnswer,
    ids::{ActorTokenId, ClientId, SecretKeyId, SessionId, SignInTokenId, UserId},
    keys::SigningKey,
    lease::{Lease, LeaseHolder},
    page::{Listed, Page},
    ports::{Clock, CommitError, Committed, Instance, Store, StoreError},
    retention::{Purge, Stepped},
    secret::SecretHash,
    secret_key::SecretKey,
    session::{Session, find::SessionQuery},
    sign_in::{
        PendingSignIn,
        failures::{Guessed, PasswordFailures},
    },
    sign_in_token::SignInToken,
    time::{Month, UnixMillis},
    user::{Identifier, Standing, User, find::UserQuery},
};
use async_trait::async_trait;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

/// An empty store at first; what it holds ends with it.
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

impl MemoryStore {
    /// `clock` is the time at which commits see guards and ends.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::default(), clock }
    }

    /// # Errors
    /// When a thread panicked while it held the state, which may since be half of a change.
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state.lock().map_err(|_| StoreError::Corrupt("a change broke off in the middle".into()))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn instance(&self) -> Result<Option<Instance>, StoreError> {
        Ok(self.state()?.instance.clone())
    }

    async fn actor_token(&self, id: &ActorTokenId) -> Result<Option<ActorToken>, StoreError> {
        Ok(self.state()?.actor_tokens.get(id).cloned())
    }

    async fn actor_tokens(&self, query: &ActorTokenQuery) -> Result<Vec<ActorToken>, StoreError> {
        Ok(self.state()?.actor_tokens.list(query))
    }

    async fn actor_tokens_created_in(&self, month: Month) -> Result<u64, StoreError> {
        Ok(self.state()?.actor_tokens.created_in(month))
    }

    async fn sign_in_token(&self, id: &SignInTokenId) -> Result<Option<SignInToken>, StoreError> {
        Ok(self.state()?.sign_in_tokens.get(id).cloned())
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        Ok(self.state()?.users.get(id).cloned())
    }

    async fn standing(&self, id: &UserId) -> Result<Standing, StoreError> {
        Ok(self.state()?.users.standing(id))
    }

    async fn identifier_owner(&self, identifier: &Identifier) -> Result<Option<UserId>, StoreError> {
        Ok(self.state()?.users.owner(identifier).cloned())
    }

    async fn users(&self, query: &UserQuery) -> Result<Vec<User>, StoreError> {
        Ok(self.state()?.users.list(query))
    }

    async fn count_users(&self, query: &UserQuery) -> Result<u64, StoreError> {
        Ok(self.state()?.users.count(query))
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state()?.sessions.get(id).cloned())
    }

    async fn sessions(&self, query: &SessionQuery) -> Result<Listed<Session>, StoreError> {
        Ok(self.state()?.sessions.list(query))
    }

    async fn overdue_sessions(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, StoreError> {
        Ok(self.state()?.sessions.overdue(now, limit))
    }

    async fn count_live_sessions(&self, now: UnixMillis) -> Result<u64, StoreError> {
        Ok(self.state()?.sessions.count_live(now))
    }

    async fn record_activity(&self, id: &SessionId, at: UnixMillis) -> Result<(), StoreError> {
        let now = self.clock.now();
        writes::record_activity(&mut *self.state()?, id, at, now);
        Ok(())
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        Ok(self.state()?.clients.get(id).cloned())
    }

    async fn clients(&self, page: Page) -> Result<Listed<Client>, StoreError> {
        Ok(self.state()?.clients.list(page))
    }

    async fn pending_sign_in(&self, client: &ClientId) -> Result<Option<PendingSignIn>, StoreError> {
        Ok(self.state()?.sign_ins.pending(client).cloned())
    }

    async fn begin_sign_in(&self, pending: &PendingSignIn) -> Result<(), StoreError> {
        self.state()?.sign_ins.begin(pending.clone());
        Ok(())
    }

    async fn password_failures(&self, guessed: &Guessed) -> Result<Option<PasswordFailures>, StoreError> {
        let state = self.state()?;
        Ok(match guessed {
            Guessed::User(id) => state.users.get(id).and_then(|user| user.password_failures),
            Guessed::Nobody(identifier) => state.sign_ins.guesses(identifier),
        })
    }

    async fn set_guesses(
        &self,
        identifier: SecretHash,
        seen: Option<PasswordFailures>,
        failures: PasswordFailures,
    ) -> Result<bool, StoreError> {
        Ok(self.state()?.sign_ins.set_guesses(&identifier, seen, failures))
    }

    async fn forget_sign_ins(
        &self,
        now: UnixMillis,
        forgotten: UnixMillis,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut state = self.state()?;
        let removed = state.sign_ins.forget(now, forgotten, limit);
        Ok(removed + state.users.forget_password_failures(forgotten, limit))
    }

    async fn kept_return(&self, client: &ClientId) -> Result<Option<KeptReturn>, StoreError> {
        Ok(self.state()?.sign_ins.kept_return(client).cloned())
    }

    async fn kept_answer(&self, key_hash: &SecretHash) -> Result<Option<KeptAnswer>, StoreError> {
        Ok(self.state()?.kept_answers.get(key_hash).cloned())
    }

    async fn keep_answer(&self, answer: &KeptAnswer) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        let is_free = state.kept_answers.is_free(&answer.key_hash, self.clock.now());
        if is_free {
            state.kept_answers.keep(answer.clone());
        }
        Ok(is_free)
    }

    async fn forget_answers(&self, now: UnixMillis, limit: u32) -> Result<u32, StoreError> {
        Ok(self.state()?.kept_answers.forget(now, limit))
    }

    async fn count_kept_answers(&self) -> Result<u64, StoreError> {
        Ok(self.state()?.kept_answers.count())
    }

    async fn secret_key(&self, id: &SecretKeyId) -> Result<Option<SecretKey>, StoreError> {
        Ok(self.state()?.keys.secret_key(id).cloned())
    }

    async fn secret_keys(&self) -> Result<Vec<SecretKey>, StoreError> {
        Ok(self.state()?.keys.secret_keys())
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(self.state()?.keys.signing_keys())
    }

    async fn audit_entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.state()?.record.list(query))
    }

    async fn purge(&self, purge: &Purge, now: UnixMillis, limit: u32) -> Result<Stepped, StoreError> {
        let now = now.min(self.clock.now());
        Ok(retention::purge(&mut *self.state()?, purge, now, limit))
    }

    async fn time(&self) -> Result<UnixMillis, StoreError> {
        Ok(self.clock.now())
    }

    async fn take_lease(&self, _: Lease, _: &LeaseHolder, _: u32) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn give_up_leases(&self, _: &LeaseHolder) -> Result<(), StoreError> {
        Ok(())
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let mut state = self.state()?;
        commit::carry_out(&mut state, &change, self.clock.now())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.state().map(drop)
    }
}
