//! The messages of a stream of PostgreSQL's protocol (version 3: a type, a length that counts itself, the content).

/// More than any message of Actas; what claims to be longer is no message.
const LONGEST_BYTES: usize = 64 * 1024 * 1024;
const LENGTH_BYTES: usize = 4;

/// What came of one direction and was not passed on yet.
pub(super) struct Frames {
    bytes: Vec<u8>,
    has_types: bool,
}

/// The stream is not of this protocol.
#[derive(Debug)]
pub(super) struct Malformed;

impl Frames {
    /// Of a client: its first messages have no type.
    pub(super) fn of_client() -> Self {
        Self { bytes: Vec::new(), has_types: false }
    }

    pub(super) fn of_server() -> Self {
        Self { bytes: Vec::new(), has_types: true }
    }

    /// From here on messages have a type.
    pub(super) fn have_types(&mut self) {
        self.has_types = true;
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, as it is on the wire.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Malformed> {
        let before = usize::from(self.has_types);
        let Some(length) = self.bytes.get(before..before + LENGTH_BYTES) else { return Ok(None) };
        let length = usize::try_from(number(length)).map_err(|_| Malformed)?;
        if !(LENGTH_BYTES..=LONGEST_BYTES).contains(&length) {
            return Err(Malformed);
        }
        if self.bytes.len() < before + length {
            return Ok(None);
        }
        Ok(Some(self.bytes.drain(..before + length).collect()))
    }
}

/// A number in the order of the network.
pub(super) fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The text that ends with a zero at the beginning of `bytes`, and what is behind it.
pub(super) fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_however_they_arrive() {
        let mut frames = Frames::of_client();
        frames.feed(&[0, 0, 0, 8, 0, 3]);
        assert!(frames.next().unwrap().is_none());
        frames.feed(&[0, 0, b'S', 0, 0, 0, 4, b'X']);
        assert_eq!(frames.next().unwrap().unwrap(), [0, 0, 0, 8, 0, 3, 0, 0]);
        frames.have_types();
        assert_eq!(frames.next().unwrap().unwrap(), [b'S', 0, 0, 0, 4]);
        assert!(frames.next().unwrap().is_none());
    }

    #[test]
    fn what_is_no_message_is_told() {
        let mut frames = Frames::of_server();
        frames.feed(b"HTTP/1.1 400 Bad Request");
        assert!(frames.next().is_err());
        let mut short = Frames::of_server();
        short.feed(&[b'Z', 0, 0, 0, 3]);
        assert!(short.next().is_err());
    }

    #[test]
    fn texts_end_with_a_zero() {
        assert_eq!(text(b"one\0two\0"), Some((&b"one"[..], &b"two\0"[..])));
        assert_eq!(text(b"one"), None);
    }
}
