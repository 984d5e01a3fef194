//! What a verifier cannot be built from.

use super::forge::{Signer, builder, jwks};
use actas_sdk::verify::{Verifier, VerifierBuilder};
use std::time::Duration;

fn problem(builder: VerifierBuilder) -> String {
    let error = builder.build().unwrap_err();
    assert!(error.is_configuration(), "{error:?}");
    error.to_string()
}

#[test]
fn keys_are_needed_and_must_be_usable() {
    assert!(problem(Verifier::builder()).contains("needs keys"));
    assert!(problem(Verifier::builder().jwks("{}")).contains("no JWKS"));
    assert!(problem(Verifier::builder().jwks(r#"{"keys":[]}"#)).contains("no RSA key"));
    assert!(problem(Verifier::builder().public_key_pem("")).contains("BEGIN"));
    let private = Signer::known().pem().replace("PUBLIC", "PRIVATE");
    assert!(problem(Verifier::builder().public_key_pem(&private)).contains("PUBLIC KEY"));
    let certificate = Signer::known().pem().replace("PUBLIC KEY", "CERTIFICATE");
    assert!(problem(Verifier::builder().public_key_pem(&certificate)).contains("PUBLIC KEY"));
}

#[test]
fn the_last_keys_count() {
    let both = Verifier::builder().public_key_pem("").jwks(&jwks(&[Signer::known()]));
    assert!(both.build().is_ok());
}

#[test]
fn durations_have_bounds() {
    let seconds = Duration::from_secs;
    assert!(builder().leeway(seconds(300)).build().is_ok());
    assert!(problem(builder().leeway(seconds(301))).contains("leeway"));
    assert!(problem(builder().refetch_floor(Duration::ZERO)).contains("refetch_floor"));
    assert!(problem(builder().refetch_floor(seconds(301))).contains("refetch_floor"));
    assert!(problem(builder().stale_limit(seconds(299))).contains("stale_limit"));
    assert!(problem(builder().stale_limit(Duration::MAX)).contains("stale_limit"));
    assert!(problem(builder().fetch_timeout(Duration::ZERO)).contains("fetch_timeout"));
    assert!(problem(builder().fetch_timeout(seconds(61))).contains("fetch_timeout"));
}

#[test]
fn expected_values_are_ones_that_tokens_have() {
    assert!(problem(builder().issuer("")).contains("empty"));
    assert!(problem(builder().audience("")).contains("empty"));
    for (origin, mistake) in [
        ("https://app.example.com/", "slash"),
        ("localhost:3000", "scheme"),
        ("https://App.example.com", "capital"),
        ("https://app.example.com:443", "own port"),
        ("https://*.example.com", "wildcard"),
        ("https://app.example.com ", "white space"),
    ] {
        assert!(problem(builder().authorized_party(origin)).contains(mistake), "{origin}");
    }
    for origin in ["https://app.example.com", "chrome-extension://abc", "http://localhost:3000"] {
        assert!(builder().authorized_party(origin).build().is_ok(), "{origin}");
    }
}

#[test]
fn what_is_said_of_parties_does_not_contradict_itself() {
    assert!(problem(builder().any_party()).contains("any_party"));
    let none = || Verifier::builder().jwks(&jwks(&[Signer::known()]));
    assert!(problem(none().allow_absent_party()).contains("allow_absent_party"));
    assert!(problem(none().allow_absent_party().any_party()).contains("any_party"));
    assert!(none().any_party().build().is_ok() && builder().allow_absent_party().build().is_ok());
}
