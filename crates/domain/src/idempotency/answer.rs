//! Answers: as they are given, and as they are kept.

use super::RequestDigest;
use crate::{ids::SecretKeyId, secret::SecretHash, time::UnixMillis};
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

/// What is sealed: an answer, and what it was the answer to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) digest: RequestDigest,
    /// The secret key of the request.
    pub(super) acted_by: SecretKeyId,
    pub(super) answer: Answer,
}

impl Answered {
    /// The form, the request's digest, the status, the key's id and the trace id, each behind its length, and the body.
    pub(super) fn written(&self) -> Zeroizing<Vec<u8>> {
        let Self { digest, acted_by, answer } = self;
        let texts = [acted_by.as_str(), &answer.trace_id];
        let text_bytes: usize = texts.iter().map(|text| text.len()).sum();
        // All at once: what is moved to grow would leave a copy behind.
        let capacity = 5 + DIGEST_LENGTH + text_bytes + answer.body.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        bytes.push(FORM);
        bytes.extend_from_slice(&digest.0);
        bytes.extend_from_slice(&answer.status.to_be_bytes());
        for text in texts {
            let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
            bytes.push(length);
            bytes.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
        }
        bytes.extend_from_slice(&answer.body);
        bytes
    }

    /// `None` for what [`Answered::written`] cannot have made.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        let (digest, rest) = rest.split_first_chunk::<DIGEST_LENGTH>()?;
        let (status, rest) = rest.split_first_chunk::<2>()?;
        let (acted_by, rest) = read_text(rest)?;
        let (trace_id, body) = read_text(rest)?;
        let answer = Answer::new(u16::from_be_bytes(*status), trace_id, body.to_vec());
        let acted_by = SecretKeyId::parse(acted_by)?;
        (*form == FORM).then_some(Self { digest: RequestDigest(*digest), acted_by, answer })
    }
}

fn read_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingEntropy;

    fn answered(trace_id: &str, body: &str) -> Answered {
        Answered {
            digest: RequestDigest::of("version", "", b"body"),
            acted_by: SecretKeyId::mint(UnixMillis::from_seconds(0), &CountingEntropy::default()),
            answer: Answer::new(404, trace_id, body.into()),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (trace_id, body) in [("", ""), ("0123456789abcdef0123456789abcdef", "{\"token\":\"secret\"}")] {
            let answered = answered(trace_id, body);
            let bytes = answered.written();
            assert_eq!(bytes.len(), bytes.capacity());
            assert!(!format!("{answered:?}").contains("secret"));
            assert_eq!(Answered::read(&bytes), Some(answered));
        }
    }

    #[test]
    fn what_was_not_written_is_not_read() {
        let bytes = answered("trace", "").written();
        for length in 0..bytes.len() {
            assert_eq!(Answered::read(&bytes[..length]), None, "{length} bytes");
        }
        let mut other_form = bytes.clone();
        other_form[0] += 1;
        assert_eq!(Answered::read(&other_form), None);
    }
}
