//! Secrets at rest: AES-256-GCM, private keys under the master key.
//!
//! The form is one version byte, a nonce of 12 bytes, the ciphertext and a tag of 16 bytes. The version, the
//! purpose and, of a private key, its public key are authenticated with it, so that a sealed key fits no other row and
//! no other use.

use crate::MasterKey;
use actas_domain::keys::{RsaPublicKey, SealedPrivateKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const PURPOSE: &[u8] = b"actas signing key";
const TAG_LENGTH: usize = 16;

pub(crate) struct Sealer {
    key: RandomizedNonceKey,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// Another master key sealed it, or it was altered.
    NotAuthentic,
    /// Not in a form that this version knows.
    UnknownForm,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer(…)")
    }
}

impl Sealer {
    pub(crate) fn new(master_key: &MasterKey) -> Option<Self> {
        Some(Self { key: RandomizedNonceKey::new(&AES_256_GCM, master_key.bytes()).ok()? })
    }

    /// Encrypts a PKCS#8 private key for the row of its public key.
    pub(crate) fn seal(&self, public: &RsaPublicKey, pkcs8: &[u8]) -> Option<SealedPrivateKey> {
        seal(&self.key, &[PURPOSE, &public.modulus, &public.exponent], pkcs8).map(SealedPrivateKey)
    }

    pub(crate) fn open(
        &self,
        public: &RsaPublicKey,
        sealed: &SealedPrivateKey,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        open(&self.key, &[PURPOSE, &public.modulus, &public.exponent], &sealed.0)
    }
}

/// Encrypts for what the parts say; what is sealed can be opened only with the same parts.
pub(crate) fn seal(key: &RandomizedNonceKey, parts: &[&[u8]], plain: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = Zeroizing::new(plain.to_vec());
    let (nonce, tag) = key.seal_in_place_separate_tag(associated_data(parts), &mut buffer).ok()?;
    Some([&[VERSION][..], nonce.as_ref(), &buffer, tag.as_ref()].concat())
}

pub(crate) fn open(
    key: &RandomizedNonceKey,
    parts: &[&[u8]],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (version, rest) = sealed.split_first().ok_or(OpenError::UnknownForm)?;
    if *version != VERSION || rest.len() < NONCE_LEN + TAG_LENGTH {
        return Err(OpenError::UnknownForm);
    }
    let (nonce, ciphertext) = rest.split_at(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::UnknownForm)?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let length = key
        .open_in_place(nonce, associated_data(parts), &mut buffer)
        .map_err(|_| OpenError::NotAuthentic)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Each part behind its length, so that no two lists of parts have the same bytes.
pub(crate) fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::new();
    for part in parts {
        data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

fn associated_data(parts: &[&[u8]]) -> Aad<Vec<u8>> {
    Aad::from([&[VERSION][..], &joined(parts)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> RsaPublicKey {
        RsaPublicKey { modulus: vec![9; 256], exponent: vec![1, 0, 1] }
    }

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&MasterKey::from_bytes([byte; 32])).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_and_looks_different_each_time() {
        let first = sealer(1).seal(&public(), b"private").unwrap();
        let second = sealer(1).seal(&public(), b"private").unwrap();
        assert_ne!(first, second);
        assert_eq!(*sealer(1).open(&public(), &first).unwrap(), b"private");
        assert!(!first.0.windows(7).any(|window| window == b"private"));
    }

    #[test]
    fn another_master_key_opens_nothing() {
        let sealed = sealer(1).seal(&public(), b"private").unwrap();
        assert_eq!(sealer(2).open(&public(), &sealed), Err(OpenError::NotAuthentic));
    }

    #[test]
    fn a_sealed_key_fits_only_its_own_public_key() {
        let sealed = sealer(1).seal(&public(), b"private").unwrap();
        let other = RsaPublicKey { modulus: vec![8; 256], ..public() };
        assert_eq!(sealer(1).open(&other, &sealed), Err(OpenError::NotAuthentic));
    }

    #[test]
    fn one_altered_byte_is_noticed_wherever_it_is() {
        let sealed = sealer(1).seal(&public(), b"private").unwrap();
        for position in 0..sealed.0.len() {
            let mut altered = sealed.clone();
            altered.0[position] ^= 1;
            assert!(sealer(1).open(&public(), &altered).is_err(), "position {position}");
        }
        for length in 0..sealed.0.len() {
            assert!(sealer(1).open(&public(), &SealedPrivateKey(sealed.0[..length].to_vec())).is_err());
        }
    }
}
