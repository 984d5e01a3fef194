//! The traits behind [`crate::world::World`]: what the rules need from outside.

use crate::{
    actor_token::{ActorToken, find::ActorTokenQuery},
    audit::{AuditEntry, find::AuditQuery},
    change::Change,
    client::{Client, returning::KeptReturn},
    idempotency::{KeptAnswer, ScopedKey, SealedAnswer},
    ids::{ActorTokenId, ClientId, InstanceId, SecretKeyId, SessionId, SignInTokenId, UserId},
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey},
    lease::{Lease, LeaseHolder},
    page::{Listed, Page},
    retention::{Purge, Stepped},
    secret::{SecretHash, SecretText},
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
use std::fmt;
use zeroize::Zeroizing;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> UnixMillis;
}

/// Fills memory with bytes that nobody can guess. A source that fails must abort the process: there is no safe
/// way on.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub created_at: UnixMillis,
}

/// Holds the state. Reads are plain; there is one write of state, [`Store::commit`]. Without an entry in the record
/// are only activity, what is no state of record (attempts to sign in that wait, guesses at nobody's password, kept
/// answers, leases), and the removal of what is over ([`crate::retention`]).
///
/// Every read sees every commit that was answered before the read began.
#[async_trait]
pub trait Store: Send + Sync {
    async fn instance(&self) -> Result<Option<Instance>, StoreError>;

