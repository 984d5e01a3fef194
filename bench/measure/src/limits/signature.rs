//! RSA-2048, PKCS #1 with SHA-256, over a message as long as a session token's.

use crate::{
    Fallible,
    figures::{Figures, repeat},
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use std::time::Duration;

const MESSAGE: [u8; 420] = [b'x'; 420];

pub(crate) fn sign(duration: Duration) -> Fallible<Figures> {
    let pair = pair()?;
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    repeat(duration, 1, || {
        pair.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature).map_err(|_| "signing failed".into())
    })
}

pub(crate) fn verify(duration: Duration) -> Fallible<Figures> {
    let pair = pair()?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &MESSAGE, &mut signature)
        .map_err(|_| "signing failed")?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let key = key.parse().map_err(|_| "the public key could not be parsed")?;
    repeat(duration, 1, || key.verify_sig(&MESSAGE, &signature).map_err(|_| "verifying failed".into()))
}

fn pair() -> Fallible<KeyPair> {
    KeyPair::generate(KeySize::Rsa2048).map_err(|_| "no key could be made".into())
}
