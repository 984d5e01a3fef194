//! `Idempotency-Key`: a request that is sent again is answered as it was the first time, and acts once.
//!
//! The answer is kept in the change that it tells of, so there is neither an act without its answer nor an answer
//! without its act. Of two requests at once one lands; the write of the other's answer fails its condition, nothing of
//! its change happens, and it is answered with what the first one kept. What changed nothing is kept by a write of its
//! own, under the same condition.
//!
//! At rest there are a hash of the key and an encrypted answer; both are made from the key and the master key, so
//! that neither alone, nor the two together without the key, say anything of a ticket.

mod answer;
mod repeatable;

pub use answer::{Answer, KeptAnswer, SealedAnswer};
pub use repeatable::{Repeatable, Settled, forget};

use crate::{refusal::Refusal, secret::SecretText};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// For so long after it was given an answer is repeated.
pub const KEPT_SECONDS: i64 = 24 * 3_600;
/// For so long after that it is still there, unanswered: a clock that was ahead for less than a day and is set right
/// makes none lost.
pub const FORGOTTEN_AFTER_SECONDS: i64 = 24 * 3_600;
/// Answers that one sweep removes at most; a sweep that finds so many is followed by another at once.
pub const FORGET_LIMIT: u32 = 500;

/// What a caller chose to name one act of theirs: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(SecretText);

impl IdempotencyKey {
    pub const MAX_CHARACTERS: usize = 255;

    pub fn parse(text: &[u8]) -> Option<Self> {
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.len());
        let text = std::str::from_utf8(text).ok()?;
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (fits && is_visible).then(|| Self(SecretText::new(text.to_owned())))
    }
}

/// A key, and where it holds: the same one means nothing to another path. An instance is a scope by having a store of
/// its own.
#[derive(Clone, Debug)]
pub struct ScopedKey {
    pub method: Box<str>,
    /// The pattern of the route.
    pub route: Box<str>,
    /// Of the path, decoded: two ways to write one path are one scope.
    pub parameters: Vec<Box<str>>,
    pub key: IdempotencyKey,
}

impl ScopedKey {
    /// All that it consists of, for whoever derives something from it.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let path = std::iter::once(&self.method).chain([&self.route]).chain(&self.parameters);
        path.map(|text| text.as_bytes()).chain([self.key.0.reveal().as_bytes()])
    }
}

/// What two requests have in common that are the same but for their time. It is kept encrypted only, and not shown, for
/// a body may have a password.
#[derive(Clone, Copy)]
pub struct RequestDigest([u8; 32]);

impl RequestDigest {
    /// Of the API version, which decides what an answer looks like, of the content type without its parameters, which
    /// decides how the body is read, and of the body to the byte.
    pub fn of(version: &str, content_type: &str, body: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        for text in [version, content_type] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(body);
        Self(hasher.finalize().into())
    }
}

impl fmt::Debug for RequestDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RequestDigest(…)")
    }
}

impl PartialEq for RequestDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for RequestDigest {}

/// How an act's answer comes to be kept: handed to the use case by whoever answers.
pub trait Keep<T>: Sync {
    /// The request, if it may be repeated.
    fn repeatable(&self) -> Option<&Repeatable>;

    /// What will be answered to this outcome; `None` when it must not be kept.
    fn answer(&self, outcome: Result<&T, &Refusal>) -> Option<Answer>;
}

/// Of a request without a key.
#[derive(Clone, Copy, Debug)]
pub struct Unkept;

impl<T> Keep<T> for Unkept {
    fn repeatable(&self) -> Option<&Repeatable> {
        None
    }

    fn answer(&self, _: Result<&T, &Refusal>) -> Option<Answer> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_text_of_limited_length() {
        for good in ["k", "\"3fae-7c\"", "!~", &"x".repeat(255)] {
            assert!(IdempotencyKey::parse(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["", " ", "a b", "a\t", "a\0", "é", "\u{7f}", &"x".repeat(256)] {
            assert!(IdempotencyKey::parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(b"\xff").is_none());
    }

    #[test]
    fn a_digest_is_of_version_content_type_and_body() {
        let digest = RequestDigest::of("2025-11-10", "text/plain", b"{}");
        assert_eq!(digest, RequestDigest::of("2025-11-10", "text/plain", b"{}"));
        for (version, content_type, body) in [
            ("2025-11-10", "text/plain", "{ }"),
            ("2026-05-12", "text/plain", "{}"),
            ("2025-11-10", "application/json", "{}"),
            ("2025-11-10t", "ext/plain", "{}"),
            ("2025-11-10", "text/plain{", "}"),
        ] {
            assert_ne!(digest, RequestDigest::of(version, content_type, body.as_bytes()));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = IdempotencyKey::parse(b"planted").unwrap();
        let scoped =
            ScopedKey { method: "POST".into(), route: "/v1/users".into(), parameters: Vec::new(), key };
        assert!(!format!("{scoped:?}").contains("planted"), "{scoped:?}");
        // Nor what a guessed body could be compared with.
        let digest = RequestDigest::of("", "", b"planted");
        assert_eq!(format!("{digest:?}"), "RequestDigest(…)");
    }
}
