//! Times, as people say them and as dates.

use actas_domain::time::UnixMillis;

const MINUTE_SECONDS: i64 = 60;
/// What is nearer than this is "just now": the clocks of two machines differ as much.
const NOW_SECONDS: i64 = 10;
const HOURS_MAX: i64 = 48;
const DAYS_MAX: i64 = 60;

/// `3 min ago`, `in 2 h`; beyond two months the day itself.
pub(crate) fn relative(at: UnixMillis, now: UnixMillis) -> String {
    let millis = now.millis_since(at);
    let seconds = rounded(millis.saturating_abs(), 1000);
    let minutes = rounded(seconds, MINUTE_SECONDS);
    let hours = rounded(minutes, 60);
    let days = rounded(hours, 24);
    let span = if seconds < MINUTE_SECONDS {
        format!("{seconds} s")
    } else if minutes < 60 {
        format!("{minutes} min")
    } else if hours < HOURS_MAX {
        format!("{hours} h")
    } else if days < DAYS_MAX {
        format!("{days} d")
    } else {
        return date(at).chars().take("2026-11-24".len()).collect();
    };
    match millis {
        0.. if seconds < NOW_SECONDS => "just now".to_owned(),
        0.. => format!("{span} ago"),
        _ => format!("in {span}"),
    }
}

/// `2026-11-24T08:47:05Z`
pub(crate) fn date(at: UnixMillis) -> String {
    let whole = at.to_rfc3339();
    match whole.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => whole,
    }
}

/// A length of time, whole: `1 h 30 min`.
pub(crate) fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units {
        if left >= unit {
            parts.push(format!("{} {name}", left / unit));
            left %= unit;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// Division that rounds to the nearest. Both are positive.
const fn rounded(number: i64, by: i64) -> i64 {
    number.saturating_add(by / 2) / by
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seconds_ago: i64) -> String {
        let now = UnixMillis::from_seconds(1_780_000_000);
        relative(now.plus_seconds(-seconds_ago), now)
    }

    #[test]
    fn spans_are_rounded_to_what_people_say() {
        let table = [
            (0, "just now"),
            (9, "just now"),
            (10, "10 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (89, "1 min ago"),
            (90, "2 min ago"),
            (3569, "59 min ago"),
            (3570, "1 h ago"),
            (86_400, "24 h ago"),
            (47 * 3600, "47 h ago"),
            (48 * 3600, "2 d ago"),
            (59 * 86_400, "59 d ago"),
            (60 * 86_400, "2026-03-29"),
            (-5, "in 5 s"),
            (-600, "in 10 min"),
            (-599, "in 10 min"),
            (-3600, "in 1 h"),
            (-86_400 * 30, "in 30 d"),
        ];
        for (seconds_ago, words) in table {
            assert_eq!(said(seconds_ago), words, "{seconds_ago}");
        }
    }

    #[test]
    fn lengths_are_whole() {
        for (seconds, words) in
            [(0, "0 s"), (600, "10 min"), (5400, "1 h 30 min"), (90_061, "1 d 1 h 1 min 1 s")]
        {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn no_time_is_too_far() {
        for millis in [i64::MIN, i64::MAX, 0] {
            let at = UnixMillis::from_millis(millis);
            for now in [i64::MIN, i64::MAX, 0] {
                assert!(!relative(at, UnixMillis::from_millis(now)).is_empty());
            }
        }
    }

    #[test]
    fn dates_are_of_utc_and_whole_seconds() {
        assert_eq!(date(UnixMillis::from_millis(1_666_260_027_645)), "2022-10-20T10:00:27Z");
    }
}
