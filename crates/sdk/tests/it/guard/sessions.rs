//! Where a session is found, and what happens without one.

use super::{app, ask, bearer, cookie, impersonated_token, layer, own_token, verifier};
use crate::verify::forge::{MovableClock, NOW, Signer, builder, good_claims, jwks};
use actas_sdk::{
    guard::{RefusalReason, SessionLayer},
    verify::{KeySourceError, Verifier, VerifierBuilder, VerifyErrorKind},
};
use axum::{Router, routing::get};

fn plain() -> Router {
    app(layer(verifier()))
}

fn builder_without_parties() -> VerifierBuilder {
    Verifier::builder().jwks(&jwks(&[Signer::known()]))
}

#[tokio::test]
async fn a_bearer_and_a_cookie_are_sessions() {
    for credential in [bearer(&own_token()), cookie(&own_token())] {
        let answer = ask(plain(), "GET", "/me", &[credential]).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "user_bob"));
    }
}

#[tokio::test]
async fn nobody_is_refused_where_a_session_is_needed() {
    let answer = ask(plain(), "GET", "/me", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "authentication_invalid"));
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    assert_eq!(ask(plain(), "GET", "/", &[]).await.body, "nobody");
    assert_eq!(ask(plain(), "GET", "/banner", &[]).await.body, "");
    assert_eq!(ask(plain(), "GET", "/only-impersonated", &[]).await.status, 401);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_no_session() {
    let forged = Signer::attacker().token(&good_claims());
    let two = format!("__session={}; __session={}", own_token(), impersonated_token());
    let late = app(layer(builder().clock(MovableClock::at_seconds(NOW + 600)).build().unwrap()));
    let cases = [
        (plain(), bearer(&forged)),
        (plain(), bearer("x")),
        (plain(), bearer("")),
        (plain(), ("cookie", two)),
        (late, cookie(&own_token())),
    ];
    for (app, credential) in cases {
        let lines = [credential];
        let answer = ask(app.clone(), "GET", "/me", &lines).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "authentication_invalid"));
        assert_eq!(answer.headers["www-authenticate"], r#"Bearer error="invalid_token""#);
        assert_eq!(ask(app, "GET", "/", &lines).await.body, "nobody");
    }
}

#[tokio::test]
async fn an_outer_layer_can_log_why() {
    let forged = Signer::attacker().token(&good_claims());
    let refused = ask(plain(), "GET", "/me", &[bearer(&forged)]).await.refusal.unwrap();
    assert_eq!(refused.reason(), RefusalReason::InvalidToken);
    assert_eq!(refused.cause().unwrap().kind(), VerifyErrorKind::UnknownKey);
    let required = app(layer(verifier()).required());
    let signed_out = ask(required, "GET", "/", &[]).await.refusal.unwrap();
    assert_eq!((signed_out.reason(), signed_out.cause().is_none()), (RefusalReason::SignedOut, true));
    let held = ask(plain(), "POST", "/password", &[bearer(&impersonated_token())]).await.refusal.unwrap();
    assert_eq!(held.reason(), RefusalReason::Impersonating);
    assert!(ask(plain(), "GET", "/me", &[bearer(&own_token())]).await.refusal.is_none());
    assert_eq!(ask(plain(), "GET", "/why-not", &[bearer("x")]).await.body, "InvalidToken");
}

#[tokio::test]
async fn a_cookie_that_is_no_text_signs_nobody_out() {
    let line = format!("name=Ren\u{e9}; __session={}", own_token());
    assert_eq!(ask(plain(), "GET", "/me", &[("cookie", line)]).await.body, "user_bob");
}

