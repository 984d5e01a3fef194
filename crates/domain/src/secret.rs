//! Secrets that somebody else holds: tickets, client cookies, secret keys.
//!
//! All have one form: a recognisable prefix, 27 characters that name the record they belong to (so that no index
//! on a hash is needed), 43 characters with 256 bits of entropy, and a checksum of six characters, by which a
//! scanner recognises a leaked one and a typing error is told from a forgery. Only [`SecretHash`] is ever stored.

use crate::{
    ids::{KSUID_LENGTH, random_base62},
    ports::Entropy,
};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const ENTROPY_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

/// The text of a secret. `Debug` does not show it, there is no `Display`, and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself: for the one answer that hands it out, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(…)")
    }
}

/// SHA-256 of a secret. Each secret has 256 bits of entropy, so a slow hash would add nothing.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(…)")
    }
}

/// A secret's prefix, and with it what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    ActorTicket,
    SignInTicket,
    ClientCookie,
    TestSecretKey,
    LiveSecretKey,
}

impl SecretKind {
    const ALL: [Self; 5] =
        [Self::ActorTicket, Self::SignInTicket, Self::ClientCookie, Self::TestSecretKey, Self::LiveSecretKey];

    /// The kind whose prefix the text has, whatever follows.
    pub fn of_prefix(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))
    }

    /// Never change a prefix: scanners and stored hashes rely on it.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::ActorTicket => "acttkt_",
            Self::SignInTicket => "sittkt_",
            Self::ClientCookie => "actcli_",
            Self::TestSecretKey => "sk_test_",
            Self::LiveSecretKey => "sk_live_",
        }
    }
}

/// A secret that has the right form. That it is authentic only its hash can tell.
#[derive(Clone, Debug)]
pub struct ParsedSecret {
    kind: SecretKind,
    ksuid: Box<str>,
    hash: SecretHash,
}

impl ParsedSecret {
    /// `None` for anything that Actas cannot have made: prefix, length, alphabet or checksum are wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = SecretKind::of_prefix(text)?;
        let rest = &text[kind.prefix().len()..];
        let well_formed = rest.len() == KSUID_LENGTH + ENTROPY_LENGTH + CHECKSUM_LENGTH
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !well_formed {
            return None;
        }
        let body = &text[..text.len() - CHECKSUM_LENGTH];
        if checksum(body) != text[body.len()..] {
            return None;
        }
        Some(Self { kind, ksuid: rest[..KSUID_LENGTH].into(), hash: SecretHash::of(text) })
    }

    pub const fn kind(&self) -> SecretKind {
        self.kind
    }

    pub const fn hash(&self) -> SecretHash {
        self.hash
    }

    /// The 27 characters of the id of the record this secret belongs to.
    pub(crate) fn ksuid(&self) -> &str {
        &self.ksuid
    }
}

/// A new secret of a kind for the record with these 27 characters.
pub(crate) fn mint(kind: SecretKind, ksuid: &str, entropy: &dyn Entropy) -> SecretText {
    let random = Zeroizing::new(random_base62(ENTROPY_LENGTH, entropy));
    let mut text = format!("{}{ksuid}{}", kind.prefix(), *random);
    let sum = checksum(&text);
    text.push_str(&sum);
    SecretText::new(text)
}

/// CRC-32 of everything before it, as six base-62 digits.
fn checksum(body: &str) -> String {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut value = crc32fast::hash(body.as_bytes());
    let mut digits = ['0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(BASE62[(value % 62) as usize]);
        value /= 62;
    }
    digits.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes;
    impl Entropy for Bytes {
        fn fill(&self, bytes: &mut [u8]) {
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::try_from(index % 251).unwrap();
            }
        }
    }

    #[test]
    fn a_minted_secret_is_parsed_and_one_changed_character_is_not() {
        let secret = mint(SecretKind::ActorTicket, &"a".repeat(27), &Bytes);
        let text = secret.reveal();
        let parsed = ParsedSecret::parse(text).unwrap();
        assert_eq!(parsed.kind(), SecretKind::ActorTicket);
        assert_eq!(parsed.ksuid(), "a".repeat(27));
        for position in 0..text.len() {
            let mut other = text.to_owned().into_bytes();
            other[position] = if other[position] == b'x' { b'y' } else { b'x' };
            assert!(
                ParsedSecret::parse(std::str::from_utf8(&other).unwrap()).is_none(),
                "position {position}"
            );
        }
        assert!(ParsedSecret::parse(&format!("{text}0")).is_none());
        assert!(ParsedSecret::parse("").is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = mint(SecretKind::TestSecretKey, &"b".repeat(27), &Bytes);
        let parsed = ParsedSecret::parse(secret.reveal()).unwrap();
        let shown = format!("{secret:?} {parsed:?} {:?}", parsed.hash());
        assert!(!shown.contains(&secret.reveal()[35..]), "{shown}");
        assert_eq!(format!("{secret:?}"), "SecretText(…)");
    }
}
