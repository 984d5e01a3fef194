//! Rows of CSV (RFC 4180): fields apart by commas, in double quotes where they hold commas, quotes or line ends.

use super::{Feed, RECORD_MAX_BYTES, Record};
use csv_core::{ReadRecordResult, Reader};
use std::io::{self, Read};

/// More than any table has; further ones make the record too long.
const FIELDS_MAX: usize = 4_096;

/// The fields of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Reads rows, the heading like any other.
pub(crate) struct Table {
    reader: Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self { reader: Reader::new(), bytes: vec![0; 4_096], ends: vec![0; 64] }
    }

    /// The next row; empty lines are passed over. A row ends before the line feed of its line end, which belongs to
    /// what is passed over next.
    pub(crate) fn next<R: Read>(&mut self, feed: &mut Feed<R>) -> io::Result<Option<Record<Fields>>> {
        pass_line_ends(feed)?;
        let line = feed.line();
        let (mut length, mut count, mut is_too_long) = (0, 0, false);
        loop {
            let input = feed.available()?;
            let (bytes, ends) = (&mut self.bytes[length..], &mut self.ends[count..]);
            let (result, read, written, ended) = self.reader.read_record(input, bytes, ends);
            feed.take(read);
            (length, count) = (length + written, count + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < RECORD_MAX_BYTES => {
                    self.bytes.resize((self.bytes.len() * 2).min(RECORD_MAX_BYTES), 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < FIELDS_MAX => {
                    self.ends.resize((self.ends.len() * 2).min(FIELDS_MAX), 0);
                }
                // What follows is read over what was read: none of it is kept.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (length, count, is_too_long) = (0, 0, true);
                }
                ReadRecordResult::Record => {
                    let fields =
                        Fields { bytes: self.bytes[..length].to_vec(), ends: self.ends[..count].to_vec() };
                    return Ok(Some(Record { line, content: (!is_too_long).then_some(fields) }));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

fn pass_line_ends<R: Read>(feed: &mut Feed<R>) -> io::Result<()> {
    loop {
        let available = feed.available()?;
        let count = available.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let goes_on = count > 0 && count == available.len();
        feed.take(count);
        if !goes_on {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Option<Vec<String>>)> {
        let mut feed = Feed::new(text).unwrap();
        let mut table = Table::new();
        let records = std::iter::from_fn(|| table.next(&mut feed).unwrap());
        let shown =
            |fields: Fields| fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        records.map(|record| (record.line, record.content.map(shown))).collect()
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Option<Vec<String>>) {
        (line, Some(fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    #[test]
    fn rows_have_the_number_of_their_first_line() {
        let text = b"\xef\xbb\xbfid,name\r\n\r\na,\"x, \"\"y\"\"\r\nz\"\r\nb,\n\nc,\"\"";
        let rows = [
            row(1, &["id", "name"]),
            row(3, &["a", "x, \"y\"\r\nz"]),
            row(5, &["b", ""]),
            row(7, &["c", ""]),
        ];
        assert_eq!(all(text), rows);
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\r\n\n"), []);
        assert_eq!(all(b"a,\xff\n"), [row(1, &["a", "\u{fffd}"])]);
    }

    #[test]
    fn a_row_that_is_too_long_is_told_of_and_the_next_is_read() {
        let long = "x".repeat(RECORD_MAX_BYTES + 1);
        let text = format!("a,b\n{long},c\nd,\"{long}\ne\"\n{}\nlast,row\n", ",".repeat(FIELDS_MAX));
        assert_eq!(
            all(text.as_bytes()),
            [row(1, &["a", "b"]), (2, None), (3, None), (5, None), row(6, &["last", "row"])]
        );
    }

    #[test]
    fn where_a_row_ends_reading_can_begin_anew() {
        let text = b"h,i\r\na,b\r\nc,d\r\n";
        let mut feed = Feed::new(&text[..]).unwrap();
        let mut table = Table::new();
        table.next(&mut feed).unwrap();
        table.next(&mut feed).unwrap();
        let position = feed.position();
        let mut again = Feed::new(&text[..]).unwrap();
        assert!(again.go_to(&position).unwrap());
        let next = Table::new().next(&mut again).unwrap().unwrap();
        assert_eq!((next.line, next.content.unwrap().iter().next().unwrap()), (3, &b"c"[..]));
    }
}
