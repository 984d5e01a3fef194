//! Attacks by the names and numbers of RFC 8725 §2, and their like.

use super::forge::{
    ACT, ISSUER, NOW, Signer, builder, claims, encode, good_claims, jwks, signed_with_secret, verifier,
};
use actas_sdk::verify::{
    Verifier,
    VerifyErrorKind::{self, Malformed, TooLarge, UnknownKey, WrongAlgorithm, WrongSignature, WrongType},
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};

fn refused(token: &str) -> VerifyErrorKind {
    let kind = verifier().verify_now(token).unwrap_err().kind();
    let by_pem = builder().public_key_pem(&Signer::known().pem()).build().unwrap();
    let with_pem = by_pem.verify_now(token).unwrap_err().kind();
    assert!(with_pem == kind || kind == UnknownKey, "{with_pem:?}, but with the JWKS {kind:?}");
    kind
}

fn input(algorithm: &str) -> String {
    let header = Signer::known().header().replace("RS256", algorithm);
    format!("{}.{}", encode(header), encode(good_claims()))
}

/// §2.1: the algorithm is whatever the attacker says.
#[test]
fn weak_signatures_and_insufficient_validation_none() {
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        for signature in ["", "AA", &encode([0; 256])] {
            assert_eq!(refused(&format!("{}.{signature}", input(algorithm))), WrongAlgorithm, "{algorithm}");
        }
    }
}

/// §2.1: RS256 is taken for HS256, and the public key for a shared secret.
#[test]
fn weak_signatures_and_insufficient_validation_public_key_as_secret() {
    let known = Signer::known();
    let secrets =
        [known.pem().into_bytes(), known.der(), known.jwk().into_bytes(), jwks(&[known]).into_bytes()];
    for secret in secrets {
        assert_eq!(refused(&signed_with_secret(&input("HS256"), &secret)), WrongAlgorithm);
        assert_ne!(refused(&signed_with_secret(&input("RS256"), &secret)), UnknownKey);
    }
}

