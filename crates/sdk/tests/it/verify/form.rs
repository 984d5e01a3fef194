//! Texts that are no token, or not in the one form that a token has.

use super::forge::{Signer, builder, encode, good_claims, verifier};
use actas_sdk::verify::VerifyErrorKind::{self, Malformed, WrongSignature};
use base64::{Engine as _, engine::general_purpose::STANDARD};

fn refused(token: &str) -> VerifyErrorKind {
    verifier().verify_now(token).unwrap_err().kind()
}

fn good() -> String {
    Signer::known().token(&good_claims())
}

#[test]
fn dots() {
    let token = good();
    let two = token.rsplit_once('.').unwrap().0;
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c.d", two] {
        assert_eq!(refused(text), Malformed, "{text}");
    }
    for text in [format!(".{token}"), format!("{token}."), token.replacen('.', "..", 1)] {
        assert_eq!(refused(&text), Malformed);
    }
}

#[test]
fn white_space_and_what_else_surrounds_it() {
    let token = good();
    for text in [
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("\u{feff}{token}"),
        format!("Bearer {token}"),
        format!("\"{token}\""),
        token.replacen('.', " .", 1),
    ] {
        assert_eq!(refused(&text), Malformed);
    }
    // Nothing of the claims is read before the signature is right.
    assert_eq!(refused(&token.replacen('.', ".\t", 1)), WrongSignature);
    let spaced = format!("{}. {}", encode(Signer::known().header()), encode(good_claims()));
    assert_eq!(refused(&Signer::known().signed(&spaced)), Malformed);
}

#[test]
fn letters_that_only_look_alike() {
    let token = good();
    // A Cyrillic letter, a fullwidth dot, a letter outside of the alphabet.
    for text in [token.replace('e', "\u{435}"), token.replace('.', "\u{ff0e}"), token.replace('a', "\u{e4}")]
    {
        assert_eq!(refused(&text), Malformed);
    }
}

#[test]
fn base64_has_one_form() {
    let signer = Signer::known();
    // Whatever its length, each part could be padded.
    let claims = good_claims();
    let padded = STANDARD.encode(format!("{claims}  ")).replace('+', "-").replace('/', "_");
    assert!(padded.ends_with('='), "{padded}");
    assert_eq!(refused(&signer.signed(&format!("{}.{padded}", encode(signer.header())))), Malformed);
    // The signature takes 342 letters; the last one carries two bits of 256 bytes.
    let token = good();
    assert_eq!(refused(&format!("{token}==")), Malformed);
    let (rest, last) = token.split_at(token.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    assert_eq!(refused(&format!("{rest}{next}")), Malformed);
    // The alphabet of plain base64.
    let plain = STANDARD.encode(format!("{claims}{}", "\u{ffff}>?".repeat(2)));
    assert!(plain.contains('+') || plain.contains('/'), "{plain}");
    assert_eq!(refused(&signer.signed(&format!("{}.{plain}", encode(signer.header())))), Malformed);
    // A letter too many.
    assert_eq!(refused(&format!("{token}A")), WrongSignature);
}

#[test]
fn parts_that_are_exchanged_or_cut() {
    let token = good();
    let parts: Vec<&str> = token.split('.').collect();
    let other = Signer::known().token(&super::forge::claims(r#","x":1"#));
    let others: Vec<&str> = other.split('.').collect();
    assert_eq!(refused(&format!("{}.{}.{}", parts[0], others[1], parts[2])), WrongSignature);
    assert_eq!(refused(&format!("{}.{}.{}", parts[0], parts[1], others[2])), WrongSignature);
    assert_eq!(refused(&format!("{}.{}.{}", parts[1], parts[0], parts[2])), Malformed);
    assert_eq!(refused(&format!("{}.{}.", parts[0], parts[1])), WrongSignature);
    for length in [1, 128, 255, 257, 512] {
        let cut = encode(vec![7; length]);
        assert_eq!(refused(&format!("{}.{}.{cut}", parts[0], parts[1])), WrongSignature, "{length}");
    }
}

#[test]
fn headers_that_are_none() {
    let signer = Signer::known();
    for header in [
        "",
        "{",
        "[]",
        "null",
        "1",
        r#""RS256""#,
        "{}",
        r#"{"typ":"JWT","kid":"key_known"}"#,
        r#"{"alg":null,"typ":"JWT","kid":"key_known"}"#,
        r#"{"alg":["RS256"],"typ":"JWT","kid":"key_known"}"#,
        r#"{"alg":"RS256","typ":1,"kid":"key_known"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"key_known"}{}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"key_known",}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"key_known"/**/}"#,
        r#"{"alg":"RS256","alg":"RS256","typ":"JWT","kid":"key_known"}"#,
        r#"{"alg":"none","typ":"JWT","kid":"key_known","alg":"RS256"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"key_known","\u0061lg":"none"}"#,
        r#"{"alg":"RS256","typ":"JWT","kid":"key_known","x":{"y":1,"y":2}}"#,
    ] {
        assert_eq!(refused(&signer.token_with(header, &good_claims())), Malformed, "{header}");
    }
}

#[test]
fn critical_extensions_are_not_known() {
    for critical in [r#"["exp"]"#, r#"["b64"]"#, "[]", "null", r#""exp""#] {
        let header = Signer::known().header().replace('}', &format!(r#","b64":false,"crit":{critical}}}"#));
        assert_eq!(refused(&Signer::known().token_with(&header, &good_claims())), Malformed, "{critical}");
    }
}

#[test]
fn payloads_that_are_no_object() {
    for payload in ["", "null", "1", "true", r#""user_bob""#, "[]", "[{}]", "{", "{}{}", "{} x", "\u{1}"] {
        assert_eq!(refused(&Signer::known().token(payload)), Malformed, "{payload}");
    }
    let nested = Signer::known().token(&good_claims());
    assert_eq!(refused(&Signer::known().token(&nested)), Malformed);
    assert_eq!(refused(&Signer::known().token(&format!("\"{nested}\""))), Malformed);
}

#[test]
fn json_may_have_space_and_escapes() {
    let spaced = good_claims().replace(',', " ,\n ").replace("user_bob", r"user_b\u006fb");
    let token = verifier().verify_now(&Signer::known().token(&format!("\t{spaced}\r\n"))).unwrap();
    assert_eq!(token.subject(), "user_bob");
    let header = r#" { "\u0061lg" : "RS\u0032\u003556" , "typ":"JWT", "kid":"key_known" } "#;
    let header = header.replace(r"RS\u0032\u003556", r"RS\u003256");
    assert!(verifier().verify_now(&Signer::known().token_with(&header, &good_claims())).is_ok());
}

#[test]
fn a_lone_surrogate_is_no_text() {
    for text in [r"\ud800", r"\udc00x", r"\ud800\ud800"] {
        let claims = good_claims().replace("user_bob", text);
        assert_eq!(refused(&Signer::known().token(&claims)), Malformed, "{text}");
    }
}

#[test]
fn a_token_is_told_apart_before_its_claims_are() {
    // The claims have expired, but nothing of them is read where the signature is wrong.
    let late = Signer::attacker().token_with(&Signer::known().header(), r#"{"exp":0}"#);
    assert_eq!(builder().build().unwrap().verify_now(&late).unwrap_err().kind(), WrongSignature);
}
