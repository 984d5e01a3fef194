//! Cookies that wait for an app's server to fetch them, each list under a nonce that is good for once.

use actas_domain::{
    ids::random_base62,
    ports::Entropy,
    secret::{SecretHash, SecretText},
    time::UnixMillis,
};
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How long a nonce is good, in seconds: the time of one redirect.
pub(crate) const NONCE_SECONDS: u32 = 30;
/// 256 bits.
const NONCE_LENGTH: usize = 43;

/// They are in memory: a nonce that is lost costs a browser one more handshake.
#[derive(Default)]
pub(crate) struct HandshakePayloads(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    directives: HashMap<[u8; 32], Vec<String>>,
    /// The oldest first: all live equally long.
    ends: VecDeque<(UnixMillis, [u8; 32])>,
}

impl fmt::Debug for HandshakePayloads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HandshakePayloads").finish_non_exhaustive()
    }
}

impl HandshakePayloads {
    /// So many wait at a time, of some kilobytes each.
    const MAX: usize = 4_096;

    /// Keeps the cookies for the one who shows the nonce; none when too many wait already.
    pub(super) fn put(
        &self,
        directives: Vec<String>,
        now: UnixMillis,
        entropy: &dyn Entropy,
    ) -> Option<SecretText> {
        let mut waiting = self.waiting(now);
        if waiting.ends.len() >= Self::MAX {
            return None;
        }
        let nonce = SecretText::new(random_base62(NONCE_LENGTH, entropy));
        let key = *SecretHash::of(nonce.reveal()).as_bytes();
        waiting.ends.push_back((now.plus_seconds(i64::from(NONCE_SECONDS)), key));
        waiting.directives.insert(key, directives);
        Some(nonce)
    }

    /// Gives the cookies of a nonce, once and in time.
    pub(crate) fn take(&self, nonce: &str, now: UnixMillis) -> Option<Vec<String>> {
        let mut waiting = self.waiting(now);
        match waiting.directives.entry(*SecretHash::of(nonce).as_bytes()) {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(_) => None,
        }
    }

    fn waiting(&self, now: UnixMillis) -> MutexGuard<'_, Waiting> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, key)) = waiting.ends.pop_front_if(|(end, _)| *end <= now) {
            waiting.directives.remove(&key);
        }
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::testing::CountingEntropy;

    fn directives() -> Vec<String> {
        vec!["a=b".to_owned()]
    }

    #[test]
    fn a_nonce_is_good_once_and_for_its_time() {
        let (payloads, entropy) = (HandshakePayloads::default(), CountingEntropy::default());
        let (start, end) = (UnixMillis::from_seconds(0), UnixMillis::from_seconds(30));
        let before_end = UnixMillis::from_millis(29_999);
        let [first, second] = [0, 1].map(|_| payloads.put(directives(), start, &entropy).unwrap());
        assert_eq!(payloads.take(first.reveal(), before_end), Some(directives()));
        assert_eq!(payloads.take(first.reveal(), before_end), None);
        assert_eq!(payloads.take("another", before_end), None);
        assert_eq!(payloads.take(second.reveal(), end), None);
    }

    #[test]
    fn no_more_wait_than_memory_is_for_and_time_makes_room() {
        let (payloads, entropy) = (HandshakePayloads::default(), CountingEntropy::default());
        let start = UnixMillis::from_seconds(0);
        for _ in 0..HandshakePayloads::MAX {
            payloads.put(directives(), start, &entropy).unwrap();
        }
        assert!(payloads.put(directives(), start, &entropy).is_none());
        payloads.put(directives(), UnixMillis::from_seconds(30), &entropy).unwrap();
        assert_eq!(payloads.waiting(start).directives.len(), 1);
    }
}