/// §3.1: one algorithm, and not even its neighbours.
#[test]
fn other_algorithms_of_the_same_key() {
    let known = Signer::known();
    let others: [(&str, &'static dyn signature::RsaEncoding); 5] = [
        ("RS384", &signature::RSA_PKCS1_SHA384),
        ("RS512", &signature::RSA_PKCS1_SHA512),
        ("PS256", &signature::RSA_PSS_SHA256),
        ("PS384", &signature::RSA_PSS_SHA384),
        ("PS512", &signature::RSA_PSS_SHA512),
    ];
    for (algorithm, encoding) in others {
        assert_eq!(refused(&known.signed_by(&input(algorithm), encoding)), WrongAlgorithm, "{algorithm}");
        // Said to be RS256.
        assert_eq!(refused(&known.signed_by(&input("RS256"), encoding)), WrongSignature, "{algorithm}");
    }
    for name in ["rs256", "RS256 ", " RS256", "RS-256", "RS2\u{0445}56"] {
        assert_eq!(refused(&known.signed(&input(name))), WrongAlgorithm, "{name}");
    }
}

/// §3.1: a signature of another kind of key.
#[test]
fn an_elliptic_curve() {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap();
    for (name, kind) in [("ES256", WrongAlgorithm), ("RS256", WrongSignature)] {
        let input = input(name);
        let signature = pair.sign(&random, input.as_bytes()).unwrap();
        assert_eq!(refused(&format!("{input}.{}", encode(signature))), kind);
    }
}

/// §2.2: keys that are weak.
#[test]
fn weak_keys_are_not_taken() {
    let small = r#"{"keys":[{"kty":"RSA","kid":"k","n":"N","e":"AQAB"}]}"#;
    for bytes in [64, 128, 255] {
        let document = small.replace("\"N\"", &format!("\"{}\"", encode(vec![0xff; bytes])));
        assert!(Verifier::builder().jwks(&document).build().unwrap_err().is_configuration());
    }
    let huge = Signer::generate("key_huge", KeySize::Rsa8192);
    assert!(Verifier::builder().jwks(&jwks(&[&huge])).build().unwrap_err().is_configuration());
    assert!(Verifier::builder().public_key_pem(&huge.pem()).build().unwrap_err().is_configuration());
}

/// §2.2, §3.5: a signature that any key of exponent 3 or 1 would have; zero, one, all ones, and the modulus itself.
#[test]
fn trivial_signatures() {
    let key: serde_json::Value = serde_json::from_str(&Signer::known().jwk()).unwrap();
    let modulus = key["n"].as_str().unwrap().to_owned();
    let mut one = [0; 256];
    one[255] = 1;
    for signature in [encode([0; 256]), encode(one), encode([0xff; 256]), modulus, String::new()] {
        assert_eq!(refused(&format!("{}.{signature}", input("RS256"))), WrongSignature);
    }
}

/// §2.3: encryption and signature are composed wrongly. There is no encryption here: five parts are too many.
#[test]
fn incorrect_composition_of_encryption_and_signature() {
    let token = Signer::known().token(&good_claims());
    let header = encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    assert_eq!(refused(&format!("{header}.{}.{}.AAAA.AAAA", encode([1; 256]), encode([2; 12]))), Malformed);
    assert_eq!(refused(&format!("{token}.AAAA.AAAA")), Malformed);
}

/// §2.4: what is deduced from the length of what is encrypted and compressed. `zip` means nothing to a signature.
#[test]
fn plaintext_leakage_by_compression() {
    let header = Signer::known().header().replace('}', r#","zip":"DEF"}"#);
    // As RFC 7515 asks: a member that is not known is passed over, and the payload is read as it is.
    assert!(verifier().verify_now(&Signer::known().token_with(&header, &good_claims())).is_ok());
    let compressed = format!("{}.{}", encode(&header), encode([0x4b, 0x4c, 0x4a, 0x4e, 0x49, 0x05, 0x00]));
    assert_eq!(refused(&Signer::known().signed(&compressed)), Malformed);
}

/// §2.5: keys of invalid curves are sent along. None is looked at.
#[test]
fn insecure_use_of_elliptic_curve_encryption() {
    let header = r#"{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}"#;
    assert_eq!(refused(&format!("{}.{}.AA", encode(header), encode("{}"))), WrongAlgorithm);
}

/// §2.6: the JSON is in UTF-16 or UTF-32, or has a byte order mark, so that two readers see two texts.
#[test]
fn multiplicity_of_json_encodings() {
    let known = Signer::known();
    let text = good_claims();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide: Vec<u8> = text.chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
    let marked = [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
    let invalid = text.replace("user_bob", "user_\u{ff}").into_bytes();
    let invalid: Vec<u8> = invalid.into_iter().filter(|byte| *byte != 0xc3).collect();
    for bytes in [big, little, wide, marked, invalid] {
        let input = format!("{}.{}", encode(known.header()), encode(bytes));
        assert_eq!(refused(&known.signed(&input)), Malformed);
    }
    let input =
        format!("{}.{}", encode([b"\xef\xbb\xbf", known.header().as_bytes()].concat()), encode(&text));
    assert_eq!(refused(&known.signed(&input)), Malformed);
}

/// §2.7: a token for one recipient is shown to another. `azp`, `aud`.
#[test]
fn substitution_of_recipients() {
    let known = Signer::known();
    for party in
        ["https://evil.example", "https://app.example.com.evil.example", "", "https://APP.example.com"]
    {
        let token = known.token(&good_claims().replace(super::forge::APP, party));
        assert_eq!(refused(&token), VerifyErrorKind::WrongParty, "{party}");
    }
    for audience in [r#""another""#, r#"["another","x"]"#, "[]", r#""""#] {
        let token = known.token(&claims(&format!(r#","aud":{audience}"#)));
        assert_eq!(refused(&token), VerifyErrorKind::WrongAudience);
        let named = builder().audience("app").build().unwrap();
        assert_eq!(named.verify_now(&token).unwrap_err().kind(), VerifyErrorKind::WrongAudience);
    }
}

/// §2.8: a token of one kind is taken for another. `typ`, `cat`, `cty`.
#[test]
fn cross_jwt_confusion() {
    let known = Signer::known();
    for kind in ["at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "jwt", "application/jwt", ""] {
        let header = known.header().replace("JWT", kind);
        assert_eq!(refused(&known.token_with(&header, &good_claims())), WrongType, "{kind}");
    }
    let untyped = known.header().replace(r#","typ":"JWT""#, "");
    assert_eq!(refused(&known.token_with(&untyped, &good_claims())), WrongType);
    for class in ["cl_B7d4PD333AAA", "cl_B7d4PD222AAA", ""] {
        let header = known.header().replace("cl_B7d4PD111AAA", class);
        assert_eq!(refused(&known.token_with(&header, &good_claims())), WrongType, "{class}");
    }
    for content in ["JWT", "jwt", "application/json"] {
        let header = known.header().replace('}', &format!(r#","cty":"{content}"}}"#));
        assert_eq!(refused(&known.token_with(&header, &good_claims())), WrongType, "{content}");
    }
    // A handshake token has the key and class of a session token, and a ticket its key.
    let handshake = r#"{"handshake":["__session=x; Path=/"]}"#;
    assert_eq!(refused(&known.token(handshake)), VerifyErrorKind::MissingClaim);
    let ticket = format!(r#"{{"eis":60,"exp":{},"iid":"ins_1","sid":"act_1","st":"actor_token"}}"#, NOW + 60);
    assert_eq!(refused(&known.token(&ticket)), VerifyErrorKind::MissingClaim);
}

/// §2.8: the same keys, another issuer.
#[test]
fn another_issuer() {
    for issuer in ["https://evil.example", "https://clerk.example.com/", "http://clerk.example.com"] {
        let token = Signer::known().token(&good_claims().replace(ISSUER, issuer));
        assert_eq!(refused(&token), VerifyErrorKind::WrongIssuer, "{issuer}");
    }
}

/// §2.9, §3.10: a key, or where to get one, comes with the token; a `kid` leads elsewhere.
#[test]
fn indirect_attacks_on_the_server() {
    let attacker = Signer::attacker();
    let jwk = attacker.jwk();
    let known = Signer::known().key_id;
    for more in [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://evil.example/jwks.json""#.to_owned(),
        r#""x5u":"https://evil.example/cert.pem""#.to_owned(),
        format!(r#""x5c":["{}"]"#, encode(attacker.der())),
        r#""x5t":"AAAA""#.to_owned(),
    ] {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{known}",{more}}}"#);
        assert_eq!(refused(&attacker.token_with(&header, &good_claims())), WrongSignature, "{more}");
        // Signed rightly, what the header says of keys is passed over.
        assert!(verifier().verify_now(&Signer::known().token_with(&header, &good_claims())).is_ok());
    }
    for id in [
        "../../dev/null",
        "' OR '1'='1",
        "key_attacker",
        "__proto__",
        "constructor",
        "0",
        "key_known ",
        "KEY_KNOWN",
    ] {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{id}"}}"#);
        assert_eq!(refused(&attacker.token_with(&header, &good_claims())), UnknownKey, "{id}");
    }
    for id in [r#""""#, "null", "1", "[]", r#"{"a":1}"#, &format!("\"{}\"", "k".repeat(256))] {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":{id}}}"#);
        assert_eq!(refused(&Signer::known().token_with(&header, &good_claims())), Malformed, "{id}");
    }
    let without = Signer::known().token_with(r#"{"alg":"RS256","typ":"JWT"}"#, &good_claims());
    assert_eq!(verifier().verify_now(&without).unwrap_err().kind(), UnknownKey);
}

/// An actor is put in, taken out or exchanged after signing; and one that is none at all.
#[test]
fn the_actor_cannot_be_changed() {
    let known = Signer::known();
    let with = known.token(&claims(ACT));
    let parts: Vec<&str> = with.split('.').collect();
    for other in [good_claims(), claims(&ACT.replace("alice", "carol"))] {
        assert_eq!(refused(&format!("{}.{}.{}", parts[0], encode(other), parts[2])), WrongSignature);
    }
    for act in ["null", "[]", "{}", r#""user_alice""#, r#"{"sub":1}"#, r#"{"sub":""}"#, r#"{"sub":null}"#] {
        assert_eq!(refused(&known.token(&claims(&format!(r#","act":{act}"#)))), Malformed, "{act}");
    }
}

/// More than a token can have.
#[test]
fn oversized() {
    let known = Signer::known();
    let padding = "x".repeat(20_000);
    assert_eq!(refused(&known.token(&claims(&format!(r#","p":"{padding}""#)))), TooLarge);
    assert_eq!(refused(&padding), TooLarge);
    let header = known.header().replace('}', &format!(r#","p":"{}"}}"#, "x".repeat(1_000)));
    assert_eq!(refused(&known.token_with(&header, &good_claims())), TooLarge);
    assert_eq!(refused(&format!("{}.{}", input("RS256"), encode([1; 513]))), TooLarge);
    // The largest that fits.
    let fitting = known.token(&claims(&format!(r#","p":"{}""#, "x".repeat(11_000))));
    assert!(verifier().verify_now(&fitting).is_ok());
}
