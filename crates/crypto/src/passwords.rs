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
/// Hashes of one kind at a time, however many cores there are: each takes [`MEMORY_KIBIBYTES`].
const AT_ONCE_MAX: usize = 4;
/// Of one kind, requests that hash or wait for their turn; the next one is told to come again.
const WAITING_MAX: usize = 64;
/// bcrypt looks at so many bytes and at no more, or up to a NUL.
const BCRYPT_LOOKS_AT_BYTES: usize = 72;

/// What backends have hashed and what browsers have verified wait apart, and work apart: of browsers anybody can send as
/// many as they like.
#[derive(Debug)]
pub struct Argon2Passwords {
    of_backends: Lane,
    of_browsers: Lane,
    at_once: usize,
}

impl Default for Argon2Passwords {
    fn default() -> Self {
        let at_once = available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
        Self { of_backends: Lane::new(at_once), of_browsers: Lane::new(at_once), at_once }
    }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: SecretText) -> Result<PasswordDigest, StoreError> {
        self.of_backends.in_turn(move || hash(&password)).await
    }

    async fn verify(&self, password: SecretText, digest: Option<PasswordDigest>) -> Result<bool, StoreError> {
        self.of_browsers.in_turn(move || verify(&password, digest.as_ref())).await
    }

    async fn renew(
        &self,
        password: SecretText,
        digest: PasswordDigest,
    ) -> Result<Option<PasswordDigest>, StoreError> {
        if is_current(&digest) || !is_whole(&password, &digest) {
            return Ok(None);
        }
        self.of_browsers.in_turn(move || hash(&password)).await.map(Some)
    }

    fn verified_at_once(&self) -> usize {
        self.at_once
    }

    fn accepts(&self, hasher: DigestHasher, digest: &str) -> bool {
        match hasher {
            DigestHasher::Argon2id => digest::is_argon2id(digest, &digest::TO_BRING_ALONG),
            DigestHasher::Bcrypt => digest::is_bcrypt(digest, &digest::TO_BRING_ALONG),
        }
    }
}

#[derive(Debug)]
struct Lane {
    turns: Arc<Semaphore>,
    seats: Arc<Semaphore>,
}

impl Lane {
    fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once)), seats: Arc::new(Semaphore::new(WAITING_MAX)) }
    }

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

fn is_current(digest: &PasswordDigest) -> bool {
    digest::has_costs(digest.as_str(), MEMORY_KIBIBYTES, PASSES, LANES)
}

/// Whether every byte of the password had to be right for this digest.
fn is_whole(password: &SecretText, digest: &PasswordDigest) -> bool {
    let bytes = password.reveal().as_bytes();
    hasher_of(digest) != Some(DigestHasher::Bcrypt)
        || (bytes.len() < BCRYPT_LOOKS_AT_BYTES && !bytes.contains(&0))
}

/// What made a digest that can be verified.
fn hasher_of(digest: &PasswordDigest) -> Option<DigestHasher> {
    let (text, max) = (digest.as_str(), &digest::TO_VERIFY);
    if digest::is_argon2id(text, max) {
        return Some(DigestHasher::Argon2id);
    }
    digest::is_bcrypt(text, max).then_some(DigestHasher::Bcrypt)
}

fn hash(password: &SecretText) -> Result<PasswordDigest, StoreError> {
    let parameters = Params::new(MEMORY_KIBIBYTES, PASSES, LANES, None).map_err(failed)?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let digest: PasswordHash = hasher.hash_password(password.reveal().as_bytes()).map_err(failed)?;
    Ok(PasswordDigest::new(digest.to_string()))
}

