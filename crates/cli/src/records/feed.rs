//! Bytes of a file or a pipe, and how far they were read.

use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

const BUFFER_BYTES: usize = 256 * 1024;
/// What some editors begin a file in UTF-8 with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How far a source was read. Two sources with the same position are the same up to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) bytes: u64,
    /// The line that the next byte is on, counted from 1.
    pub(crate) line: u64,
    /// Of all bytes so far, in lowercase hexadecimal digits.
    pub(crate) sha256: String,
}

/// Gives out what a source holds, and remembers how much of it was taken.
pub(crate) struct Feed<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    bytes: u64,
    line_ends: u64,
    last: Option<u8>,
    digest: Sha256,
}

impl<R: Read> Feed<R> {
    /// Begins behind the byte order mark, if there is one.
    pub(crate) fn new(source: R) -> io::Result<Self> {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        let digest = Sha256::new();
        let mut feed = Self { source, buffer, start: 0, end: 0, bytes: 0, line_ends: 0, last: None, digest };
        while feed.end < BYTE_ORDER_MARK.len() && feed.read_more()? > 0 {}
        if feed.buffer[..feed.end].starts_with(BYTE_ORDER_MARK) {
            feed.take(BYTE_ORDER_MARK.len());
        }
        Ok(feed)
    }

    /// What can be taken next; nothing at the end.
    pub(crate) fn available(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.read_more()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Takes so many of the available bytes.
    pub(crate) fn take(&mut self, count: usize) {
        let taken = &self.buffer[self.start..self.start + count];
        self.digest.update(taken);
        self.line_ends += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.last = taken.last().copied().or(self.last);
        self.bytes += count as u64;
        self.start += count;
    }

    /// Takes all up to a position of an earlier reading. `false` when this is another source: it ends before, or its
    /// bytes are others.
    pub(crate) fn go_to(&mut self, position: &Position) -> io::Result<bool> {
        while self.bytes < position.bytes {
            let available = self.available()?.len() as u64;
            if available == 0 {
                return Ok(false);
            }
            self.take(available.min(position.bytes - self.bytes) as usize);
        }
        Ok(self.position() == *position)
    }

    pub(crate) fn position(&self) -> Position {
        let digest = self.digest.clone().finalize();
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Position { bytes: self.bytes, line: self.line(), sha256 }
    }

    /// The line that the next byte is on.
    pub(crate) fn line(&self) -> u64 {
        self.line_ends + 1
    }

    /// Whether the last byte that was taken ends a line.
    pub(crate) fn is_behind_line_end(&self) -> bool {
        self.last == Some(b'\n')
    }

    fn read_more(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_passed_over_and_counted() {
        let mut feed = Feed::new(&b"\xef\xbb\xbfab"[..]).unwrap();
        assert_eq!(feed.available().unwrap(), b"ab");
        assert_eq!(feed.position().bytes, 3);
        for text in ["", "\u{feff}", "ab", "\u{fe}"] {
            let mut feed = Feed::new(text.as_bytes()).unwrap();
            assert_eq!(feed.available().unwrap(), text.trim_start_matches('\u{feff}').as_bytes());
        }
    }

    #[test]
    fn a_position_is_found_again_only_in_the_same_source() {
        let text = b"one\ntwo\nthree\n";
        let mut feed = Feed::new(&text[..]).unwrap();
        feed.available().unwrap();
        feed.take(8);
        let position = feed.position();
        assert_eq!((position.bytes, position.line), (8, 3));
        let goes_to = |source: &[u8]| {
            let mut feed = Feed::new(source).unwrap();
            feed.go_to(&position).unwrap().then(|| feed.available().unwrap().to_vec())
        };
        assert_eq!(goes_to(text).as_deref(), Some(&b"three\n"[..]));
        assert_eq!(goes_to(b"one\ntwo\n").as_deref(), Some(&b""[..]));
        for other in [&b"one\ntoo\nthree\n"[..], b"one\n", b""] {
            assert_eq!(goes_to(other), None);
        }
    }
}
