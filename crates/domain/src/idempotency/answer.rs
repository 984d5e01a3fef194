//! Answers: as they are given, and as they are kept.

use super::RequestDigest;
use crate::{secret::SecretHash, time::UnixMillis};
use std::fmt;
use zeroize::Zeroizing;

/// An answer as it goes out. What its body says only whoever made it knows; a ticket may be in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// Of the request that was answered; the body of an error repeats it.
    pub trace_id: Box<str>,
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub fn new(status: u16, trace_id: &str, body: Vec<u8>) -> Self {
        Self { status, trace_id: trace_id.into(), body: Zeroizing::new(body) }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// An answer that only the holder of both the master key and the idempotency key can open.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedAnswer(pub Vec<u8>);

impl fmt::Debug for SealedAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedAnswer({} bytes)", self.0.len())
    }
}

/// An answer at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Of the idempotency key in its scope ([`crate::ports::AnswerVault::key_hash`]).
    pub key_hash: SecretHash,
    pub sealed: SealedAnswer,
    /// From then on it counts for nothing, and may be removed.
    pub expires_at: UnixMillis,
}

/// The first byte of what is sealed.
const FORM: u8 = 1;
const DIGEST_LENGTH: usize = 32;

/// What is sealed: the form, the request's digest, status, the length of the trace id and the trace id, the body.
pub(super) fn written(digest: &RequestDigest, answer: &Answer) -> Zeroizing<Vec<u8>> {
    let trace_id = answer.trace_id.as_bytes();
    let trace_length = u8::try_from(trace_id.len()).unwrap_or(u8::MAX);
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(4 + DIGEST_LENGTH + usize::from(trace_length) + answer.body.len()));
    bytes.push(FORM);
    bytes.extend_from_slice(&digest.0);
    bytes.extend_from_slice(&answer.status.to_be_bytes());
    bytes.push(trace_length);
    bytes.extend_from_slice(&trace_id[..usize::from(trace_length)]);
    bytes.extend_from_slice(&answer.body);
    bytes
}

/// `None` for what [`written`] cannot have made.
pub(super) fn read(bytes: &[u8]) -> Option<(RequestDigest, Answer)> {
    let (form, rest) = bytes.split_first()?;
    let (digest, rest) = rest.split_first_chunk::<DIGEST_LENGTH>()?;
    let (status, rest) = rest.split_first_chunk::<2>()?;
    let (trace_length, rest) = rest.split_first()?;
    let (trace_id, body) = rest.split_at_checked(usize::from(*trace_length))?;
    let trace_id = std::str::from_utf8(trace_id).ok()?;
    let answer = Answer::new(u16::from_be_bytes(*status), trace_id, body.to_vec());
    (*form == FORM).then_some((RequestDigest(*digest), answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let digest = RequestDigest::of("version", b"body");
        for (trace_id, body) in [("", ""), ("0123456789abcdef0123456789abcdef", "{\"token\":\"secret\"}")] {
            let answer = Answer::new(404, trace_id, body.into());
            let bytes = written(&digest, &answer);
            assert_eq!(read(&bytes), Some((digest, answer.clone())));
            assert!(!format!("{answer:?}").contains("secret"));
        }
    }

    #[test]
    fn what_was_not_written_is_not_read() {
        let answer = Answer::new(200, "trace", Vec::new());
        let bytes = written(&RequestDigest::of("", b""), &answer);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length} bytes");
        }
        let mut other_form = bytes.clone();
        other_form[0] += 1;
        assert_eq!(read(&other_form), None);
    }
}
