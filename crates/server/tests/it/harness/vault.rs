//! The real vault, but for making keys: all tests of this binary share one pair, for finding primes is slow.

use actas_crypto::{MasterKey, MasterKeyVault};
use actas_domain::{
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey},
    ports::{AnswerVault, KeyVault, VaultError},
};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::OnceCell;

static SHARED: OnceCell<Arc<SharedPair>> = OnceCell::const_new();

/// The vault that every instance of these tests uses.
pub(super) async fn shared() -> Arc<dyn KeyVault> {
    let make = || async {
        let vault = MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).expect("the vault opens");
        let pair = vault.generate().await.expect("a signing key is made");
        Arc::new(SharedPair { vault, pair })
    };
    let shared: Arc<SharedPair> = Arc::clone(SHARED.get_or_init(make).await);
    shared
}

struct SharedPair {
    vault: MasterKeyVault,
    pair: (RsaPublicKey, SealedPrivateKey),
}

#[async_trait]
impl KeyVault for SharedPair {
    async fn generate(&self) -> Result<(RsaPublicKey, SealedPrivateKey), VaultError> {
        Ok(self.pair.clone())
    }

    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.vault.sign(key, message).await
    }

    fn verify(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
        self.vault.verify(key, message, signature)
    }

    fn check(&self, key: &SigningKey) -> Result<(), VaultError> {
        self.vault.check(key)
    }

    fn answers(&self) -> &dyn AnswerVault {
        self.vault.answers()
    }
}
