//! Signing keys: `next → current → retired`, each with its own `kid`.
//!
//! `next` is published before it signs, because verifiers cache the key set; `retired` stays published until the
//! last token it signed is dead.

pub mod bootstrap;
pub mod jwks;
pub mod ring;
pub mod rotate;

use crate::{ids::SigningKeyId, time::UnixMillis};
use std::fmt;

/// One RSA-2048 key pair, e = 65537.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    pub id: SigningKeyId,
    pub status: SigningKeyStatus,
    pub public: RsaPublicKey,
    pub private: SealedPrivateKey,
    /// Also when it was first published.
    pub created_at: UnixMillis,
    pub current_since: Option<UnixMillis>,
    pub retired_at: Option<UnixMillis>,
    /// When the last token it can have signed is dead, once retired.
    pub needed_until: Option<UnixMillis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningKeyStatus {
    Next,
    Current,
    Retired,
}

impl SigningKeyStatus {
    pub const ALL: [Self; 3] = [Self::Next, Self::Current, Self::Retired];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Big-endian modulus and exponent without leading zeros, as a JWK has them.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RsaPublicKey({} bits)", self.modulus.len() * 8)
    }
}

/// A private key encrypted under the master key; the vault alone can open it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPrivateKey(pub Vec<u8>);

impl fmt::Debug for SealedPrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealedPrivateKey(…)")
    }
}
