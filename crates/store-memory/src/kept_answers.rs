//! Kept answers, by the hash of the idempotency key.

use actas_domain::{idempotency::KeptAnswer, secret::SecretHash, time::UnixMillis};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(crate) struct KeptAnswers {
    kept: HashMap<[u8; 32], KeptAnswer>,
    /// In the order in which their time ends.
    ends: BTreeSet<(UnixMillis, [u8; 32])>,
}

impl KeptAnswers {
    pub(crate) fn get(&self, key_hash: &SecretHash) -> Option<&KeptAnswer> {
        self.kept.get(key_hash.as_bytes())
    }

    /// Whether no answer is in the way whose time is not over.
    pub(crate) fn is_free(&self, key_hash: &SecretHash, now: UnixMillis) -> bool {
        self.get(key_hash).is_none_or(|kept| kept.expires_at <= now)
    }

    pub(crate) fn keep(&mut self, answer: KeptAnswer) {
        let key_hash = *answer.key_hash.as_bytes();
        self.ends.insert((answer.expires_at, key_hash));
        if let Some(earlier) = self.kept.insert(key_hash, answer.clone())
            && earlier.expires_at != answer.expires_at
        {
            self.ends.remove(&(earlier.expires_at, key_hash));
        }
    }

    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.kept.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn forget(&mut self, now: UnixMillis, limit: u32) -> u32 {
        let mut removed = 0;
        while removed < limit
            && let Some((expires_at, key_hash)) = self.ends.first().copied()
            && expires_at <= now
        {
            self.ends.remove(&(expires_at, key_hash));
            self.kept.remove(&key_hash);
            removed += 1;
        }
        removed
    }
}
