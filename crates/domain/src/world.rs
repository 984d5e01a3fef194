//! What a use case may touch.

use crate::{
    audit::AuditEvent,
    caller::Caller,
    change::Change,
    idempotency::{Answer, Keep, Repeatable, Settled},
    ids::SecretKeyId,
    keys::ring::KeyRing,
    ports::{Clock, CommitError, Entropy, KeyVault, PasswordHasher, Standpoint, Store, StoreError},
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

/// When something was read, and where.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub at: UnixMillis,
    standpoint: Option<Standpoint>,
}

impl Reading {
    /// Of what our own commit wrote, which is certain.
    pub const fn of_own_commit(at: UnixMillis) -> Self {
        Self { at, standpoint: None }
    }
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

    /// Commits, and keeps the answer to this outcome with it, where the request has an idempotency key.
    ///
    /// # Errors
    /// As [`World::commit`]; [`Failure::Answered`] when an answer was kept meanwhile.
    pub(crate) async fn commit_keeping<T>(
        &self,
        change: Change,
        keep: &dyn Keep<T>,
        outcome: &T,
    ) -> Result<bool, Failure> {
        let Some(repeatable) = keep.repeatable() else { return self.commit(change).await };
        #[cfg(feature = "mutations")]
        if crate::mutation::is(crate::mutation::Mutation::AnswerKeptApart) {
            return self.commit(change).await;
        }
        // What cannot be answered does not happen: the next attempt could not be told of it either.
        let unanswerable = || StoreError::Corrupt("an answer could not be written".into());
        let answer = keep.answer(Ok(outcome)).ok_or_else(unanswerable)?;
        if self.commit(change.keeping(repeatable.kept(self, &answer)?)).await? {
            repeatable.settle(Settled::Own(answer));
            return Ok(true);
        }
        if repeatable.look(self).await?.is_some() { Err(Failure::Answered) } else { Ok(false) }
    }

    /// To be taken before the reads that [`World::confirm`] is to make certain.
    pub fn reading(&self) -> Reading {
        Reading { at: self.now(), standpoint: Some(self.store.standpoint()) }
    }

    /// Awaits that what was read since is certain ([`Store::confirm`]).
    pub(crate) async fn confirm(&self, reading: Reading) -> Result<(), StoreError> {
        match reading.standpoint {
            Some(standpoint) => self.store.confirm(standpoint).await,
            None => Ok(()),
        }
    }

    /// Whether the caller's secret key is valid in this reading too: it was known in an earlier one, on another server
    /// perhaps. Where there is one place only, nothing is asked.
    pub(crate) async fn knows_caller(&self, caller: &Caller, reading: Reading) -> Result<bool, StoreError> {
        match caller {
            Caller::SecretKey(id) if reading.standpoint != Some(Standpoint::ONLY) => self.is_valid(id).await,
            _ => Ok(true),
        }
    }

    pub(crate) async fn is_valid(&self, key: &SecretKeyId) -> Result<bool, StoreError> {
        Ok(self.store.secret_key(key).await?.is_some_and(|key| key.is_valid()))
    }

    /// Puts a refusal on record, and keeps its answer with it, where the request has an idempotency key. Returns what
    /// the caller is told: the refusal; [`Failure::Answered`] when an answer was kept meanwhile; or that it could not
    /// be recorded.
    pub(crate) async fn refuse<T>(&self, event: AuditEvent, refusal: Refusal, keep: &dyn Keep<T>) -> Failure {
        let event = event.denied(refusal.code());
        let kept = keep.repeatable().and_then(|repeatable| Some((repeatable, keep.answer(Err(&refusal))?)));
        let recorded = match kept {
            Some((repeatable, answer)) => self.record_and_keep(event, repeatable, answer).await,
            None => self.record_refusal(event).await,
        };
        recorded.err().unwrap_or_else(|| refusal.into())
    }

    async fn record_and_keep(
        &self,
        event: AuditEvent,
        repeatable: &Repeatable,
        answer: Answer,
    ) -> Result<(), Failure> {
        if !self.refusals.admits(&event) {
            return Ok(());
        }
        for _ in 0..ATTEMPTS_MAX {
            let change = Change::refusal(event.clone()).keeping(repeatable.kept(self, &answer)?);
            match self.store.commit(change).await {
                Ok(_) => {
                    repeatable.settle(Settled::Own(answer));
                    return Ok(());
                }
                Err(CommitError::Store(error)) => return Err(Failure::Store(error)),
                // Nothing is found when its time ended a moment ago; the next attempt takes its place.
                Err(CommitError::GuardFailed) => {
                    if repeatable.look(self).await?.is_some() {
                        return Err(Failure::Answered);
                    }
                }
            }
        }
        Err(Failure::Contended)
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
