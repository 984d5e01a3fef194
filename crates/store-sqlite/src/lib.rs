//! The default store: SQLite in one file.
//!
//! One thread writes and shares each transaction among all changes that wait ([`commit`]); a few threads read.

mod actor_tokens;
mod archive;
mod audit;
mod backup;
mod bind;
mod checkpoint;
mod clients;
mod commit;
mod conditions;
mod connection;
mod fault;
mod gate;
mod guards;
mod integrity;
mod kept_answers;
mod keys;
mod lookups;
mod metrics;
mod new_file;
mod open_error;
mod options;
mod pace;
#[cfg(test)]
mod plans;
mod queue;
mod reads;
mod retention;
mod rows;
#[cfg(feature = "testing")]
mod sabotage;
mod schema;
mod secret_keys_seen;
mod sessions;
mod sign_in_tokens;
mod sign_ins;
mod threads;
mod user_query;
mod users;
mod writes;

pub use archive::SqliteArchive;
pub use backup::{back_up, bring_in, check, look_at_backup};
pub use integrity::quick_check;
pub use metrics::Metrics;
pub use new_file::{NewFile, unfinished};
pub use open_error::OpenError;
pub use options::{Options, Synchronous};
#[cfg(feature = "testing")]
pub use sabotage::Sabotage;
pub use schema::SUPPORTED_VERSION;

