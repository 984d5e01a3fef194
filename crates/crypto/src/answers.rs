//! Kept answers at rest: AES-256-GCM under a key of their own, derived by HKDF-SHA256 (RFC 5869) from the master key
//! and the idempotency key in its scope.
//!
//! The hash by which an answer is found is another derivation, so it tells nothing of the key that opens the answer;
//! and without the master key nobody can even try whether a guessed idempotency key was used.

use crate::{
    MasterKey,
    sealing::{self, OpenError},
};
use actas_domain::{
    idempotency::{ScopedKey, SealedAnswer},
    ports::{AnswerVault, VaultError},
    secret::SecretHash,
};
use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Prk, Salt},
};
use std::fmt;
use zeroize::Zeroizing;

const SALT: &[u8] = b"actas idempotency, version 1";
const FOR_THE_HASH: &[u8] = b"hash of an idempotency key";
const FOR_THE_ANSWER: &[u8] = b"key of a kept answer";
const PURPOSE: &[u8] = b"actas kept answer";
const LENGTH: usize = 32;

pub(crate) struct AnswerSealer {
    root: Prk,
}

impl fmt::Debug for AnswerSealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AnswerSealer(…)")
    }
}

impl AnswerSealer {
    pub(crate) fn new(master_key: &MasterKey) -> Self {
        Self { root: Salt::new(HKDF_SHA256, SALT).extract(master_key.bytes()) }
    }

    /// 256 bits for this purpose and this key, and for no other.
    fn derive(&self, purpose: &[u8], key: &ScopedKey) -> Result<Zeroizing<[u8; LENGTH]>, VaultError> {
        let parts: Vec<_> = std::iter::once(purpose).chain(key.parts()).collect();
        let info = Zeroizing::new(sealing::joined(&parts));
        let mut derived = Zeroizing::new([0_u8; LENGTH]);
        self.root
            .expand(&[&info], HKDF_SHA256)
            .and_then(|bytes| bytes.fill(derived.as_mut_slice()))
            .map_err(|_| VaultError::Failed("HKDF-SHA256 failed".into()))?;
        Ok(derived)
    }

    fn cipher(&self, key: &ScopedKey) -> Result<RandomizedNonceKey, VaultError> {
        let derived = self.derive(FOR_THE_ANSWER, key)?;
        RandomizedNonceKey::new(&AES_256_GCM, derived.as_slice())
            .map_err(|_| VaultError::Failed("AES-256-GCM cannot be set up".into()))
    }
}

impl AnswerVault for AnswerSealer {
    fn key_hash(&self, key: &ScopedKey) -> Result<SecretHash, VaultError> {
        Ok(SecretHash::from_bytes(*self.derive(FOR_THE_HASH, key)?))
    }

    fn seal(&self, key: &ScopedKey, answer: &[u8]) -> Result<SealedAnswer, VaultError> {
        let sealed = sealing::seal(&self.cipher(key)?, &[PURPOSE], answer);
        sealed.map(SealedAnswer).ok_or_else(|| VaultError::Failed("sealing an answer failed".into()))
    }

    fn open(&self, key: &ScopedKey, sealed: &SealedAnswer) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        sealing::open(&self.cipher(key)?, &[PURPOSE], &sealed.0).map_err(|error| {
            VaultError::Failed(match error {
                OpenError::NotAuthentic => "it was altered, or sealed under another key".into(),
                OpenError::UnknownForm => "it is in a form that this version of Actas does not know".into(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::idempotency::IdempotencyKey;

    fn sealer(byte: u8) -> AnswerSealer {
        AnswerSealer::new(&MasterKey::from_bytes([byte; 32]))
    }

    fn key(method: &str, route: &str, text: &str) -> ScopedKey {
        let key = IdempotencyKey::parse(text.as_bytes()).unwrap();
        ScopedKey { method: method.into(), route: route.into(), parameters: Vec::new(), key }
    }

    fn ours() -> ScopedKey {
        key("POST", "/v1/users", "key")
    }

    #[test]
    fn an_answer_is_opened_with_both_keys_only() {
        let sealed = sealer(1).seal(&ours(), b"the ticket").unwrap();
        assert_eq!(*sealer(1).open(&ours(), &sealed).unwrap(), b"the ticket");
        assert!(!sealed.0.windows(6).any(|window| window == b"ticket"));
        assert!(sealer(2).open(&ours(), &sealed).is_err(), "another master key");
        for other in
            [key("POST", "/v1/users", "kez"), key("POST", "/v1/user", "skey"), key("PUT", "/v1/users", "key")]
        {
            assert!(sealer(1).open(&other, &sealed).is_err(), "{other:?}");
        }
        for position in 0..sealed.0.len() {
            let mut altered = sealed.clone();
            altered.0[position] ^= 1;
            assert!(sealer(1).open(&ours(), &altered).is_err(), "position {position}");
        }
    }

    #[test]
    fn a_hash_is_of_all_parts_and_is_not_the_key_that_opens() {
        let hash = sealer(1).key_hash(&ours()).unwrap();
        assert_eq!(sealer(1).key_hash(&ours()).unwrap(), hash);
        assert_ne!(sealer(2).key_hash(&ours()).unwrap(), hash);
        for other in [
            key("POST", "/v1/users", "kez"),
            key("POST", "/v1/user", "skey"),
            key("PUT", "/v1/users", "key"),
            key("POS", "T/v1/users", "key"),
            ScopedKey { parameters: vec!["id".into()], ..ours() },
            ScopedKey { parameters: vec!["".into()], ..ours() },
        ] {
            assert_ne!(sealer(1).key_hash(&other).unwrap(), hash, "{other:?}");
        }
        assert_ne!(*sealer(1).derive(FOR_THE_ANSWER, &ours()).unwrap(), *hash.as_bytes());
    }

    /// RFC 5869 by another implementation (HMAC of Python's standard library): what is at rest must be found and opened
    /// by later versions.
    #[test]
    fn a_derivation_never_changes() {
        let hash = sealer(7).key_hash(&ours()).unwrap();
        let hexadecimal: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, "e660711fc045843a830698aced4a6e164c44f043e1f33dc52538471964808d0d");
    }
}
