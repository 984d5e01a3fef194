//! The store's trait, call by call: each a statement, and what its rows become.

use crate::{
    PostgresStore, actor_tokens, audit, clients, fault::Fault, kept_answers, keys, leases, retention, rows,
    sessions, sign_in_tokens, sign_ins, user_query, user_rows, users, work::Note,
};
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
    ports::{CommitError, Committed, Instance, Standpoint, Store, StoreError},
    retention::{Purge, Purged, Stepped},
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
use tokio_postgres::Row;

/// A reader of the one row, or of all rows, that a statement finds.
fn one<T>(read: fn(&Row) -> Result<T, Fault>) -> impl FnOnce(&[Row]) -> Result<Option<T>, Fault> {
    move |found| rows::one(found, read)
}

fn many<T>(read: fn(&Row) -> Result<T, Fault>) -> impl FnOnce(&[Row]) -> Result<Vec<T>, Fault> {
    move |found| rows::many(found, read)
}

fn listed<T>(read: fn(&Row) -> Result<T, Fault>) -> impl FnOnce(&[Row], &[Row]) -> Result<Listed<T>, Fault> {
    move |page, total| Ok(Listed { rows: rows::many(page, read)?, total: rows::number(total)? })
}

#[async_trait]
impl Store for PostgresStore {
    async fn instance(&self) -> Result<Option<Instance>, StoreError> {
        self.lookups.read(keys::instance(), one(keys::instance_from_row)).await
    }

    async fn actor_token(&self, id: &ActorTokenId) -> Result<Option<ActorToken>, StoreError> {
        self.lookups.read(actor_tokens::find(id), one(actor_tokens::from_row)).await
    }

    async fn actor_tokens(&self, query: &ActorTokenQuery) -> Result<Vec<ActorToken>, StoreError> {
        self.lists.read(actor_tokens::list(query), many(actor_tokens::from_row)).await
    }

    async fn actor_tokens_created_in(&self, month: Month) -> Result<u64, StoreError> {
        self.lookups.read(actor_tokens::created_in(month), rows::number).await
    }

    async fn sign_in_token(&self, id: &SignInTokenId) -> Result<Option<SignInToken>, StoreError> {
        self.lookups.read(sign_in_tokens::find(id), one(sign_in_tokens::from_row)).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let found = self.lookups.read_both(user_rows::find(id), user_rows::with_identifications).await?;
        Ok(found.into_iter().next())
    }

    async fn standing(&self, id: &UserId) -> Result<Standing, StoreError> {
        self.lookups.read(users::standing(id), users::standing_from).await
    }

    async fn identifier_owner(&self, identifier: &Identifier) -> Result<Option<UserId>, StoreError> {
        let read = |row: &Row| rows::Fields::of(row, "identifiers").parsed(UserId::parse);
        self.lookups.read(users::owner(identifier), one(read)).await
    }

    async fn users(&self, query: &UserQuery) -> Result<Vec<User>, StoreError> {
        if query.matches_nothing {
            return Ok(Vec::new());
        }
        self.lists.read_both(user_query::list(query), user_rows::with_identifications).await
    }

    async fn count_users(&self, query: &UserQuery) -> Result<u64, StoreError> {
        if query.matches_nothing {
            return Ok(0);
        }
        self.lists.read(user_query::count(query), rows::number).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.lookups.read(sessions::find(id), one(sessions::from_row)).await
    }

    async fn sessions(&self, query: &SessionQuery) -> Result<Listed<Session>, StoreError> {
        // A client's sessions are few, and signing in waits for them.
        let readers = if query.client.is_some() { &self.lookups } else { &self.lists };
        readers.read_both(sessions::list(query), listed(sessions::from_row)).await
    }

    async fn overdue_sessions(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, StoreError> {
        self.lists.read(sessions::overdue(now, limit), many(sessions::from_row)).await
    }

    async fn count_live_sessions(&self, now: UnixMillis) -> Result<u64, StoreError> {
        self.lists.read(sessions::count_live(now), rows::number).await
    }

    async fn record_activity(&self, id: &SessionId, at: UnixMillis) -> Result<(), StoreError> {
        self.writer.record_activity(id.clone(), at).await
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.lookups.read(clients::find(id), one(clients::from_row)).await
    }

    async fn clients(&self, page: Page) -> Result<Listed<Client>, StoreError> {
        self.lists.read_both(clients::list(page), listed(clients::from_row)).await
    }

    async fn secret_key(&self, id: &SecretKeyId) -> Result<Option<SecretKey>, StoreError> {
        self.lookups.read(keys::secret_key(id), one(keys::secret_key_from_row)).await
    }

    async fn secret_keys(&self) -> Result<Vec<SecretKey>, StoreError> {
        self.lookups.read(keys::secret_keys(), many(keys::secret_key_from_row)).await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.lookups.read(keys::signing_keys(), many(keys::signing_key_from_row)).await
    }

    async fn audit_entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        self.lists.read(audit::list(query), many(audit::from_row)).await
    }

