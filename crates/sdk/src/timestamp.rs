//! Moments, as the API has them.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected, Visitor},
};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
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

    /// The moment of a `SystemTime`, without what is finer than a millisecond; `None` beyond what fits.
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Option<Self> {
        let (distance, is_before) = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(distance) => (distance, false),
            Err(error) => (error.duration(), true),
        };
        let millis = i64::try_from(distance.as_millis()).ok()?;
        Some(Self(if is_before { -millis } else { millis }))
    }

    /// So much later, in whole milliseconds; `None` beyond what fits.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.0.checked_add(i64::try_from(duration.as_millis()).ok()?).map(Self)
    }

    /// So much earlier, in whole milliseconds; `None` beyond what fits.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(i64::try_from(duration.as_millis()).ok()?).map(Self)
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

/// Whole numbers, also with a point: `1700000000000.0` is one.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Millis;

        impl Visitor<'_> for Millis {
            type Value = Timestamp;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("whole milliseconds")
            }

            fn visit_i64<E: Error>(self, millis: i64) -> Result<Timestamp, E> {
                Ok(Timestamp(millis))
            }

            fn visit_u64<E: Error>(self, millis: u64) -> Result<Timestamp, E> {
                let read = i64::try_from(millis).map(Timestamp);
                read.map_err(|_| E::invalid_value(Unexpected::Unsigned(millis), &self))
            }

            fn visit_f64<E: Error>(self, millis: f64) -> Result<Timestamp, E> {
                // Up to here every whole number is one of these, and nothing is lost.
                if millis.fract() != 0.0 || millis.abs() > 9_007_199_254_740_992.0 {
                    return Err(E::invalid_value(Unexpected::Float(millis), &self));
                }
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
                Ok(Timestamp(millis as i64))
            }
        }

        deserializer.deserialize_i64(Millis)
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
        for millis in [-1_500, 0, 1_500] {
            let moment = Timestamp::from_unix_millis(millis);
            assert_eq!(Timestamp::from_system_time(moment.to_system_time().unwrap()), Some(moment));
        }
    }

    #[test]
    fn sums() {
        let moment = Timestamp::from_unix_millis(1_000);
        assert_eq!(moment.checked_add(Duration::from_secs(2)), Some(Timestamp::from_unix_millis(3_000)));
        assert_eq!(moment.checked_sub(Duration::from_secs(2)), Some(Timestamp::from_unix_millis(-1_000)));
        assert_eq!(moment.checked_add(Duration::MAX), None);
        assert_eq!(Timestamp::from_unix_millis(i64::MIN).checked_sub(Duration::from_millis(1)), None);
    }

    #[test]
    fn whole_numbers_with_a_point_are_read() {
        let read = |text: &str| serde_json::from_str::<Timestamp>(text).ok().map(Timestamp::unix_millis);
        for text in ["1700000000000", "1700000000000.0", "1.7e12"] {
            assert_eq!(read(text), Some(1_700_000_000_000), "{text}");
        }
        assert_eq!(read("-5"), Some(-5));
        for text in ["1.5", "1e300", "18446744073709551615", "\"5\"", "null"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
