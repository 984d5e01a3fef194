//! Chance: for waits, and for keys that nobody can guess.

use crate::error::Error;

/// From 0 up to 1, without 1. Where the machine has no randomness, 0.5: it only spreads waits.
pub(super) fn fraction() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}

/// 128 random bits in hexadecimal.
///
/// # Errors
/// When the machine has no randomness: a key that can be guessed is worse than no request.
pub(super) fn unguessable() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::request(format!("the machine gave no random bytes: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_in_its_range() {
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&fraction())));
    }

    #[test]
    fn keys_differ() {
        let (one, other) = (unguessable().unwrap(), unguessable().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
