//! Tokens that were good until somebody changed them.

use super::{Corpus, Setting, claims_with, good_claims};
use crate::keys::encode;

/// One letter is exchanged for its neighbour at so many places.
const PLACES: usize = 24;

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let good = corpus.keys.main.token(&claims_with(r#","act":{"sub":"user_alice"}"#))?;
    for number in 0..PLACES {
        let place = number * (good.len() - 1) / (PLACES - 1);
        let (before, rest) = good.split_at(place);
        let next = match rest.as_bytes().first() {
            Some(b'A') => 'B',
            _ => 'A',
        };
        corpus.add(format!("altered: letter {number} of {PLACES}"), format!("{before}{next}{}", &rest[1..]));
    }
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Err("no three parts".to_owned()) };
    let other = corpus.keys.main.token(&good_claims())?;
    let others: Vec<&str> = other.split('.').collect();
    for (name, claims) in [
        ("actor taken out", good_claims()),
        ("another actor", claims_with(r#","act":{"sub":"user_carol"}"#)),
        ("another subject", good_claims().replace("user_bob", "user_carol")),
        ("a longer life", good_claims().replace("1800000060", "1900000060")),
    ] {
        corpus.add(format!("altered: {name}"), format!("{header}.{}.{signature}", encode(claims)));
    }
    corpus.add("altered: signature of another token", format!("{header}.{payload}.{}", others[2]));
    corpus.add("altered: payload of another token", format!("{header}.{}.{signature}", others[1]));
    corpus.add("altered: header and payload exchanged", format!("{payload}.{header}.{signature}"));
    corpus.add("altered: no signature", format!("{header}.{payload}."));
    for length in [1, 255, 257, 512] {
        let bytes = encode(vec![7; length]);
        corpus.add(format!("altered: {length} bytes for a signature"), format!("{header}.{payload}.{bytes}"));
    }
    for (name, bytes) in [("zero", vec![0; 256]), ("all ones", vec![0xff; 256])] {
        corpus
            .add(format!("altered: {name} for a signature"), format!("{header}.{payload}.{}", encode(bytes)));
    }
    for setting in ["jwks", "pem"] {
        let forged = corpus.keys.attacker.token_with(&corpus.keys.main.header(), &good_claims())?;
        let setting = Setting::usual().with_keys(setting);
        corpus.add_with(format!("altered: signed by an attacker, {}", setting.keys), forged, setting);
    }
    Ok(())
}
