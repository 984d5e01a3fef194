//! One record on each line.

use super::{Feed, RECORD_MAX_BYTES, Record};
use std::io::{self, Read};

/// The next line that is not empty, without white space around it.
pub(crate) fn next_line<R: Read>(feed: &mut Feed<R>) -> io::Result<Option<Record<Vec<u8>>>> {
    loop {
        let line = feed.line();
        let Some(read) = read_line(feed)? else { return Ok(None) };
        match read {
            Some(text) if text.trim_ascii().is_empty() => {}
            content => {
                let content = content.map(|text| text.trim_ascii().to_vec());
                return Ok(Some(Record { line, content }));
            }
        }
    }
}

/// One line with its end, if it has one; inside, `None` when it is too long.
fn read_line<R: Read>(feed: &mut Feed<R>) -> io::Result<Option<Option<Vec<u8>>>> {
    let mut text = Some(Vec::new());
    let mut is_empty = true;
    loop {
        let available = feed.available()?;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = end.map_or(available, |end| &available[..=end]);
        if part.is_empty() {
            return Ok((!is_empty).then_some(text));
        }
        is_empty = false;
        if text.as_ref().is_some_and(|text| text.len() + part.len() > RECORD_MAX_BYTES) {
            text = None;
        }
        if let Some(text) = &mut text {
            text.extend_from_slice(part);
        }
        let count = part.len();
        feed.take(count);
        if end.is_some() {
            return Ok(Some(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Option<String>)> {
        let mut feed = Feed::new(text).unwrap();
        let records = std::iter::from_fn(|| next_line(&mut feed).unwrap());
        let shown = |text: Vec<u8>| String::from_utf8_lossy(&text).into_owned();
        records.map(|record| (record.line, record.content.map(shown))).collect()
    }

    #[test]
    fn lines_have_numbers_and_empty_ones_count() {
        let one = |line: u64, text: &str| (line, Some(text.to_owned()));
        assert_eq!(all(b"a\r\n\n  \nb"), [one(1, "a"), one(4, "b")]);
        assert_eq!(all(b"\xef\xbb\xbfa\n\xff\n"), [one(1, "a"), one(2, "\u{fffd}")]);
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n\n"), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_of_and_the_next_is_read() {
        let fits = "x".repeat(RECORD_MAX_BYTES - 1);
        let text = format!("{fits}\ny{fits}\nlast");
        let lines = all(text.as_bytes());
        assert_eq!(lines[0], (1, Some(fits)));
        assert_eq!(lines[1..], [(2, None), (3, Some("last".to_owned()))]);
    }
}
