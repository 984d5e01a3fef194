//! One request with an idempotency key, from its arrival to its answer.

use super::{
    Answer, FORGET_LIMIT, FORGOTTEN_AFTER_SECONDS, KEPT_SECONDS, KeptAnswer, RequestDigest, ScopedKey,
    answer::Answered,
};
use crate::{
    ids::SecretKeyId,
    ports::{StoreError, VaultError},
    refusal::{Failure, Refusal},
    secret::SecretHash,
    world::{ATTEMPTS_MAX, World},
};
use std::sync::OnceLock;

/// A request that may be sent again.
#[derive(Debug)]
pub struct Repeatable {
    key: ScopedKey,
    key_hash: SecretHash,
    digest: RequestDigest,
    /// Who asks.
    caller: SecretKeyId,
    settled: OnceLock<Settled>,
}

/// What the request is answered, once that is final.
#[derive(Debug)]
pub enum Settled {
    /// What became of this request, as it is kept.
    Own(Answer),
    /// What was answered to an earlier request with the same key and body, or to one at the same time.
    Earlier {
        answer: Answer,
        /// The secret key that it was answered to.
        acted_by: SecretKeyId,
    },
    /// The key belongs to a request with another body.
    AnotherBody,
}

impl Repeatable {
    pub fn new(
        world: &World,
        key: ScopedKey,
        digest: RequestDigest,
        caller: SecretKeyId,
    ) -> Result<Self, Failure> {
        let key_hash = world.vault.answers().key_hash(&key).map_err(failed)?;
        Ok(Self { key, key_hash, digest, caller, settled: OnceLock::new() })
    }

    pub fn settled(&self) -> Option<&Settled> {
        self.settled.get()
    }

    /// Looks for an answer that is kept under the key; if there is one, the request is settled by it.
    ///
    /// # Errors
    /// [`Refusal::SecretKeyRevoked`] when there is one and the caller's key is valid no more: however it came here, it
    /// gets no ticket.
    pub async fn look(&self, world: &World) -> Result<Option<&Settled>, Failure> {
        let reading = world.reading();
        let kept = world.store.kept_answer(&self.key_hash).await?;
        let now = world.now();
        if let Some(kept) = kept.filter(|kept| now < kept.expires_at) {
            if !world.is_valid(&self.caller).await? {
                return Err(Refusal::SecretKeyRevoked.into());
            }
            // It is told as done, and nothing is committed.
            world.confirm(reading).await?;
            let bytes = world.vault.answers().open(&self.key, &kept.sealed).map_err(failed)?;
            let Answered { digest, acted_by, answer } = Answered::read(&bytes).ok_or_else(unreadable)?;
            let is_same = digest == self.digest;
            self.settle(if is_same { Settled::Earlier { answer, acted_by } } else { Settled::AnotherBody });
        }
        Ok(self.settled())
    }

    /// Keeps what was answered without a change. If an answer was kept meanwhile, that one is the answer.
    pub async fn keep(&self, world: &World, answer: Answer) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS_MAX {
            if world.store.keep_answer(&self.kept(world, &answer)?).await? {
                self.settle(Settled::Own(answer));
                return Ok(());
            }
            // Nothing is found when its time ended a moment ago; the next attempt takes its place.
            if self.look(world).await?.is_some() {
                return Ok(());
            }
        }
        Err(Failure::Contended)
    }

    /// The answer as it is kept from now on.
    pub(crate) fn kept(&self, world: &World, answer: &Answer) -> Result<KeptAnswer, Failure> {
        let answered =
            Answered { digest: self.digest, acted_by: self.caller.clone(), answer: answer.clone() };
        let bytes = answered.written();
        Ok(KeptAnswer {
            key_hash: self.key_hash,
            sealed: world.vault.answers().seal(&self.key, &bytes).map_err(failed)?,
            expires_at: world.now().plus_seconds(KEPT_SECONDS),
        })
    }

    pub(crate) fn settle(&self, settled: Settled) {
        // What is final stays: a request acts once.
        let _ = self.settled.set(settled);
    }
}

/// Removes answers whose time was over [`FORGOTTEN_AFTER_SECONDS`] ago, [`FORGET_LIMIT`] at most. Returns how many there
/// were.
pub async fn forget(world: &World) -> Result<u32, Failure> {
    let over_at = world.now().plus_seconds(-FORGOTTEN_AFTER_SECONDS);
    Ok(world.store.forget_answers(over_at, FORGET_LIMIT).await?)
}

fn failed(error: VaultError) -> Failure {
    Failure::Store(StoreError::Corrupt(format!("a kept answer: {error}")))
}

fn unreadable() -> Failure {
    Failure::Store(StoreError::Corrupt("a kept answer has a form that this version does not know".into()))
}
