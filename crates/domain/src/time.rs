//! Points in time and the calendar month that a quota counts in.

use jiff::{Timestamp, civil, tz::Offset};

/// A point in time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(i64);

impl UnixMillis {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 date and time, `2022-10-20T10:00:27.645Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|timestamp| Self(timestamp.as_millisecond()))
    }

    /// Writes RFC 3339 in UTC, with milliseconds. Times outside the calendar's range are written as plain
    /// milliseconds.
    pub fn to_rfc3339(self) -> String {
        Timestamp::from_millisecond(self.0)
            .map_or_else(|_| self.0.to_string(), |timestamp| format!("{timestamp:.3}"))
    }
}

/// A calendar month in UTC, the period of the impersonation quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that `at` falls in.
    pub fn of(at: UnixMillis) -> Self {
        let date = Timestamp::from_millisecond(at.0)
            .map_or(civil::Date::ZERO, |timestamp| Offset::UTC.to_datetime(timestamp).date());
        Self { year: date.year(), month: date.month() }
    }

    /// `2026-11`: sorts as text in the order of time.
    pub fn key(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_a_month_of_utc() {
        let at = UnixMillis::parse_rfc3339("2026-12-01T00:30:00+01:00").unwrap();
        assert_eq!(Month::of(at).key(), "2026-11");
    }

    #[test]
    fn rfc3339_keeps_milliseconds() {
        let at = UnixMillis::parse_rfc3339("2022-10-20T10:00:27.645Z").unwrap();
        assert_eq!(at.millis(), 1_666_260_027_645);
        assert_eq!(at.to_rfc3339(), "2022-10-20T10:00:27.645Z");
    }

    #[test]
    fn seconds_round_down_before_the_epoch_too() {
        assert_eq!(UnixMillis::from_millis(-1).seconds(), -1);
    }
}
