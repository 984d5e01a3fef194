//! The time that tokens and keys are judged by.

use std::time::{SystemTime, UNIX_EPOCH};

/// What time it is. Tests and simulations bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    fn unix_millis(&self) -> i64;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn unix_millis(&self) -> i64 {
        (**self).unix_millis()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the edge: everything else is handed a `Clock`")]
    fn unix_millis(&self) -> i64 {
        // A clock before 1970 is a wrong one, under which nothing has begun.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