    async fn pending_sign_in(&self, client: &ClientId) -> Result<Option<PendingSignIn>, StoreError> {
        self.lookups.read(sign_ins::pending(client), one(sign_ins::pending_from_row)).await
    }

    async fn begin_sign_in(&self, pending: &PendingSignIn) -> Result<(), StoreError> {
        self.writer.note(Note::BeginSignIn(pending.clone())).await.map(drop)
    }

    async fn password_failures(&self, guessed: &Guessed) -> Result<Option<PasswordFailures>, StoreError> {
        self.lookups.read(sign_ins::failures(guessed), one(sign_ins::failures_from_row)).await
    }

    async fn set_guesses(
        &self,
        identifier: SecretHash,
        seen: Option<PasswordFailures>,
        failures: PasswordFailures,
    ) -> Result<bool, StoreError> {
        Ok(self.writer.note(Note::SetGuesses { identifier, seen, set: failures }).await? == 1)
    }

    async fn forget_sign_ins(
        &self,
        now: UnixMillis,
        forgotten: UnixMillis,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let removed = self.writer.note(Note::ForgetSignIns { now, forgotten, limit }).await?;
        Ok(u32::try_from(removed).unwrap_or(u32::MAX))
    }

    async fn kept_return(&self, client: &ClientId) -> Result<Option<KeptReturn>, StoreError> {
        self.lookups.read(sign_ins::kept_return(client), one(sign_ins::return_from_row)).await
    }

    async fn kept_answer(&self, key_hash: &SecretHash) -> Result<Option<KeptAnswer>, StoreError> {
        self.lookups.read(kept_answers::find(key_hash), one(kept_answers::from_row)).await
    }

    async fn keep_answer(&self, answer: &KeptAnswer) -> Result<bool, StoreError> {
        Ok(self.writer.note(Note::KeepAnswer(answer.clone())).await? == 1)
    }

    async fn forget_answers(&self, now: UnixMillis, limit: u32) -> Result<u32, StoreError> {
        let removed = self.writer.note(Note::ForgetAnswers { now, limit }).await?;
        Ok(u32::try_from(removed).unwrap_or(limit))
    }

    async fn count_kept_answers(&self) -> Result<u64, StoreError> {
        self.lists.read(kept_answers::count(), rows::number).await
    }

    async fn purge(&self, purge: &Purge, now: UnixMillis, limit: u32) -> Result<Stepped, StoreError> {
        let last = retention::last(purge, now, limit);
        let (step, rest) = self.lists.read(last, |found| retention::step(purge, now, limit, found)).await?;
        let is_cut = matches!(purge.of, Purged::Entries { .. });
        let removed = self.writer.note(Note::Purge { step, now }).await?;
        // What is behind an entry that stays stays with it.
        let rest = rest.filter(|_| !is_cut || removed >= u64::from(limit));
        Ok(Stepped { removed: u32::try_from(removed).unwrap_or(limit), rest })
    }

    /// As a batch of the writer sees it.
    async fn time(&self) -> Result<UnixMillis, StoreError> {
        let millis = self.writer.note(Note::Time).await?;
        Ok(UnixMillis::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
    }

    /// Not by the writer: whoever is refused has nothing to write, and what is lost at a failover runs out.
    async fn take_lease(&self, lease: Lease, holder: &LeaseHolder, seconds: u32) -> Result<bool, StoreError> {
        self.lookups.write_loosely(leases::take(lease, holder, seconds), |found| Ok(!found.is_empty())).await
    }

    async fn give_up_leases(&self, holder: &LeaseHolder) -> Result<(), StoreError> {
        self.lookups.write_loosely(leases::give_up(holder), |_| Ok(())).await
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let begun = std::time::Instant::now();
        let outcome = self.writer.commit(change).await;
        self.counters.commit_took(begun.elapsed());
        outcome
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.writer.check()?;
        self.pulse.check().await
    }

    fn standpoint(&self) -> Standpoint {
        Standpoint(self.primary.epoch())
    }

    async fn confirm(&self, standpoint: Standpoint) -> Result<(), StoreError> {
        self.pulse.confirm(standpoint.0).await
    }
}
