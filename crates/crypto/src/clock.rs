//! The system's clock: the only place where the time is read.

use actas_domain::{ports::Clock, time::UnixMillis};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the system's time (UTC, as the operating system keeps it).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        #[expect(clippy::disallowed_methods, reason = "this is the adapter through which time is handed in")]
        let now = SystemTime::now();
        since_epoch(now)
    }
}

fn since_epoch(time: SystemTime) -> UnixMillis {
    let millis = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    UnixMillis::from_millis(match time.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_before_the_epoch_are_negative() {
        assert_eq!(since_epoch(UNIX_EPOCH - Duration::from_millis(5)).millis(), -5);
        assert_eq!(since_epoch(UNIX_EPOCH + Duration::from_millis(5)).millis(), 5);
    }

    #[test]
    fn the_clock_runs_in_this_century() {
        assert!(SystemClock.now().seconds() > 1_750_000_000);
    }
}
