//! The real vault, but for the making of keys: they are slow to make, and all but one are as good as that one.

use crate::{
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey},
    ports::{AnswerVault, KeyVault, VaultError},
};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct OneKeyVault {
    vault: Arc<dyn KeyVault>,
    pair: (RsaPublicKey, SealedPrivateKey),
}

impl OneKeyVault {
    pub(super) async fn of(vault: Arc<dyn KeyVault>) -> Self {
        let pair = vault.generate().await.unwrap();
        Self { vault, pair }
    }
}

#[async_trait]
impl KeyVault for OneKeyVault {
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
