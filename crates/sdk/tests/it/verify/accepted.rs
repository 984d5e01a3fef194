//! What a token that is accepted tells.

use super::forge::{ACT, APP, ISSUER, MovableClock, NOW, Signer, builder, claims, good_claims, verifier};
use actas_sdk::verify::{Verifier, VerifyErrorKind};
use aws_lc_rs::rsa::KeySize;
use serde::Deserialize;

#[tokio::test]
async fn an_ordinary_session() {
    let token = verifier().verify(&Signer::known().token(&good_claims())).await.unwrap();
    assert_eq!(token.subject(), "user_bob");
    assert_eq!(token.session_id(), "sess_1");
    assert_eq!(token.issuer(), ISSUER);
    assert_eq!(token.authorized_party(), Some(APP));
    assert_eq!((token.expires_at_seconds(), token.issued_at_seconds()), (NOW + 60, Some(NOW)));
    assert!(token.actor().is_none() && !token.is_impersonated());
    assert_eq!(token.claims_json(), good_claims());
}

#[tokio::test]
async fn an_impersonated_session_keeps_its_actor_to_the_letter() {
    let token = verifier().verify(&Signer::known().token(&claims(ACT))).await.unwrap();
    let actor = token.actor().unwrap();
    assert_eq!(actor.subject(), "user_alice");
    assert_eq!(actor.as_json(), r#"{"sub":"user_alice","n":1.50,"a":[1,{"b":null}]}"#);
    assert!(token.is_impersonated());
}

#[test]
fn claims_are_decoded_into_the_callers_types() {
    #[derive(Deserialize)]
    struct Own {
        v: u8,
        fva: [i64; 2],
        act: Actor,
    }
    #[derive(Deserialize)]
    struct Actor {
        n: f64,
    }
    let token = verifier().verify_now(&Signer::known().token(&claims(ACT))).unwrap();
    let own: Own = token.claims().unwrap();
    assert_eq!((own.v, own.fva, own.act.n), (2, [-1, -1], 1.5));
    assert_eq!(token.actor().unwrap().decode::<Actor>().unwrap().n, 1.5);
    let error = token.claims::<Vec<u8>>().unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::UnexpectedClaims);
}

#[test]
fn a_pem_needs_no_key_id() {
    let verifier = Verifier::builder()
        .public_key_pem(&Signer::known().pem())
        .clock(MovableClock::at_seconds(NOW))
        .build()
        .unwrap();
    let without = Signer::known().token_with(r#"{"alg":"RS256","typ":"JWT"}"#, &good_claims());
    assert!(verifier.verify_now(&without).is_ok());
    assert!(verifier.verify_now(&Signer::known().token(&good_claims())).is_ok());
    let error = verifier.verify_now(&Signer::attacker().token(&good_claims())).unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::WrongSignature);
}

#[test]
fn larger_keys_verify_too_from_a_set() {
    for size in [KeySize::Rsa3072, KeySize::Rsa4096] {
        let signer = Signer::generate("key_large", size);
        let by_set = builder().jwks(&super::forge::jwks(&[&signer])).build().unwrap();
        assert!(by_set.verify_now(&signer.token(&good_claims())).is_ok());
        // Other verifiers cannot read such a PEM.
        let error = builder().public_key_pem(&signer.pem()).build().unwrap_err();
        assert!(error.to_string().contains("give it as a JWKS"), "{error}");
    }
}

#[test]
fn the_leeway_is_to_the_millisecond() {
    let token = Signer::known().token(&good_claims());
    let at = |seconds: i64, millis: i64| {
        let clock = MovableClock::at_seconds(seconds);
        clock.advance_millis(millis);
        builder().clock(clock).build().unwrap().verify_now(&token).map_err(|error| error.kind())
    };
    assert!(at(NOW + 60 + 5, -1).is_ok());
    assert_eq!(at(NOW + 60 + 5, 0).unwrap_err(), VerifyErrorKind::Expired);
    assert!(at(NOW - 5, 0).is_ok());
    assert_eq!(at(NOW - 5, -1).unwrap_err(), VerifyErrorKind::NotYetValid);
}

#[test]
fn what_is_not_required_may_be_absent() {
    let bare = format!(r#"{{"exp":{},"iss":"i","sid":"s","sub":"u"}}"#, NOW + 60);
    let verifier = Verifier::builder()
        .public_key_pem(&Signer::known().pem())
        .clock(MovableClock::at_seconds(NOW))
        .build()
        .unwrap();
    let token = verifier.verify_now(&Signer::known().token(&bare)).unwrap();
    assert_eq!((token.authorized_party(), token.issued_at_seconds()), (None, None));
}

#[test]
fn debug_and_errors_show_no_token() {
    let token = Signer::known().token(&claims(r#","email":"bob@example.com""#));
    let verified = verifier().verify_now(&token).unwrap();
    let shown = format!("{verified:?} {:?}", verifier());
    assert!(shown.contains("user_bob") && !shown.contains("bob@example.com"), "{shown}");
    let late = builder().clock(MovableClock::at_seconds(NOW + 600)).build().unwrap();
    let wrong = Signer::known().token(&claims(r#","exp":"a-secret""#));
    for error in [late.verify_now(&token).unwrap_err(), verifier().verify_now(&wrong).unwrap_err()] {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let shown = format!("{error} {error:?} {source:?}");
        assert!(!shown.contains("secret") && !shown.contains("eyJ"), "{shown}");
    }
}
