//! A password hasher that checks nothing until the test lets it, so that many guesses are on their way at once.

use actas_domain::{
    ports::{DigestHasher, PasswordDigest, PasswordHasher, StoreError},
    secret::SecretText,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{Semaphore, watch};

/// Digests are the passwords themselves: `new:` before its own, anything else before those that are brought along.
#[derive(Debug)]
pub(crate) struct Turnstile {
    arrived: watch::Sender<usize>,
    inside: watch::Sender<usize>,
    at_once_max: AtomicUsize,
    wrong: Semaphore,
    right: Semaphore,
    /// Whether `hash` says that it is overloaded.
    pub(crate) is_full: AtomicBool,
}

impl Default for Turnstile {
    fn default() -> Self {
        let (wrong, right) = (Semaphore::new(0), Semaphore::new(0));
        Self {
            arrived: watch::Sender::new(0),
            inside: watch::Sender::new(0),
            at_once_max: AtomicUsize::new(0),
            wrong,
            right,
            is_full: AtomicBool::new(false),
        }
    }
}

impl Turnstile {
    /// As it says; it lets everybody in.
    pub(crate) const VERIFIED_AT_ONCE: usize = 4;

    /// Until so many passwords have come to be checked, since the beginning.
    pub(crate) async fn arrived(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        arrived.wait_for(|arrived| *arrived >= count).await.expect("the sender lives as long as this");
    }

    /// How many passwords have come to be checked.
    pub(crate) fn count(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Until nobody is looked at, be it that they were cut.
    pub(crate) async fn left(&self) {
        let mut inside = self.inside.subscribe();
        inside.wait_for(|inside| *inside == 0).await.expect("the sender lives as long as this");
    }

    /// How many there were at once, at most.
    pub(crate) fn at_once_max(&self) -> usize {
        self.at_once_max.load(Ordering::SeqCst)
    }

    /// Lets wrong passwords through from now on.
    pub(crate) fn open_for_wrong(&self) {
        self.wrong.add_permits(1);
    }

    /// Lets right passwords through from now on.
    pub(crate) fn open_for_right(&self) {
        self.right.add_permits(1);
    }
}

struct Inside<'a>(&'a Turnstile);

impl<'a> Inside<'a> {
    fn come(turnstile: &'a Turnstile) -> Self {
        turnstile.inside.send_modify(|inside| *inside += 1);
        Self(turnstile)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.send_modify(|inside| *inside -= 1);
    }
}

#[async_trait::async_trait]
impl PasswordHasher for Turnstile {
    async fn hash(&self, password: SecretText) -> Result<PasswordDigest, StoreError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::Overloaded);
        }
        Ok(PasswordDigest::new(format!("new:{}", password.reveal())))
    }

    async fn verify(&self, password: SecretText, digest: Option<PasswordDigest>) -> Result<bool, StoreError> {
        let inside = Inside::come(self);
        self.at_once_max.fetch_max(*self.inside.borrow(), Ordering::SeqCst);
        self.arrived.send_modify(|arrived| *arrived += 1);
        let clear = digest.as_ref().and_then(|digest| digest.as_str().split_once(':'));
        let is_right = clear.is_some_and(|(_, clear)| clear == password.reveal());
        let gate = if is_right { &self.right } else { &self.wrong };
        let _through = gate.acquire().await.expect("nobody closes it");
        drop(inside);
        Ok(is_right)
    }

    async fn renew(
        &self,
        password: SecretText,
        digest: PasswordDigest,
    ) -> Result<Option<PasswordDigest>, StoreError> {
        if digest.as_str().starts_with("new:") { Ok(None) } else { self.hash(password).await.map(Some) }
    }

    fn verified_at_once(&self) -> usize {
        Self::VERIFIED_AT_ONCE
    }

    fn accepts(&self, _: DigestHasher, _: &str) -> bool {
        true
    }
}