    async fn actor_token(&self, id: &ActorTokenId) -> Result<Option<ActorToken>, StoreError>;
    /// Newest first (by `created_at`, then `id`), at most `query.limit`.
    async fn actor_tokens(&self, query: &ActorTokenQuery) -> Result<Vec<ActorToken>, StoreError>;
    /// How many actor tokens were created in the month.
    async fn actor_tokens_created_in(&self, month: Month) -> Result<u64, StoreError>;
    async fn sign_in_token(&self, id: &SignInTokenId) -> Result<Option<SignInToken>, StoreError>;

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;
    /// The stored user's standing, joined with what is kept of somebody who is not stored.
    async fn standing(&self, id: &UserId) -> Result<Standing, StoreError>;
    async fn identifier_owner(&self, identifier: &Identifier) -> Result<Option<UserId>, StoreError>;
    async fn users(&self, query: &UserQuery) -> Result<Vec<User>, StoreError>;
    /// Ignores the query's order, page and cursor.
    async fn count_users(&self, query: &UserQuery) -> Result<u64, StoreError>;

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;
    /// Newest first (by `created_at`, then `id`).
    async fn sessions(&self, query: &SessionQuery) -> Result<Listed<Session>, StoreError>;
    /// Stored as active, but over at `now`; the longest over first, at most `limit`.
    async fn overdue_sessions(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, StoreError>;
    async fn count_live_sessions(&self, now: UnixMillis) -> Result<u64, StoreError>;
    /// Moves `last_active_at` (and, for an ordinary session, the user's) forward to `at`, if the session is live at
    /// `at` and by the store's clock. The one write without an entry in the record.
    async fn record_activity(&self, id: &SessionId, at: UnixMillis) -> Result<(), StoreError>;

    async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError>;
    /// Newest first (by `created_at`, then `id`).
    async fn clients(&self, page: Page) -> Result<Listed<Client>, StoreError>;

    async fn secret_key(&self, id: &SecretKeyId) -> Result<Option<SecretKey>, StoreError>;
    /// Oldest first.
    async fn secret_keys(&self) -> Result<Vec<SecretKey>, StoreError>;
    /// Oldest first.
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError>;

    async fn audit_entries(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;

    /// The client's attempt, also when its time is over.
    async fn pending_sign_in(&self, client: &ClientId) -> Result<Option<PendingSignIn>, StoreError>;
    /// Keeps the attempt, in the place of its client's earlier one.
    async fn begin_sign_in(&self, pending: &PendingSignIn) -> Result<(), StoreError>;
    async fn password_failures(&self, guessed: &Guessed) -> Result<Option<PasswordFailures>, StoreError>;
    /// Sets the guesses at an identifier that nobody has, if they are as `seen`; says whether they were.
    async fn set_guesses(
        &self,
        identifier: SecretHash,
        seen: Option<PasswordFailures>,
        failures: PasswordFailures,
    ) -> Result<bool, StoreError>;
    /// Removes attempts and returns whose time is over at `now`, and failures whose last is at or before `forgotten`: of
    /// each kind at most `limit`, the longest over first. Returns how many; with fewer than `limit` there are no more.
    async fn forget_sign_ins(
        &self,
        now: UnixMillis,
        forgotten: UnixMillis,
        limit: u32,
    ) -> Result<u32, StoreError>;
    async fn kept_return(&self, client: &ClientId) -> Result<Option<KeptReturn>, StoreError>;

    /// What is kept under the hash, also when its time is over.
    async fn kept_answer(&self, key_hash: &SecretHash) -> Result<Option<KeptAnswer>, StoreError>;
    /// Keeps an answer that belongs to no change, under the condition of [`crate::change::Write::KeepAnswer`]; `false`
    /// when that does not hold.
    async fn keep_answer(&self, answer: &KeptAnswer) -> Result<bool, StoreError>;
    /// Removes answers whose time is over at `now`, the longest over first, at most `limit`. Returns how many.
    async fn forget_answers(&self, now: UnixMillis, limit: u32) -> Result<u32, StoreError>;

    /// Kept answers, those included whose time is over and that wait to be removed.
    async fn count_kept_answers(&self) -> Result<u64, StoreError>;

    /// Looks at rows as [`crate::retention::Purged`] says, those first that are over the longest, at most `limit` of them,
    /// and removes those that may go. They must have been kept for long enough at `now` and by the store's own clock. The
    /// session that goes with an actor token is not counted.
    async fn purge(&self, purge: &Purge, now: UnixMillis, limit: u32) -> Result<Stepped, StoreError>;
    /// The time by the store's own clock.
    async fn time(&self) -> Result<UnixMillis, StoreError>;

    /// Whether the holder has the lease for so many seconds from now on. It is given to whoever has it already, and to
    /// anybody when its time is over. A store that only one process can open gives it to everybody.
    async fn take_lease(&self, lease: Lease, holder: &LeaseHolder, seconds: u32) -> Result<bool, StoreError>;
    /// Gives up all leases of the holder, so that nobody has to wait for their end.
    async fn give_up_leases(&self, holder: &LeaseHolder) -> Result<(), StoreError>;

    /// Carries out a change as [`crate::change`] says, and answers when it is durable.
    async fn commit(&self, change: Change) -> Result<Committed, CommitError>;

    /// Whether the store can be read and written now.
    async fn check(&self) -> Result<(), StoreError>;

    /// Where reads that begin now are answered, for [`Store::confirm`].
    fn standpoint(&self) -> Standpoint {
        Standpoint::ONLY
    }

    /// Awaits that all is certain which reads have shown since the standpoint was taken: that no commit was answered
    /// anywhere before it which they did not see, and that what they saw is as durable as what is answered. A
    /// commit checks its guards; whoever answers success, or mints, on the ground of reads alone awaits this first
    /// ([`crate::world::World::reading`]).
    ///
    /// Where nobody else writes, and what can be seen is durable, there is nothing to await.
    async fn confirm(&self, standpoint: Standpoint) -> Result<(), StoreError> {
        let Standpoint(_) = standpoint;
        Ok(())
    }
}

/// Where reads are answered. Of two that are not the same the later one is of another server, or of the same one after
/// it was started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standpoint(pub u64);

impl Standpoint {
    /// Of a store that is read in one place only, as long as it is open.
    pub const ONLY: Self = Self(0);
}

/// What became of a change that landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The position of the change's own entry in the record.
    pub position: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The bounded queue is full: try again after a moment.
    #[error("the store's queue is full")]
    Overloaded,
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored cannot be what was written.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A guard did not hold: read again and decide anew.
    #[error("a guard of the change does not hold")]
    GuardFailed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes, opens and uses private keys. What it seals only the holder of the master key can open.
#[async_trait]
pub trait KeyVault: Send + Sync {
    /// A new RSA-2048 key pair, e = 65537.
    async fn generate(&self) -> Result<(RsaPublicKey, SealedPrivateKey), VaultError>;
    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256 (RS256).
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, VaultError>;
    /// Whether the RS256 signature over the message is the key's.
    fn verify(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool;
    /// Whether the master key opens this private key.
    fn check(&self, key: &SigningKey) -> Result<(), VaultError>;
    /// What it makes of idempotency keys.
    fn answers(&self) -> &dyn AnswerVault;
}

/// Seals and opens kept answers. Everything here is derived from the master key and the idempotency key in its scope,
/// and nothing of it can be made from one of them alone.
pub trait AnswerVault: Send + Sync {
    /// By what an answer is found. It tells nothing of the key that opens the answer.
    fn key_hash(&self, key: &ScopedKey) -> Result<SecretHash, VaultError>;
    fn seal(&self, key: &ScopedKey, answer: &[u8]) -> Result<SealedAnswer, VaultError>;
    /// # Errors
    /// [`VaultError::Failed`] for what was sealed under another key, or altered.
    fn open(&self, key: &ScopedKey, sealed: &SealedAnswer) -> Result<Zeroizing<Vec<u8>>, VaultError>;
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the master key does not open the signing key {0}: is it the one this data was made with?")]
    WrongMasterKey(String),
    #[error("{0}")]
    Failed(String),
}

/// A password's digest, in the PHC or modular-crypt form that names its own algorithm.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordDigest(…)")
    }
}

/// Hashers of digests that can be brought along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestHasher {
    Argon2id,
    Bcrypt,
}

/// Hashes passwords, slowly on purpose and away from the threads that serve requests.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Argon2id with a salt of its own, for a backend: however many browsers guess, there is room for it.
    async fn hash(&self, password: SecretText) -> Result<PasswordDigest, StoreError>;
    /// Whether the password is the digest's. Without a digest, and for one that is of no known hasher, it is not, and
    /// finding out takes as long as for a digest of [`PasswordHasher::hash`].
    async fn verify(&self, password: SecretText, digest: Option<PasswordDigest>) -> Result<bool, StoreError>;
    /// A digest as [`PasswordHasher::hash`] makes them, in the place of one that the password was verified against.
    /// `None` when that one is such already; and when it is of a hasher that may not have looked at the whole password,
    /// so that another one may be the right one too.
    async fn renew(
        &self,
        password: SecretText,
        digest: PasswordDigest,
    ) -> Result<Option<PasswordDigest>, StoreError>;
    /// Passwords that are verified at a time, 1 at least; others wait.
    fn verified_at_once(&self) -> usize;
    /// Whether the text is a digest of that hasher, with costs that are low enough to bring it along. Those that
    /// were brought along when higher ones were allowed are verified all the same.
    fn accepts(&self, hasher: DigestHasher, digest: &str) -> bool;
}
