//! Hashing and checking passwords: Argon2id, and bcrypt for digests that were brought along, away from the threads that serve requests, a bounded number at a time.

use crate::digest;
use actas_domain::{
    ports::{DigestHasher, PasswordDigest, PasswordHasher, StoreError},
    secret::SecretText,
};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use async_trait::async_trait;
use std::{sync::Arc, thread::available_parallelism};
use tokio::sync::Semaphore;

/// The parameters that OWASP's password storage cheat sheet names first: 19 MiB, two passes, one lane.
const MEMORY_KIBIBYTES: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at a time, however many cores there are: each takes [`MEMORY_KIBIBYTES`].
const AT_ONCE_MAX: usize = 4;
/// Requests that hash or wait for their turn; the next one is told to come again.
const WAITING_MAX: usize = 64;

#[derive(Debug)]
pub struct Argon2Passwords {
    turns: Arc<Semaphore>,
    seats: Arc<Semaphore>,
}

impl Default for Argon2Passwords {
    fn default() -> Self {
        let at_once = available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
        Self { turns: Arc::new(Semaphore::new(at_once)), seats: Arc::new(Semaphore::new(WAITING_MAX)) }
    }
}

impl Argon2Passwords {
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| StoreError::Overloaded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| failed("it is shut down"))?;
        let working = tokio::task::spawn_blocking(move || {
            // Both are given back when the work is done, even if the request that wanted it is gone.
            let _held = (seat, turn);
            work()
        });
        working.await.map_err(failed)?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: SecretText) -> Result<PasswordDigest, StoreError> {
        self.in_turn(move || hash(&password)).await
    }

    async fn verify(&self, password: SecretText, digest: Option<PasswordDigest>) -> Result<bool, StoreError> {
        self.in_turn(move || verify(&password, digest.as_ref())).await
    }

    fn is_current(&self, digest: &PasswordDigest) -> bool {
        digest::has_costs(digest.as_str(), MEMORY_KIBIBYTES, PASSES, LANES)
    }

    fn accepts(&self, hasher: DigestHasher, digest: &str) -> bool {
        match hasher {
            DigestHasher::Argon2id => digest::is_argon2id(digest),
            DigestHasher::Bcrypt => digest::is_bcrypt(digest),
        }
    }
}

fn hash(password: &SecretText) -> Result<PasswordDigest, StoreError> {
    let parameters = Params::new(MEMORY_KIBIBYTES, PASSES, LANES, None).map_err(failed)?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let digest: PasswordHash = hasher.hash_password(password.reveal().as_bytes()).map_err(failed)?;
    Ok(PasswordDigest::new(digest.to_string()))
}

fn verify(password: &SecretText, digest: Option<&PasswordDigest>) -> Result<bool, StoreError> {
    let text = digest.map(PasswordDigest::as_str).unwrap_or_default();
    let bytes = password.reveal().as_bytes();
    if digest::is_argon2id(text) {
        let parsed = PasswordHash::new(text).map_err(failed)?;
        return Ok(Argon2::default().verify_password(bytes, &parsed).is_ok());
    }
    if digest::is_bcrypt(text) {
        return bcrypt::verify(bytes, text).map_err(failed);
    }
    // Somebody without a password takes as long as somebody with one.
    hash(password)?;
    Ok(false)
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("the password hasher: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_verifies_has_its_own_salt_and_is_accepted() {
        let passwords = Argon2Passwords::default();
        let first = passwords.hash(password("correct horse")).await.unwrap();
        let second = passwords.hash(password("correct horse")).await.unwrap();
        assert_ne!(first, second);
        assert!(first.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", first.as_str());
        assert!(passwords.accepts(DigestHasher::Argon2id, first.as_str()));
        assert!(!passwords.accepts(DigestHasher::Bcrypt, first.as_str()));
        let parsed = PasswordHash::new(first.as_str()).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", &parsed).is_ok());
        assert!(Argon2::default().verify_password(b"correct house", &parsed).is_err());
    }

    #[tokio::test]
    async fn the_right_password_is_verified_against_either_hasher() {
        let passwords = Argon2Passwords::default();
        let digest = passwords.hash(password("correct horse")).await.unwrap();
        let brought = PasswordDigest::new(bcrypt::hash("correct horse", 4).unwrap());
        let unknown = PasswordDigest::new("correct horse".to_owned());
        for (text, digest, is_right) in [
            ("correct horse", Some(&digest), true),
            ("correct house", Some(&digest), false),
            ("correct horse", Some(&brought), true),
            ("correct house", Some(&brought), false),
            ("correct horse", Some(&unknown), false),
            ("correct horse", None, false),
            ("", None, false),
        ] {
            let verified = passwords.verify(password(text), digest.cloned()).await;
            assert!(matches!(verified, Ok(found) if found == is_right), "{text} {verified:?}");
        }
    }

    #[tokio::test]
    async fn only_a_digest_of_our_own_making_is_current() {
        let passwords = Argon2Passwords::default();
        let own = passwords.hash(password("correct horse")).await.unwrap();
        assert!(passwords.is_current(&own));
        for (from, to) in [("m=19456", "m=19457"), ("t=2", "t=3"), ("p=1", "p=2"), ("v=19", "v=16")] {
            let other = own.as_str().replace(from, to);
            assert_ne!(other, own.as_str());
            assert!(!passwords.is_current(&PasswordDigest::new(other)), "{to}");
        }
        let bcrypt = bcrypt::hash("correct horse", 4).unwrap();
        assert!(!passwords.is_current(&PasswordDigest::new(bcrypt)));
    }

    #[tokio::test]
    async fn a_full_house_says_so_at_once() {
        let passwords = Argon2Passwords::default();
        let _all = Arc::clone(&passwords.seats).acquire_many_owned(WAITING_MAX as u32).await.unwrap();
        assert!(matches!(passwords.hash(password("x")).await, Err(StoreError::Overloaded)));
    }
}
