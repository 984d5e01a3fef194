//! What a use case may touch.

use crate::{
    audit::AuditEvent,
    caller::Caller,
    change::Change,
    ids::SecretKeyId,
    keys::ring::KeyRing,
    ports::{Clock, CommitError, Entropy, KeyVault, PasswordHasher, Store, StoreError},
    refusal::{Failure, Refusal},
    refusal_throttle::RefusalThrottle,
    settings::Settings,
    time::UnixMillis,
};
use std::{fmt, sync::Arc};

/// Attempts at one act before [`Failure::Contended`]: each failed guard means that somebody else got on.
pub(crate) const ATTEMPTS_MAX: usize = 16;
/// The same for bans, locks and deletions: other changes of the user must not be able to hold them up.
pub(crate) const STANDING_ATTEMPTS_MAX: usize = 256;

/// The parts of the world, handed in by whoever assembles the program or a test.
pub struct World {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub vault: Arc<dyn KeyVault>,
    pub passwords: Arc<dyn PasswordHasher>,
    pub settings: Settings,
    pub key_ring: KeyRing,
    pub refusals: RefusalThrottle,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("World").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl World {
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Commits; `false` when a guard did not hold, so that the caller reads again and decides anew.
    ///
    /// # Errors
    /// [`Refusal::SecretKeyRevoked`] when it was the guard on the caller's own secret key.
    pub(crate) async fn commit(&self, change: Change) -> Result<bool, Failure> {
        let caller = change.event().context.caller.clone();
        match self.store.commit(change).await {
            Ok(_) => Ok(true),
            Err(CommitError::Store(error)) => Err(Failure::Store(error)),
            Err(CommitError::GuardFailed) => match caller {
                Caller::SecretKey(id) if !self.is_valid(&id).await? => Err(Refusal::SecretKeyRevoked.into()),
                _ => Ok(false),
            },
        }
    }

    async fn is_valid(&self, key: &SecretKeyId) -> Result<bool, StoreError> {
        Ok(self.store.secret_key(key).await?.is_some_and(|key| key.is_valid()))
    }

    /// Puts a refusal on record. When that cannot be done, the caller is told so instead of being refused.
    pub(crate) async fn record_refusal(&self, event: AuditEvent) -> Result<(), Failure> {
        match self.refusals.admits(&event) {
            true => self.record(event).await,
            false => Ok(()),
        }
    }

    /// The same for one refusal of very many that a backend brings about.
    pub(crate) async fn record_bulk_refusal(&self, event: AuditEvent) -> Result<(), Failure> {
        match self.refusals.admits_in_bulk(&event) {
            true => self.record(event).await,
            false => Ok(()),
        }
    }

    async fn record(&self, refusal: AuditEvent) -> Result<(), Failure> {
        match self.store.commit(Change::refusal(refusal)).await {
            Ok(_) => Ok(()),
            Err(CommitError::GuardFailed) => {
                Err(Failure::Store(StoreError::Corrupt("a change without guards failed a guard".into())))
            }
            Err(CommitError::Store(error)) => Err(Failure::Store(error)),
        }
    }
}
