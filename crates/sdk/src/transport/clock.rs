//! Time: how much has passed, what the date is, and waiting.

use super::BoxFuture;
use std::time::{Duration, SystemTime};

/// Time as the client sees it. A caller whose HTTP client runs on another runtime than tokio brings a clock
/// along with it; tests bring one that they can move.
pub trait Clock: Send + Sync + 'static {
    /// The time since some fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;

    /// The time since the beginning of 1970. Only a `Retry-After` that is a date, in an answer without a date of
    /// its own, is read by it.
    fn unix_time(&self) -> Duration;

    /// Waits so long.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock and tokio's timer.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: tokio::time::Instant,
}

impl SystemClock {
    /// A clock whose [`Clock::monotonic`] begins now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the SDK is an edge; this is its one look at the date")]
    fn unix_time(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move { tokio::time::sleep(duration).await })
    }
}
