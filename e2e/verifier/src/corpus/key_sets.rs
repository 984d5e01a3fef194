//! Which key verifies: what `kid` says, what the header brings along, and sets of keys that are odd.

use super::{Corpus, Setting, good_claims};
use crate::keys::encode;

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let keys = corpus.keys;
    let (main, attacker) = (&keys.main, &keys.attacker);
    for set in [
        "without-alg",
        "without-use",
        "for-encryption",
        "for-rs384",
        "for-ps256",
        "operations-verify",
        "operations-sign",
        "operations-encrypt",
        "operations-verify-twice",
        "operations-null",
        "alg-null",
        "use-null",
        "private",
        "private-null",
        "private-prime",
        "private-others-null",
        "same-id-main-last",
        "same-id-main-first",
        "same-key-twice",
        "other-kinds-beside",
        "leading-zero",
        "unknown-members",
    ] {
        let token = main.token(&good_claims())?;
        corpus.add_with(format!("key set: {set}"), token, Setting::usual().with_keys(set));
    }
    for set in ["same-id-main-last", "same-id-main-first"] {
        let token = attacker.token_with(&main.header(), &good_claims())?;
        corpus.add_with(format!("key set: {set}, the other key"), token, Setting::usual().with_keys(set));
    }
    add_pems(corpus)?;
    add_key_ids(corpus)
}

fn add_pems(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let keys = corpus.keys;
    for (name, key) in [("pem-3072", &keys.large), ("pem-4096", &keys.largest)] {
        let token = key.token(&good_claims())?;
        corpus.add_with(format!("key: {name}"), token, Setting::usual().with_keys(name));
        let other = keys.attacker.token_with(&key.header(), &good_claims())?;
        corpus.add_with(format!("key: {name}, signed by another"), other, Setting::usual().with_keys(name));
    }
    Ok(())
}

fn add_key_ids(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let keys = corpus.keys;
    let (main, attacker) = (&keys.main, &keys.attacker);
    corpus.add("kid: of an unknown key", attacker.token(&good_claims())?);
    let second = keys.second.token_with(&main.header(), &good_claims())?;
    corpus.add("kid: of another known key", second);
    for id in [
        "__proto__",
        "constructor",
        "toString",
        "../../dev/null",
        "' OR '1'='1",
        "0",
        "ins_main ",
        "INS_MAIN",
    ] {
        let header = main.header().replace("ins_main", id);
        corpus.add(format!("kid: `{id}`"), main.token_with(&header, &good_claims())?);
    }
    for id in ["null", "1", "true", "[]", r#"["ins_main"]"#, r#"{"a":1}"#, r#""""#] {
        let header = main.header().replace(r#""ins_main""#, id);
        corpus.add(format!("kid: the JSON {id}"), main.token_with(&header, &good_claims())?);
    }
    corpus.add("kid: absent", main.token_with(r#"{"alg":"RS256","typ":"JWT"}"#, &good_claims())?);
    let long = main.header().replace("ins_main", &"k".repeat(300));
    corpus.add_with(
        "kid: 300 letters, by PEM",
        main.token_with(&long, &good_claims())?,
        Setting::usual().with_keys("pem"),
    );
    for (name, member) in [
        ("jwk", attacker.jwk("")),
        ("jku", r#""https://evil.example/jwks.json""#.to_owned()),
        ("x5u", r#""https://evil.example/certificate.pem""#.to_owned()),
        ("x5c", format!(r#"["{}"]"#, encode([1; 64]))),
        ("x5t", r#""AAAA""#.to_owned()),
    ] {
        let header = format!(r#"{{"alg":"RS256","kid":"ins_main","typ":"JWT","{name}":{member}}}"#);
        corpus.add(format!("{name}: signed by its key"), attacker.token_with(&header, &good_claims())?);
        corpus.add(format!("{name}: signed by the right key"), main.token_with(&header, &good_claims())?);
    }
    Ok(())
}
