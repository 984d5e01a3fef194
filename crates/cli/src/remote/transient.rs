//! Waiting for a server that is away for a while.

use actas_sdk::Error;
use std::time::Duration;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long whoever follows waits before asking a server again that did not answer.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    failures: u32,
}

impl Patience {
    /// The wait before the next attempt; none when asking again would not help.
    pub(crate) fn after(&mut self, error: &Error) -> Option<Duration> {
        let may_pass =
            error.is_transport() || error.is_timeout() || error.is_server_error() || error.is_rate_limited();
        if !may_pass {
            return None;
        }
        let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.min(10));
        self.failures += 1;
        Some(doubled.min(LONGEST_WAIT).max(error.retry_after().unwrap_or_default()))
    }

    /// Whether it is the first failure since the last answer, and so worth a word.
    pub(crate) const fn is_new(&self) -> bool {
        self.failures == 1
    }

    /// The server answered; the result says whether it had not before.
    pub(crate) const fn answered(&mut self) -> bool {
        let was_away = self.failures > 0;
        self.failures = 0;
        was_away
    }
}
