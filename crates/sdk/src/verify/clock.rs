//! The time that tokens and keys are judged by.

use std::{
    sync::OnceLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// What time it is. Tests and simulations bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds. Tokens are judged by it.
    fn unix_millis(&self) -> i64;

    /// Milliseconds since some fixed moment. The ages of keys are told by it, so that a clock that is set does not change
    /// them. If a clock has nothing better it is [`unix_millis`](Self::unix_millis).
    fn monotonic_millis(&self) -> i64 {
        self.unix_millis()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn unix_millis(&self) -> i64 {
        (**self).unix_millis()
    }

    fn monotonic_millis(&self) -> i64 {
        (**self).monotonic_millis()
    }
}

/// The machine's clock. While the machine sleeps keys may not age.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the edge: everything else is handed a `Clock`")]
    fn unix_millis(&self) -> i64 {
        // A clock before 1970 is a wrong one, under which nothing has begun.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic_millis(&self) -> i64 {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let since = ORIGIN.get_or_init(Instant::now).elapsed();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
