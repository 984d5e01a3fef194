//! The vault: RSA-2048 keys (e = 65537) that are made here, kept sealed under the master key, and opened once.

use crate::{
    MasterKey,
    answers::AnswerSealer,
    sealing::{OpenError, Sealer},
};
use actas_domain::{
    ids::SigningKeyId,
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey},
    ports::{AnswerVault, KeyVault, VaultError},
};
use async_trait::async_trait;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents},
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Open keys held at a time. An instance has two and its retired ones; beyond this all are dropped, and those in
/// use are opened again.
const OPEN_KEYS_MAX: usize = 64;

pub struct MasterKeyVault {
    sealer: Arc<Sealer>,
    answers: AnswerSealer,
    open: RwLock<HashMap<SigningKeyId, Arc<RsaKeyPair>>>,
}

impl fmt::Debug for MasterKeyVault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKeyVault(…)")
    }
}

impl MasterKeyVault {
    /// A vault under this master key.
    ///
    /// # Errors
    /// [`VaultError::Failed`] when the cipher cannot be set up.
    pub fn new(master_key: &MasterKey) -> Result<Self, VaultError> {
        let sealer = Sealer::new(master_key)
            .ok_or_else(|| VaultError::Failed("AES-256-GCM cannot be set up with the master key".into()))?;
        let answers = AnswerSealer::new(master_key);
        Ok(Self { sealer: Arc::new(sealer), answers, open: RwLock::default() })
    }

    /// The key, opened and parsed at its first use.
    fn open(&self, key: &SigningKey) -> Result<Arc<RsaKeyPair>, VaultError> {
        if let Some(pair) = self.open.read().unwrap_or_else(PoisonError::into_inner).get(&key.id) {
            return Ok(Arc::clone(pair));
        }
        let pair = Arc::new(self.open_sealed(key)?);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_KEYS_MAX {
            open.clear();
        }
        Ok(Arc::clone(open.entry(key.id.clone()).or_insert(pair)))
    }

    fn open_sealed(&self, key: &SigningKey) -> Result<RsaKeyPair, VaultError> {
        let pkcs8 = self.sealer.open(&key.public, &key.private).map_err(|error| match error {
            OpenError::NotAuthentic => VaultError::WrongMasterKey(key.id.to_string()),
            OpenError::UnknownForm => VaultError::Failed(format!(
                "the signing key {} is stored in a form that this version of Actas does not know",
                key.id
            )),
        })?;
        let pair = RsaKeyPair::from_pkcs8(&pkcs8).map_err(|error| {
            VaultError::Failed(format!("the signing key {} cannot be parsed: {error}", key.id))
        })?;
        if public_key(&pair) == key.public {
            Ok(pair)
        } else {
            Err(VaultError::Failed(format!("the signing key {} is not a pair with its public key", key.id)))
        }
    }
}

#[async_trait]
impl KeyVault for MasterKeyVault {
    async fn generate(&self) -> Result<(RsaPublicKey, SealedPrivateKey), VaultError> {
        let sealer = Arc::clone(&self.sealer);
        // Finding primes takes up to a second, too long for a thread that serves requests.
        tokio::task::spawn_blocking(move || generate(&sealer))
            .await
            .map_err(|error| VaultError::Failed(format!("making a signing key was cut short: {error}")))?
    }

    /// Signs where it is called: a signature takes about 0.2 ms, less than handing it to another thread is worth.
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        let pair = self.open(key)?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| VaultError::Failed(format!("signing with the key {} failed", key.id)))?;
        Ok(signature)
    }

    fn verify(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
        RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    fn check(&self, key: &SigningKey) -> Result<(), VaultError> {
        self.open(key).map(|_| ())
    }

    fn answers(&self) -> &dyn AnswerVault {
        &self.answers
    }
}

fn generate(sealer: &Sealer) -> Result<(RsaPublicKey, SealedPrivateKey), VaultError> {
    let failed = |what: &str| VaultError::Failed(format!("{what} a new signing key failed"));
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| failed("making"))?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| failed("encoding"))?;
    let public = public_key(&pair);
    let sealed = sealer.seal(&public, pkcs8.as_ref()).ok_or_else(|| failed("sealing"))?;
    Ok((public, sealed))
}

fn public_key(pair: &RsaKeyPair) -> RsaPublicKey {
    let public = pair.public_key();
    RsaPublicKey {
        modulus: public.modulus().big_endian_without_leading_zero().to_vec(),
        exponent: public.exponent().big_endian_without_leading_zero().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::{keys::SigningKeyStatus, time::UnixMillis};

    fn vault(byte: u8) -> MasterKeyVault {
        MasterKeyVault::new(&MasterKey::from_bytes([byte; 32])).unwrap()
    }

    async fn key(vault: &MasterKeyVault, digit: &str) -> SigningKey {
        let (public, private) = vault.generate().await.unwrap();
        SigningKey {
            id: SigningKeyId::from_ksuid(&digit.repeat(27)).unwrap(),
            status: SigningKeyStatus::Current,
            public,
            private,
            created_at: UnixMillis::from_seconds(0),
            current_since: None,
            retired_at: None,
            needed_until: None,
        }
    }

    #[tokio::test]
    async fn a_signature_verifies_with_the_published_key_alone() {
        let vault = vault(1);
        let key = key(&vault, "1").await;
        assert_eq!((key.public.modulus.len(), key.public.exponent.as_slice()), (256, [1, 0, 1].as_slice()));
        assert_eq!(key.public.modulus[0] & 0x80, 0x80, "no leading zeros");
        let signature = vault.sign(&key, b"message").await.unwrap();
        // A verifier knows nothing of our vault: another one stands for it.
        let verifier = self::vault(2);
        assert!(verifier.verify(&key.public, b"message", &signature));
        assert!(!verifier.verify(&key.public, b"another message", &signature));
        assert!(!verifier.verify(&key.public, b"message", &signature[1..]));
        let empty = RsaPublicKey { modulus: Vec::new(), exponent: Vec::new() };
        assert!(!verifier.verify(&empty, b"message", &signature));
    }

    #[tokio::test]
    async fn another_master_key_is_told_apart_from_damage() {
        let key = key(&vault(1), "1").await;
        assert!(vault(1).check(&key).is_ok());
        let error = vault(2).check(&key).unwrap_err();
        assert!(matches!(&error, VaultError::WrongMasterKey(id) if *id == key.id.as_str()), "{error}");
        let unknown = SigningKey { private: SealedPrivateKey(vec![77; 40]), ..key };
        assert!(matches!(vault(1).check(&unknown), Err(VaultError::Failed(_))));
    }

    #[tokio::test]
    async fn a_key_is_opened_once() {
        let vault = vault(1);
        let key = key(&vault, "1").await;
        let first = vault.open(&key).unwrap();
        // What is open serves even where the sealed form could no longer be opened.
        let again = SigningKey { private: SealedPrivateKey(Vec::new()), ..key };
        assert!(Arc::ptr_eq(&first, &vault.open(&again).unwrap()));
    }

    #[tokio::test]
    async fn debug_shows_no_key() {
        let vault = vault(0x41);
        let key = key(&vault, "1").await;
        let shown = format!("{vault:?} {:?} {:?} {key:?}", vault.sealer, vault.answers);
        assert!(
            shown.contains("MasterKeyVault(…) Sealer(…) AnswerSealer(…)") && !shown.contains("65, 65"),
            "{shown}"
        );
    }
}
