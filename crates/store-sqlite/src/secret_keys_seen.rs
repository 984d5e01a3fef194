//! Secret keys as they were last read, for every request of a backend asks for one.
//!
//! It never tells what the database would not: only one process writes the file, and its one writer empties this before it
//! changes a secret key and lets nothing in until that is over ([`SecretKeysSeen::closed`]).

use actas_domain::{ids::SecretKeyId, secret_key::SecretKey};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Keys held at a time; those of an instance are few.
const KEYS_MAX: usize = 1_024;

#[derive(Debug, Default)]
pub(crate) struct SecretKeysSeen(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    keys: HashMap<SecretKeyId, SecretKey>,
    /// How often it was closed. What was read before the last time may be of before the change.
    closings: u64,
    is_closed: bool,
}

/// While it lives, all is read from the database.
#[derive(Debug)]
pub(crate) struct Closed<'a>(&'a SecretKeysSeen);

/// When a reading began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun(u64);

impl SecretKeysSeen {
    /// The key, or what to bring along when it is read.
    pub(crate) fn find(&self, id: &SecretKeyId) -> Result<SecretKey, Begun> {
        let seen = self.seen();
        seen.keys.get(id).cloned().ok_or(Begun(seen.closings))
    }

    /// Keeps what was read since.
    pub(crate) fn keep(&self, begun: Begun, key: &SecretKey) {
        let mut seen = self.seen();
        if seen.is_closed || seen.closings != begun.0 {
            return;
        }
        if seen.keys.len() >= KEYS_MAX {
            seen.keys.clear();
        }
        seen.keys.insert(key.id.clone(), key.clone());
    }

    pub(crate) fn closed(&self) -> Closed<'_> {
        let mut seen = self.seen();
        seen.keys.clear();
        seen.closings += 1;
        seen.is_closed = true;
        drop(seen);
        Closed(self)
    }

    /// Nothing is found any more. Nobody changes keys by now.
    pub(crate) fn end(&self) {
        std::mem::forget(self.closed());
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        let mut seen = self.0.seen();
        seen.closings += 1;
        seen.is_closed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::testing::rows;

    #[test]
    fn what_was_read_before_a_change_began_or_while_it_lasted_is_not_kept() {
        let (seen, key) = (SecretKeysSeen::default(), rows::secret_key(1));
        let before = seen.find(&key.id).unwrap_err();
        let closed = seen.closed();
        seen.keep(before, &key);
        let during = seen.find(&key.id).unwrap_err();
        seen.keep(during, &key);
        assert!(seen.find(&key.id).is_err(), "kept while it is closed");
        drop(closed);
        for begun in [before, during] {
            seen.keep(begun, &key);
            assert!(seen.find(&key.id).is_err(), "kept, and may be older than the change");
        }
        let after = seen.find(&key.id).unwrap_err();
        seen.keep(after, &key);
        assert_eq!(seen.find(&key.id).unwrap(), key);
        drop(seen.closed());
        assert!(seen.find(&key.id).is_err(), "kept over a change");
    }
}
