//! One RSA public key, ready to verify with.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use std::fmt;

/// In bits. Below, a key can be factored (RFC 7518 §3.3); above, one check takes so long that it is a weapon.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2_048..=4_096;
/// In bytes. Exponents in use are 3 and 65537.
const MAX_EXPONENT_BYTES: usize = 4;

/// Why a key is not used.
pub(crate) type KeyProblem = &'static str;

pub(crate) struct PublicKey {
    /// Parsed once: that costs a third of a check.
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// From big-endian bytes without leading zeros.
    pub(crate) fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyProblem> {
        let [first, .., last] = modulus else {
            return Err("the modulus is shorter than 2048 bits");
        };
        if *first == 0 || exponent.first() == Some(&0) {
            return Err("a number of the key has leading zeros");
        }
        let bits = modulus.len() * 8 - first.leading_zeros() as usize;
        if !MODULUS_BITS.contains(&bits) {
            return Err("the modulus is not of 2048 to 4096 bits");
        }
        if last % 2 == 0 {
            return Err("the modulus is even");
        }
        let is_one = exponent == [1];
        if exponent.len() > MAX_EXPONENT_BYTES || is_one || exponent.last().is_none_or(|last| last % 2 == 0) {
            return Err("the exponent is not odd, or not from 3 to 4294967295");
        }
        let components = RsaPublicKeyComponents { n: modulus, e: exponent };
        let parsed = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        parsed.map(|parsed| Self { parsed }).map_err(|_| "the numbers are no RSA key")
    }

    /// Is this the key's signature by RSASSA-PKCS1-v1_5 with SHA-256?
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PublicKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(modulus: &[u8], exponent: &[u8]) -> Option<KeyProblem> {
        PublicKey::from_components(modulus, exponent).err()
    }

    #[test]
    fn sizes_are_bounded() {
        assert!(problem(&[0xff; 255], &[1, 0, 1]).unwrap().contains("2048"));
        assert!(problem(&[0xff; 513], &[1, 0, 1]).unwrap().contains("2048"));
        assert!(problem(&[], &[3]).is_some());
        assert!(problem(&[0xff], &[3]).is_some());
        // 2047 bits in as many bytes as 2048 take.
        let mut short = [0xff; 256];
        short[0] = 0x7f;
        assert!(problem(&short, &[3]).unwrap().contains("2048"));
        assert_eq!(problem(&[0xff; 256], &[3]), None);
        assert_eq!(problem(&[0xff; 512], &[1, 0, 1]), None);
    }

    #[test]
    fn exponents_are_odd_and_at_least_three() {
        for exponent in [&[][..], &[0], &[1], &[2], &[4], &[0, 3], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
            assert!(problem(&[0xff; 256], exponent).is_some(), "{exponent:?}");
        }
        for exponent in [&[3][..], &[17], &[1, 0, 1]] {
            assert_eq!(problem(&[0xff; 256], exponent), None, "{exponent:?}");
        }
    }

    #[test]
    fn an_even_modulus_and_leading_zeros_are_refused() {
        let mut even = [0xff; 256];
        even[255] = 0xfe;
        assert_eq!(problem(&even, &[3]), Some("the modulus is even"));
        let mut padded = vec![0xff; 257];
        padded[0] = 0;
        assert!(problem(&padded, &[3]).unwrap().contains("leading zeros"));
    }
}
