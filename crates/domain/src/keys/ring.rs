//! The signing keys at hand: read from the store at most once a second.

use super::{SigningKey, SigningKeyStatus};
use crate::{refusal::Failure, time::UnixMillis, world::World};
use std::sync::{Arc, PoisonError, RwLock};

/// How old what is cached may be, in milliseconds: the bound within which every replica honours a rotation.
const CACHE_MAX_AGE_MILLIS: i64 = 1_000;

#[derive(Debug, Default)]
pub struct KeyRing {
    cached: RwLock<Option<Cached>>,
}

#[derive(Clone, Debug)]
struct Cached {
    read_at: UnixMillis,
    keys: Arc<Vec<SigningKey>>,
}

impl KeyRing {
    /// The key that signs.
    pub async fn current(&self, world: &World) -> Result<SigningKey, Failure> {
        let keys = self.keys(world).await?;
        let current = keys.iter().find(|key| key.status == SigningKeyStatus::Current);
        current.cloned().ok_or_else(|| Failure::Keys("there is no current signing key".into()))
    }

    /// The keys that verifiers must know: next, current, and the retired whose tokens may live.
    pub async fn published(&self, world: &World) -> Result<Vec<SigningKey>, Failure> {
        let now = world.now();
        let keys = self.keys(world).await?;
        let needed = |key: &&SigningKey| key.needed_until.is_none_or(|until| now < until);
        Ok(keys.iter().filter(needed).cloned().collect())
    }

    /// Forgets what is cached, after a change of the keys.
    pub(crate) fn forget(&self) {
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn keys(&self, world: &World) -> Result<Arc<Vec<SigningKey>>, Failure> {
        let now = world.now();
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(cached) =
            cached.filter(|cached| (0..CACHE_MAX_AGE_MILLIS).contains(&now.millis_since(cached.read_at)))
        {
            return Ok(cached.keys);
        }
        let keys = Arc::new(world.store.signing_keys().await?);
        let fresh = Cached { read_at: now, keys: Arc::clone(&keys) };
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(keys)
    }
}
