//! Tokens of another algorithm than RS256, or that say so.

use super::{Corpus, Setting, good_claims};
use crate::keys::{encode, signed_with_secret};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding},
};

const OTHERS: &[(&str, &dyn RsaEncoding)] = &[
    ("RS384", &signature::RSA_PKCS1_SHA384),
    ("RS512", &signature::RSA_PKCS1_SHA512),
    ("PS256", &signature::RSA_PSS_SHA256),
    ("PS384", &signature::RSA_PSS_SHA384),
    ("PS512", &signature::RSA_PSS_SHA512),
];

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    for keys in ["jwks", "pem"] {
        let setting = Setting::usual().with_keys(keys);
        for (algorithm, encoding) in OTHERS {
            for said in [algorithm, "RS256"] {
                let token = corpus.keys.main.signed_by(&input(corpus, said), *encoding)?;
                let name = format!("algorithm: {algorithm}, said to be {said}, {keys}");
                corpus.add_with(name, token, setting.clone());
            }
        }
    }
    let token = corpus.keys.main.signed_by(&input(corpus, "RS384"), &signature::RSA_PKCS1_SHA384)?;
    corpus.add_with("algorithm: RS384, key without alg", token, Setting::usual().with_keys("without-alg"));
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        corpus.add(
            format!("algorithm: `{algorithm}` without signature"),
            format!("{}.", input(corpus, algorithm)),
        );
        let signed = corpus.keys.main.signed(&input(corpus, algorithm))?;
        corpus.add(format!("algorithm: `{algorithm}`, signed"), signed);
    }
    for name in ["rs256", "RS256 ", "RS2\u{0445}56", "__proto__", "toString"] {
        corpus.add(format!("algorithm: `{name}`"), corpus.keys.main.signed(&input(corpus, name))?);
    }
    for value in ["null", "256", r#"["RS256"]"#, r#"{"a":"RS256"}"#] {
        let header = corpus.keys.main.header().replace(r#""RS256""#, value);
        corpus.add(format!("algorithm: {value}"), corpus.keys.main.token_with(&header, &good_claims())?);
    }
    let secrets = [
        ("PEM", corpus.keys.main.pem()?.into_bytes()),
        ("DER", corpus.keys.main.der()?),
        ("JWK", corpus.keys.main.jwk("").into_bytes()),
        ("nothing", vec![0]),
    ];
    for (name, secret) in secrets {
        for said in ["HS256", "RS256"] {
            let token = signed_with_secret(&input(corpus, said), &secret);
            corpus.add(format!("algorithm: HS256 under the {name}, said to be {said}"), token);
        }
    }
    add_curves(corpus)
}

fn add_curves(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let random = SystemRandom::new();
    let failed = |error: &dyn std::fmt::Display| format!("no key on a curve: {error}");
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let document = document.map_err(|error| failed(&error))?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref());
    let pair = pair.map_err(|error| failed(&error))?;
    for said in ["ES256", "RS256"] {
        let input = input(corpus, said);
        let signature = pair.sign(&random, input.as_bytes()).map_err(|error| failed(&error))?;
        corpus.add(format!("algorithm: ES256, said to be {said}"), format!("{input}.{}", encode(signature)));
    }
    let pair = Ed25519KeyPair::generate().map_err(|error| failed(&error))?;
    for said in ["EdDSA", "RS256"] {
        let input = input(corpus, said);
        let signature = pair.sign(input.as_bytes());
        corpus.add(format!("algorithm: EdDSA, said to be {said}"), format!("{input}.{}", encode(signature)));
    }
    Ok(())
}

/// What is signed, where the header says this algorithm.
fn input(corpus: &Corpus<'_>, algorithm: &str) -> String {
    let header = corpus.keys.main.header().replace("RS256", algorithm);
    format!("{}.{}", encode(header), encode(good_claims()))
}
