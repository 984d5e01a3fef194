//! Moments, as the API has them.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that is so many milliseconds after the beginning of 1970 (before it, if negative).
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the beginning of 1970.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// The same as a `SystemTime`; `None` where the platform's range does not reach.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_millis(self.0.unsigned_abs());
        if self.0 >= 0 {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_on_both_sides_of_1970() {
        let after = Timestamp::from_unix_millis(1_500).to_system_time().unwrap();
        assert_eq!(after.duration_since(SystemTime::UNIX_EPOCH).unwrap(), Duration::from_millis(1_500));
        let before = Timestamp::from_unix_millis(-1_500).to_system_time().unwrap();
        assert_eq!(SystemTime::UNIX_EPOCH.duration_since(before).unwrap(), Duration::from_millis(1_500));
    }
}
