//! Verification of a session token by the SDK, its keys at hand.

use crate::{
    Fallible,
    figures::{Figures, repeat},
};
use actas_sdk::verify::Verifier;
use std::{path::Path, time::Duration};

pub(crate) fn measure(keys: &Path, token: &Path, duration: Duration) -> Fallible<Figures> {
    let keys = std::fs::read_to_string(keys)?;
    let token = std::fs::read_to_string(token)?;
    let verifier = Verifier::builder().jwks(&keys).any_party().build()?;
    repeat(duration, 1, || {
        verifier.verify_now(token.trim()).map(|verified| drop(std::hint::black_box(verified)))
    })
    .map_err(Into::into)
}