fn verify(password: &SecretText, digest: Option<&PasswordDigest>) -> Result<bool, StoreError> {
    let known = digest.and_then(|digest| Some((hasher_of(digest)?, digest.as_str())));
    let bytes = password.reveal().as_bytes();
    match known {
        Some((DigestHasher::Argon2id, text)) => {
            let parsed = PasswordHash::new(text).map_err(failed)?;
            Ok(Argon2::default().verify_password(bytes, &parsed).is_ok())
        }
        Some((DigestHasher::Bcrypt, text)) => bcrypt::verify(bytes, text).map_err(failed),
        // Somebody without a password takes as long as somebody with one.
        None => {
            hash(password)?;
            Ok(false)
        }
    }
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

    /// To check one would take seconds; that it would be checked is enough.
    #[test]
    fn what_may_not_be_brought_along_any_more_is_still_verified() {
        let passwords = Argon2Passwords::default();
        let body = "EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";
        let tail = "c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG";
        for (hasher, text) in [
            (DigestHasher::Bcrypt, format!("$2b$16${body}")),
            (DigestHasher::Argon2id, format!("$argon2id$v=19$m=262144,t=10,p=16${tail}")),
        ] {
            assert!(!passwords.accepts(hasher, &text), "{text}");
            assert_eq!(hasher_of(&PasswordDigest::new(text)), Some(hasher));
        }
    }

    #[tokio::test]
    async fn a_digest_of_our_own_making_stays_and_another_is_renewed() {
        let passwords = Argon2Passwords::default();
        let own = passwords.hash(password("correct horse")).await.unwrap();
        let renewed = passwords.renew(password("correct horse"), own.clone()).await;
        assert_eq!(renewed.unwrap(), None);
        for (from, to) in [("m=19456", "m=19457"), ("t=2", "t=3"), ("p=1", "p=2"), ("v=19", "v=16")] {
            let other = own.as_str().replace(from, to);
            assert_ne!(other, own.as_str());
            assert!(!is_current(&PasswordDigest::new(other)), "{to}");
        }
        let bcrypt = PasswordDigest::new(bcrypt::hash("correct horse", 4).unwrap());
        let renewed = passwords.renew(password("correct horse"), bcrypt).await.unwrap().unwrap();
        assert!(is_current(&renewed));
        assert!(passwords.verify(password("correct horse"), Some(renewed)).await.unwrap());
    }

    /// bcrypt takes other passwords for such a one, and whichever comes first must not become the only one.
    #[tokio::test]
    async fn what_bcrypt_did_not_look_at_whole_is_not_renewed() {
        let passwords = Argon2Passwords::default();
        let long = |length: usize, tail: &str| format!("{}{tail}", "p".repeat(length));
        for (owners, typed, is_renewed) in [
            (long(71, ""), long(71, ""), true),
            (long(72, ""), long(72, ""), false),
            (long(72, ""), long(72, "x"), false),
            (long(72, "x"), long(72, ""), false),
            (long(72, "x"), long(72, "x"), false),
            (long(72, "x"), long(72, "typo"), false),
            ("ab\0ab".to_owned(), "ab\0ab".to_owned(), false),
            ("ab".to_owned(), "ab\0ab".to_owned(), false),
        ] {
            let digest = PasswordDigest::new(bcrypt::hash(&owners, 4).unwrap());
            let verified = passwords.verify(password(&typed), Some(digest.clone())).await.unwrap();
            assert!(verified, "{owners:?} {typed:?}");
            let renewed = passwords.renew(password(&typed), digest).await.unwrap();
            assert_eq!(renewed.is_some(), is_renewed, "{owners:?} {typed:?}");
        }
        let digest = passwords.hash(password(&long(73, ""))).await.unwrap();
        assert!(!passwords.verify(password(&long(72, "x")), Some(digest)).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_house_says_so_at_once_and_leaves_the_other_alone() {
        let passwords = Argon2Passwords::default();
        let all = |lane: &Lane| Arc::clone(&lane.seats).acquire_many_owned(WAITING_MAX as u32);
        let browsers = all(&passwords.of_browsers).await.unwrap();
        let refused = passwords.verify(password("x"), None).await;
        assert!(matches!(refused, Err(StoreError::Overloaded)));
        let digest = passwords.hash(password("x")).await.unwrap();
        drop(browsers);
        let _backends = all(&passwords.of_backends).await.unwrap();
        assert!(matches!(passwords.hash(password("x")).await, Err(StoreError::Overloaded)));
        assert!(passwords.verify(password("x"), Some(digest)).await.unwrap());
    }
}
