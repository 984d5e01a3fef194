//! Lengths and points of time, as they are typed.

use actas_domain::time::UnixMillis;
use std::time::Duration;

/// Each unit and its seconds, the longest first, as they must follow each other.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Reads `10m`, `1h30m`, `45s`, `2d`; a number alone is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a length of time such as 45s, 10m, 1h30m or 2d".to_owned();
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let (mut rest, mut units, mut seconds) = (text, &UNITS[..], 0_u64);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u32 = rest[..end].parse().map_err(|_| wrong())?;
        let unit = rest[end..].chars().next().ok_or_else(wrong)?;
        let place = units.iter().position(|(letter, _)| *letter == unit).ok_or_else(wrong)?;
        seconds = u64::from(number)
            .checked_mul(units[place].1)
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(wrong)?;
        units = &units[place + 1..];
        rest = &rest[end + unit.len_utf8()..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

/// The same for how long something is to last.
pub(super) fn lifetime(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be at least 1s".to_owned()),
        length => Ok(length),
    }
}

/// A point in time: so long ago, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Ago(Duration),
    At(UnixMillis),
}

impl Moment {
    pub(crate) fn at(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::At(at) => at,
            Self::Ago(length) => now.plus_seconds(-i64::try_from(length.as_secs()).unwrap_or(i64::MAX)),
        }
    }
}

/// Reads `2h` as two hours ago, and `2026-11-24T08:00:00Z` or `2026-11-24` (its beginning, in UTC) as they are.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(length) = duration(text) {
        return Ok(Moment::Ago(length));
    }
    let at =
        UnixMillis::parse_rfc3339(text).or_else(|| UnixMillis::parse_rfc3339(&format!("{text}T00:00:00Z")));
    at.map(Moment::At).ok_or_else(|| {
        "must be a length of time such as 2h, or a date such as 2026-11-24T08:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        let table =
            [("45s", 45), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1d2h3m4s", 93_784), ("600", 600)];
        for (text, seconds) in table {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for text in ["", "m", "10", "10x", "1m1h", "1m1m", "-1s", "1.5h", "10 m", "99999999999s", "é", "1é"]
        {
            let wrong = text != "10";
            assert_eq!(duration(text).is_err(), wrong, "{text}");
        }
    }

    #[test]
    fn what_lasts_is_at_least_a_second() {
        assert_eq!(lifetime("1s"), Ok(Duration::from_secs(1)));
        for none in ["0", "0s", "0h0m"] {
            assert!(lifetime(none).unwrap_err().contains("at least 1s"), "{none}");
        }
    }

    #[test]
    fn moments_are_so_long_ago_or_dates() {
        let now = UnixMillis::from_seconds(10_000);
        assert_eq!(moment("1h").unwrap().at(now), UnixMillis::from_seconds(6400));
        assert_eq!(moment("1970-01-02").unwrap().at(now), UnixMillis::from_seconds(86_400));
        assert_eq!(moment("1970-01-01T00:00:01Z").unwrap().at(now), UnixMillis::from_seconds(1));
        assert!(moment("yesterday").is_err());
    }
}
