//! Secret keys and signing keys: few, so that lists are sorted when they are read.

use actas_domain::{
    ids::{SecretKeyId, SigningKeyId},
    keys::SigningKey,
    secret_key::SecretKey,
};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Keys {
    secret: HashMap<SecretKeyId, SecretKey>,
    signing: HashMap<SigningKeyId, SigningKey>,
}

impl Keys {
    pub(crate) fn secret_key(&self, id: &SecretKeyId) -> Option<&SecretKey> {
        self.secret.get(id)
    }

    /// Oldest first.
    pub(crate) fn secret_keys(&self) -> Vec<SecretKey> {
        let mut keys: Vec<_> = self.secret.values().cloned().collect();
        keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        keys
    }

    pub(crate) fn signing_key(&self, id: &SigningKeyId) -> Option<&SigningKey> {
        self.signing.get(id)
    }

    /// Oldest first.
    pub(crate) fn signing_keys(&self) -> Vec<SigningKey> {
        let mut keys: Vec<_> = self.signing.values().cloned().collect();
        keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        keys
    }

    /// Adds the key, or puts it in the place of the one with its id.
    pub(crate) fn put_secret_key(&mut self, key: SecretKey) {
        self.secret.insert(key.id.clone(), key);
    }

    /// Adds the key, or puts it in the place of the one with its id.
    pub(crate) fn put_signing_key(&mut self, key: SigningKey) {
        self.signing.insert(key.id.clone(), key);
    }

    pub(crate) fn remove_signing_key(&mut self, id: &SigningKeyId) {
        self.signing.remove(id);
    }
}
