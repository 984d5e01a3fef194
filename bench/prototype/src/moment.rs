//! The time.

use std::time::{SystemTime, UNIX_EPOCH};

/// In milliseconds since 1970.
pub(crate) fn now_millis() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this program has no rules whose time a test would move")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