use crate::{
    checkpoint::Checkpoints,
    commit::{Note, Writer},
    gate::Gate,
    lookups::Lookups,
    metrics::Counters,
    reads::Readers,
    secret_keys_seen::SecretKeysSeen,
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
    ports::{Clock, CommitError, Committed, Instance, Store, StoreError},
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
use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

/// A database that is open. Dropping it carries out what waits and closes the file, as [`SqliteStore::close`] does.
pub struct SqliteStore {
    lookups: Lookups,
    /// Apart, so that a long list never delays the look-up of a key or a session.
    lists: Readers,
    writer: Writer,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    secret_keys: Arc<SecretKeysSeen>,
    file: PathBuf,
}

impl SqliteStore {
    /// Opens the database, creates it if there is none, and brings its schema up to date. `clock` is the time at which
    /// commits see guards and ends.
    ///
    /// # Errors
    /// [`OpenError`], each with a line that names the file and the next step.
    pub fn open(options: &Options, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with(options, clock, Synchronous::Full)
    }

    /// The same with commits that may not wait for the disk, for a test that must notice what is then lost.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    #[cfg(feature = "testing")]
    pub fn open_unsafe(
        options: &Options,
        clock: Arc<dyn Clock>,
        synchronous: Synchronous,
    ) -> Result<Self, OpenError> {
        Self::open_with(options, clock, synchronous)
    }

    /// Breaks the writer as a test wants it.
    ///
    /// # Errors
    /// When the store is closed, or broken already.
    #[cfg(feature = "testing")]
    pub async fn sabotage(&self, sabotage: Sabotage) -> Result<(), StoreError> {
        self.writer.sabotage(sabotage).await
    }

    /// Carries out what waits, copies the WAL into the database and closes the file; later calls are answered
    /// `Unavailable`. Blocks for as long as that takes.
    pub fn close(&self) {
        self.lookups.close();
        self.lists.close();
        self.writer.close();
        self.secret_keys.end();
    }

    pub fn metrics(&self) -> Metrics {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let counters = &self.counters;
        Metrics {
            queue_depth: count(self.writer.queue().len()),
            queue_length: count(self.writer.queue().capacity()),
            read_queue_depth: count(self.lists.queue_depth()),
            commits_total: counters.commits.load(Ordering::Relaxed),
            rollbacks_total: counters.rollbacks.load(Ordering::Relaxed),
            changes_total: counters.changes.load(Ordering::Relaxed),
            last_batch_size: counters.last_batch_size.load(Ordering::Relaxed),
            batch_sizes: counters.batch_sizes.read(),
            commit_micros: counters.commit_micros.read(),
            checkpoints_total: counters.checkpoints.load(Ordering::Relaxed),
            wal_bytes: fs::metadata(connection::wal_file(&self.file)).map_or(0, |wal| wal.len()),
        }
    }

    fn open_with(
        options: &Options,
        clock: Arc<dyn Clock>,
        synchronous: Synchronous,
    ) -> Result<Self, OpenError> {
        let file = options.file.as_path();
        connection::prepare_files(file)?;
        let sql_error = |error: rusqlite::Error| OpenError::from_sql(file, &error);
        let mut connection = connection::open_writer(file).map_err(sql_error)?;
        schema::recognise(&connection, file)?;
        connection::set_up_writer(&connection, synchronous).map_err(sql_error)?;
        schema::migrate(&mut connection, file)?;
        let (counters, gate) = (Arc::new(Counters::default()), Arc::new(Gate::default()));
        let checkpoints =
            Checkpoints::take_over(&mut connection, file, Arc::clone(&gate), Arc::clone(&counters))
                .map_err(sql_error)?;
        let secret_keys = Arc::new(SecretKeysSeen::default());
        let writer = Writer::start(
            connection,
            Arc::clone(&clock),
            options,
            checkpoints,
            Arc::clone(&counters),
            Arc::clone(&secret_keys),
        )
        .map_err(|error| OpenError::unavailable(file, &error))?;
        let lookups = Lookups::open(file)?;
        let lists = Readers::start(
            file,
            "store-lists",
            options.list_connections.max(1),
            options.queue_length,
            &gate,
        )?;
        Ok(Self { lookups, lists, writer, clock, counters, secret_keys, file: file.to_owned() })
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteStore").field("file", &self.file).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn instance(&self) -> Result<Option<Instance>, StoreError> {
        self.lookups.read(keys::instance)
    }

    async fn actor_token(&self, id: &ActorTokenId) -> Result<Option<ActorToken>, StoreError> {
        self.lookups.read(|connection| actor_tokens::find(connection, id))
    }

    async fn actor_tokens(&self, query: &ActorTokenQuery) -> Result<Vec<ActorToken>, StoreError> {
        let query = query.clone();
        self.lists.read(move |connection| actor_tokens::list(connection, &query)).await
    }

    async fn actor_tokens_created_in(&self, month: Month) -> Result<u64, StoreError> {
        self.lookups.read(|connection| actor_tokens::created_in(connection, month))
    }

    async fn sign_in_token(&self, id: &SignInTokenId) -> Result<Option<SignInToken>, StoreError> {
        self.lookups.read(|connection| sign_in_tokens::find(connection, id))
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.lookups.read(|connection| users::find(connection, id))
    }

    async fn standing(&self, id: &UserId) -> Result<Standing, StoreError> {
        self.lookups.read(|connection| users::standing(connection, id))
    }

    async fn identifier_owner(&self, identifier: &Identifier) -> Result<Option<UserId>, StoreError> {
        self.lookups.read(|connection| users::owner(connection, identifier))
    }

    async fn users(&self, query: &UserQuery) -> Result<Vec<User>, StoreError> {
        let query = query.clone();
        self.lists.read(move |connection| user_query::list(connection, &query)).await
    }

    async fn count_users(&self, query: &UserQuery) -> Result<u64, StoreError> {
        let query = query.clone();
        self.lists.read(move |connection| user_query::count(connection, &query)).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.lookups.read(|connection| sessions::find(connection, id))
    }

    async fn sessions(&self, query: &SessionQuery) -> Result<Listed<Session>, StoreError> {
        // A client's sessions are few, and signing in waits for them.
        if query.client.is_some() {
            return self.lookups.read(|connection| sessions::list(connection, query));
        }
        let query = query.clone();
        self.lists.read(move |connection| sessions::list(connection, &query)).await
    }

    async fn overdue_sessions(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, StoreError> {
        self.lists.read(move |connection| sessions::overdue(connection, now, limit)).await
    }

    async fn count_live_sessions(&self, now: UnixMillis) -> Result<u64, StoreError> {
        self.lists.read(move |connection| sessions::count_live(connection, now)).await
    }

    async fn record_activity(&self, id: &SessionId, at: UnixMillis) -> Result<(), StoreError> {
        self.writer.record_activity(id.clone(), at).await
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.lookups.read(|connection| clients::find(connection, id))
    }

    async fn clients(&self, page: Page) -> Result<Listed<Client>, StoreError> {
        self.lists.read(move |connection| clients::list(connection, page)).await
    }

    async fn pending_sign_in(&self, client: &ClientId) -> Result<Option<PendingSignIn>, StoreError> {
        self.lookups.read(|connection| sign_ins::pending(connection, client))
    }

    async fn begin_sign_in(&self, pending: &PendingSignIn) -> Result<(), StoreError> {
        self.writer.note(Note::BeginSignIn(pending.clone())).await.map(drop)
    }

    async fn password_failures(&self, guessed: &Guessed) -> Result<Option<PasswordFailures>, StoreError> {
        self.lookups.read(|connection| sign_ins::failures(connection, guessed))
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
        self.lookups.read(|connection| sign_ins::kept_return(connection, client))
    }

    async fn kept_answer(&self, key_hash: &SecretHash) -> Result<Option<KeptAnswer>, StoreError> {
        self.lookups.read(|connection| kept_answers::find(connection, key_hash))
    }

    async fn keep_answer(&self, answer: &KeptAnswer) -> Result<bool, StoreError> {
        Ok(self.writer.note(Note::KeepAnswer(answer.clone())).await? == 1)
    }

    async fn forget_answers(&self, now: UnixMillis, limit: u32) -> Result<u32, StoreError> {
        let removed = self.writer.note(Note::ForgetAnswers { now, limit }).await?;
        Ok(u32::try_from(removed).unwrap_or(limit))
    }

    async fn count_kept_answers(&self) -> Result<u64, StoreError> {
        self.lists.read(kept_answers::count).await
    }

    async fn secret_key(&self, id: &SecretKeyId) -> Result<Option<SecretKey>, StoreError> {
        match self.secret_keys.find(id) {
            Ok(key) => Ok(Some(key)),
            Err(begun) => {
                let read = self.lookups.read(|connection| keys::secret_key(connection, id))?;
                Ok(read.inspect(|key| self.secret_keys.keep(begun, key)))
            }
        }
    }

    async fn secret_keys(&self) -> Result<Vec<SecretKey>, StoreError> {
        self.lookups.read(keys::secret_keys)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.lookups.read(keys::signing_keys)
    }

    async fn audit_entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let query = query.clone();
        self.lists.read(move |connection| audit::list(connection, &query)).await
    }

    async fn purge(&self, purge: &Purge, now: UnixMillis, limit: u32) -> Result<Stepped, StoreError> {
        let asked = purge.clone();
        let last = self.lists.read(move |connection| retention::last(connection, &asked, now, limit)).await?;
        let note = Note::Purge { purge: purge.clone(), last: last.clone(), now, limit };
        let removed = self.writer.note(note).await?;
        let rest = match purge.of {
            Purged::Entries { .. } => (removed >= u64::from(limit)).then(|| purge.clone()),
            _ => last.map(|last| purge.from(last)),
        };
        Ok(Stepped { removed: u32::try_from(removed).unwrap_or(limit), rest })
    }

    async fn time(&self) -> Result<UnixMillis, StoreError> {
        Ok(self.clock.now())
    }

    /// One process opens the file.
    async fn take_lease(&self, _: Lease, _: &LeaseHolder, _: u32) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn give_up_leases(&self, _: &LeaseHolder) -> Result<(), StoreError> {
        Ok(())
    }

    async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let begun = std::time::Instant::now();
        let outcome = self.writer.commit(change).await;
        self.counters.commit_took(begun.elapsed());
        outcome
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.lookups.read(keys::instance)?;
        self.writer.check().await
    }
}