#[tokio::test]
async fn of_several_cookies_the_good_one_counts() {
    let asked = async |values: &[&str]| {
        let cookies: Vec<String> = values.iter().map(|value| format!("__session={value}")).collect();
        ask(plain(), "GET", "/me", &[("cookie", cookies.join("; "))]).await
    };
    let (own, forged) = (own_token(), Signer::attacker().token(&good_claims()));
    for values in [[own.as_str(), "x"], ["x", &own], [&forged, &own], [&own, &own]] {
        assert_eq!(asked(&values).await.body, "user_bob");
    }
    assert_eq!(asked(&["x", &forged]).await.status, 401);
    assert_eq!(asked(&[&own, &impersonated_token()]).await.status, 401, "two good ones");
    assert_eq!(asked(&["1", "2", "3", &own]).await.status, 200);
    assert_eq!(asked(&["1", "2", "3", "4", &own]).await.status, 401, "more than are looked at");
}

#[test]
fn a_layer_that_would_not_protect_is_not_built() {
    let silent = builder_without_parties().build().unwrap();
    let problem = SessionLayer::new(silent).unwrap_err();
    assert!(problem.is_configuration() && problem.to_string().contains("authorized_party"), "{problem}");
    assert!(SessionLayer::new(builder_without_parties().any_party().build().unwrap()).is_ok());
    for key in ["", "sk_test_hunter2", "pk_test_", "pk_test_a b", "PK_TEST_YWN0", "pk_other_YWN0"] {
        let problem = layer(verifier()).publishable_key(key).unwrap_err();
        assert!(problem.is_configuration() && !format!("{problem:?}").contains("hunter2"), "{key}");
    }
    assert!(layer(verifier()).publishable_key("pk_live_Y2xlcms").is_ok());
}

#[tokio::test]
async fn a_bad_bearer_is_not_made_good_by_a_cookie() {
    let both = [bearer("x"), cookie(&own_token())];
    assert_eq!(ask(plain(), "GET", "/me", &both).await.status, 401);
}

#[tokio::test]
async fn the_cookie_named_after_the_publishable_key_goes_before() {
    let key = "pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA";
    let sessions = layer(verifier()).publishable_key(key).unwrap();
    // Another instance of the same host wrote the plain one.
    let cookies = format!("__session=of-another; __session_wO6xBncp={}", own_token());
    let lines = [("cookie", cookies)];
    assert_eq!(ask(app(sessions), "GET", "/me", &lines).await.body, "user_bob");
    assert_eq!(ask(plain(), "GET", "/me", &lines).await.status, 401);
}

#[tokio::test]
async fn a_required_session_is_asked_for_before_the_route() {
    let required = app(layer(verifier()).required());
    let answer = ask(required.clone(), "GET", "/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "authentication_invalid"));
    assert_eq!(ask(required.clone(), "GET", "/no-such-route", &[]).await.status, 401);
    assert_eq!(ask(required, "GET", "/", &[bearer(&own_token())]).await.body, "user_bob");
}

#[tokio::test]
async fn without_keys_it_is_nobodys_fault() {
    let away = || async { Err::<String, _>(KeySourceError::new("away")) };
    let clock = MovableClock::at_seconds(NOW);
    let verifier = Verifier::builder().keys(away).any_party().clock(clock).build().unwrap();
    for path in ["/me", "/", "/banner", "/notes"] {
        let answer = ask(app(layer(verifier.clone())), "GET", path, &[bearer(&own_token())]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "service_unavailable"), "{path}");
        assert_eq!(answer.headers["retry-after"], "5", "sooner nothing is fetched");
    }
    assert_eq!(ask(app(layer(verifier)), "GET", "/", &[]).await.body, "nobody");
}

#[tokio::test]
async fn a_guard_without_a_layer_lets_nobody_through() {
    let bare = Router::new().route("/", get(super::who)).route("/any", get(super::who_if_any));
    for path in ["/", "/any"] {
        let answer = ask(bare.clone(), "GET", path, &[bearer(&own_token())]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "internal_clerk_error"));
        assert!(answer.body.contains("SessionLayer"));
    }
}

#[tokio::test]
async fn of_two_layers_the_inner_one_counts() {
    let outer = layer(verifier());
    let inner = layer(builder().issuer("x").audience("nobody").build().unwrap());
    let app = app(inner).layer(outer);
    assert_eq!(ask(app, "GET", "/me", &[bearer(&own_token())]).await.status, 401);
}
