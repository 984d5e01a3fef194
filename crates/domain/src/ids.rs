//! Identifiers: one type each, so that they cannot be swapped.
//!
//! Minted ids are KSUIDs behind a prefix and `_`: 27 base-62 characters that begin with the second of their making and,
//! in what a KSUID leaves to chance, the millisecond. So they sort by age, and new rows land beside each other in an
//! index: the fewer pages a batch of them touches, the less there is to write.

use crate::{ports::Entropy, secret::SecretKind, time::UnixMillis};
use std::fmt;

/// 2014-05-13, the epoch of KSUIDs, in Unix seconds.
const KSUID_EPOCH_SECONDS: i64 = 1_400_000_000;
/// Characters behind the prefix.
pub const KSUID_LENGTH: usize = 27;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The 27 characters behind a prefix: 32 bits of seconds, 10 bits of milliseconds, then 118 bits of entropy.
pub fn ksuid(at: UnixMillis, entropy: &dyn Entropy) -> String {
    let seconds = at.seconds().saturating_sub(KSUID_EPOCH_SECONDS).clamp(0, i64::from(u32::MAX));
    let milliseconds = u16::try_from(at.millis().rem_euclid(1_000)).unwrap_or(0) << 6;
    let mut bytes = [0_u8; 20];
    bytes[..4].copy_from_slice(&u32::try_from(seconds).unwrap_or(u32::MAX).to_be_bytes());
    entropy.fill(&mut bytes[4..]);
    let [high, low] = milliseconds.to_be_bytes();
    (bytes[4], bytes[5]) = (high, low | (bytes[5] & 0x3F));
    base62(bytes)
}

