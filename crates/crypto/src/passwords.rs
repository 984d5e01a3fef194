//! Hashing passwords: Argon2id, away from the threads that serve requests, a bounded number at a time.

use crate::digest;
use actas_domain::{
    ports::{DigestHasher, PasswordDigest, PasswordHasher, StoreError},
    secret::SecretText,
};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, phc::PasswordHash},
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

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: SecretText) -> Result<PasswordDigest, StoreError> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| StoreError::Overloaded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| failed("it is shut down"))?;
        let hashing = tokio::task::spawn_blocking(move || {
            // Both are given back when the hash is done, even if the request that wanted it is gone.
            let _held = (seat, turn);
            hash(&password)
        });
        hashing.await.map_err(failed)?
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

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("the password hasher: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordVerifier as _;

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
    async fn a_full_house_says_so_at_once() {
        let passwords = Argon2Passwords::default();
        let _all = Arc::clone(&passwords.seats).acquire_many_owned(WAITING_MAX as u32).await.unwrap();
        assert!(matches!(passwords.hash(password("x")).await, Err(StoreError::Overloaded)));
    }
}
