//! How often and how patiently a request is repeated.

use std::time::Duration;

/// How often a request is made and how long is waited in between. Which failures may be repeated at all is not a
/// matter of policy; see the crate's documentation.
///
/// The wait before the second attempt is between half of [`initial_delay`](Self::initial_delay) and the whole of
/// it, at random; before each further one twice that, up to [`max_delay`](Self::max_delay). A server's
/// `Retry-After`, where it is longer, is waited for in full and a little more. A call never takes longer than its
/// [`timeout`](crate::ClientBuilder::timeout): where a wait would, or would leave less than a second (or a quarter of
/// a shorter timeout than 4 s) to the attempt, the failure is answered at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) initial_delay: Duration,
    pub(crate) max_delay: Duration,
}

impl RetryPolicy {
    /// Every request is made once.
    #[must_use]
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// The most attempts, the first among them. 0 is taken as 1. Default: 5.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt. Default: 250 ms.
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// The longest wait before any attempt, but for a server's `Retry-After`. Default: 10 s.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            initial_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(10),
        }
    }
}
