//! A clock that stands still until it is moved.

use crate::{ports::Clock, time::UnixMillis};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// All clones show the same time.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    pub fn new(at: UnixMillis) -> Self {
        Self(Arc::new(AtomicI64::new(at.millis())))
    }

    /// Sets the time, backward too.
    pub fn set(&self, at: UnixMillis) {
        self.0.store(at.millis(), Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_millis(seconds * 1000);
    }

    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moves_by_hand_and_with_its_clones() {
        let clock = FixedClock::new(UnixMillis::from_seconds(10));
        let other = clock.clone();
        clock.advance_millis(1);
        assert_eq!(other.now(), UnixMillis::from_millis(10_001));
        other.set(UnixMillis::from_seconds(3));
        assert_eq!(clock.now(), UnixMillis::from_seconds(3));
    }
}
