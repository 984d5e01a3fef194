//! `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.

use std::time::Duration;

const SECONDS_PER_DAY: u64 = 86_400;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long the header asks to wait. A date is compared with the answer's own `Date`, so that a wrong clock here
/// does not matter; where there is none, with `now`, the time since the beginning of 1970. A date in the past asks
/// for no wait. What is neither form asks for nothing.
pub(crate) fn retry_after(header: &str, date: Option<&str>, now: Duration) -> Option<Duration> {
    let header = header.trim_ascii();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long time all the same.
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let until = http_date(header)?;
    let now = date.and_then(|text| http_date(text.trim_ascii())).unwrap_or(now.as_secs());
    Some(Duration::from_secs(until.saturating_sub(now)))
}

/// Seconds since the beginning of 1970 of a date in the form that servers send: `Sun, 06 Nov 1994 08:49:37 GMT`
/// (RFC 9110, section 5.6.7). The two obsolete forms are not read.
fn http_date(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = number(parts.next()?, 2)?;
    let month = MONTHS.iter().position(|name| Some(*name) == rest.get(3..6))? as u64 + 1;
    parts.next()?;
    let year = number(parts.next()?, 4)?;
    let mut clock = parts.next()?.split(':');
    let (hour, minute, second) =
        (number(clock.next()?, 2)?, number(clock.next()?, 2)?, number(clock.next()?, 2)?);
    let ends_well = parts.next() == Some("GMT") && parts.next().is_none() && clock.next().is_none();
    let in_range = year >= 1970 && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !ends_well || !in_range {
        return None;
    }
    Some(days_since_1970(year, month, day) * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second)
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let well_formed = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| text.parse().ok()).flatten()
}

/// In the Gregorian calendar, counted from March so that the leap day is a year's last.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    const DAYS_BEFORE_1970: u64 = 719_468;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_BEFORE_1970
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(784_111_777);

    #[test]
    fn seconds() {
        assert_eq!(retry_after("0", None, NOW), Some(Duration::ZERO));
        assert_eq!(retry_after(" 120 ", None, NOW), Some(Duration::from_secs(120)));
        assert!(retry_after("99999999999999999999999", None, NOW) > Some(Duration::from_secs(1_000_000)));
    }

    #[test]
    fn a_date_against_the_clock() {
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:57 GMT", None, NOW),
            Some(Duration::from_secs(20)),
            "the example of RFC 9110 is the second 784111777"
        );
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:36 GMT", None, NOW), Some(Duration::ZERO));
    }

    #[test]
    fn a_date_against_the_answers_own_date() {
        let date = Some("Tue, 29 Feb 2028 23:59:30 GMT");
        let asked = retry_after("Wed, 01 Mar 2028 00:00:10 GMT", date, NOW);
        assert_eq!(asked, Some(Duration::from_secs(40)));
    }

    #[test]
    fn the_calendar() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Fri, 31 Dec 1999 23:59:59 GMT"), Some(946_684_799));
        assert_eq!(http_date("Tue, 29 Feb 2000 12:00:00 GMT"), Some(951_825_600));
        assert_eq!(http_date("Tue, 24 Nov 2026 08:50:35 GMT"), Some(1_795_510_235));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_not(text in ".{0,40}", day in "[0-9]{2}", year in "[0-9]{4}") {
            retry_after(&text, Some(&text), NOW);
            retry_after(&format!("Sun, {day} Nov {year} 08:49:37 GMT"), None, NOW);
        }
    }

    #[test]
    fn what_is_neither() {
        for text in [
            "",
            "-1",
            "1.5",
            "soon",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 06 Now 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1894 08:49:37 GMT",
            "Sun, é6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT again",
        ] {
            assert_eq!(retry_after(text, None, NOW), None, "{text}");
        }
    }
}