/// Big-endian base 62, padded to [`KSUID_LENGTH`]. Five digits are divided off at a time, for so many fit in 32 bits.
fn base62(bytes: [u8; 20]) -> String {
    const FIVE_DIGITS: u64 = 62_u64.pow(5);
    let mut limbs = [0_u32; 5];
    for (limb, four) in limbs.iter_mut().zip(bytes.chunks_exact(4)) {
        *limb = four.iter().fold(0, |limb, byte| (limb << 8) | u32::from(*byte));
    }
    let mut digits = [b'0'; KSUID_LENGTH];
    for five in digits.rchunks_mut(5) {
        let mut remainder = 0_u64;
        for limb in &mut limbs {
            let value = (remainder << 32) | u64::from(*limb);
            *limb = u32::try_from(value / FIVE_DIGITS).unwrap_or(0);
            remainder = value % FIVE_DIGITS;
        }
        for digit in five.iter_mut().rev() {
            *digit = BASE62[usize::try_from(remainder % 62).unwrap_or(0)];
            remainder /= 62;
        }
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// `length` characters drawn evenly from the 62; 43 of them carry 256 bits.
pub fn random_base62(length: usize, entropy: &dyn Entropy) -> String {
    let mut text = String::with_capacity(length);
    let mut buffer = [0_u8; 64];
    while text.len() < length {
        entropy.fill(&mut buffer);
        // 248 = 4 × 62: a byte above would favour the first eight characters.
        let even =
            buffer.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
        text.extend(even.take(length - text.len()));
    }
    text
}

pub(crate) fn is_ksuid(text: &str) -> bool {
    text.len() == KSUID_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

macro_rules! minted_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// A new id made at `at`.
            pub fn mint(at: UnixMillis, entropy: &dyn Entropy) -> Self {
                Self(format!("{}_{}", Self::PREFIX, ksuid(at, entropy)).into())
            }

            /// Takes the text of an id; `None` when it cannot be one of ours.
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix(Self::PREFIX)?.strip_prefix('_')?;
                is_ksuid(rest).then(|| Self(text.into()))
            }

            /// The id whose 27 characters are `rest`.
            pub fn from_ksuid(rest: &str) -> Option<Self> {
                is_ksuid(rest).then(|| Self(format!("{}_{rest}", Self::PREFIX).into()))
            }

            /// The 27 characters behind the prefix.
            pub fn ksuid(&self) -> &str {
                &self.0[Self::PREFIX.len() + 1..]
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

minted_id!(/// An actor token, `act_…`.
    ActorTokenId, "act");
minted_id!(/// One browser, `client_…`.
    ClientId, "client");
minted_id!(/// An e-mail address, phone number or wallet of a user, `idn_…`.
    IdentificationId, "idn");
minted_id!(/// One deployment, `ins_…`.
    InstanceId, "ins");
minted_id!(/// A signing key; the JWTs' `kid`. Clerk names keys after the instance, so the prefix is its prefix.
    SigningKeyId, "ins");
minted_id!(/// A secret key's public name, `key_…`. The key itself is never one of these.
    SecretKeyId, "key");
minted_id!(/// A session, `sess_…`.
    SessionId, "sess");
minted_id!(/// An attempt to sign in, `sia_…`.
    SignInId, "sia");
minted_id!(/// A sign-in token, `sit_…`.
    SignInTokenId, "sit");

/// The longest user id, in characters (all are ASCII).
pub const USER_ID_MAX_CHARACTERS: usize = 255;

/// A user: minted by Actas as `user_…`, or brought along by the team, 1–255 of `[A-Za-z0-9_.:@-]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Box<str>);

impl UserId {
    pub fn mint(at: UnixMillis, entropy: &dyn Entropy) -> Self {
        Self(format!("user_{}", ksuid(at, entropy)).into())
    }

    /// `None` when the text is empty, too long, or has another character. Nor can it be what a path cannot name (`.`,
    /// `..`, and the routes `count` and `import`), or what begins like a secret: one that was sent in an id's place
    /// must not be shown or stored.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = !matches!(text, "." | ".." | "count" | "import")
            && SecretKind::of_prefix(text).is_none()
            && (1..=USER_ID_MAX_CHARACTERS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:@-".contains(&byte));
        well_formed.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Entropy for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xF7);
        }
    }

    struct Byte(u8);
    impl Entropy for Byte {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn ids_sort_by_the_millisecond_of_their_making() {
        let id = |millis, byte| SessionId::mint(UnixMillis::from_millis(millis), &Byte(byte));
        for millis in [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_998, 1_700_000_000_999] {
            let (latest, next) = (id(millis, 0xFF), id(millis + 1, 0));
            assert!(latest < next, "{latest} {next}");
            assert!(id(millis, 0) < latest, "nothing is left to chance");
        }
    }

    #[test]
    fn digits_are_those_of_the_number() {
        assert_eq!(base62([0xFF; 20]), "aWgEPTl1tmebfsQzFP4bxwgy80V");
        assert_eq!(base62([0; 20]), "0".repeat(KSUID_LENGTH));
        for seed in 0..200_u8 {
            let bytes = std::array::from_fn(|index| {
                seed.wrapping_mul(31).wrapping_add((index as u8).wrapping_mul(77))
            });
            assert_eq!(base62(bytes), digit_by_digit(bytes));
        }
    }

    fn digit_by_digit(mut bytes: [u8; 20]) -> String {
        let mut digits = [b'0'; KSUID_LENGTH];
        for digit in digits.iter_mut().rev() {
            let mut remainder = 0_u32;
            for byte in &mut bytes {
                let value = (remainder << 8) | u32::from(*byte);
                *byte = (value / 62) as u8;
                remainder = value % 62;
            }
            *digit = BASE62[remainder as usize];
        }
        digits.iter().map(|digit| char::from(*digit)).collect()
    }

    #[test]
    fn an_id_is_parsed_only_with_its_own_prefix() {
        let id = ActorTokenId::mint(UnixMillis::from_seconds(1_700_000_000), &Ones);
        assert_eq!(ActorTokenId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(SessionId::parse(id.as_str()), None);
        assert_eq!(ActorTokenId::parse("act_"), None);
        assert_eq!(ActorTokenId::parse("act_ää"), None);
    }

    #[test]
    fn user_ids_brought_along_are_bounded() {
        assert!(UserId::parse("crm:42@example.com").is_some());
        assert!(UserId::parse(&"x".repeat(255)).is_some());
        let long = "x".repeat(256);
        for bad in
            ["", ".", "..", "count", "import", "sk_live_x", "acttkt_x", &long, "a b", "a/b", "ä", "a\0"]
        {
            assert!(UserId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn random_characters_are_of_the_alphabet() {
        let text = random_base62(43, &Ones);
        assert_eq!(text.len(), 43);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
