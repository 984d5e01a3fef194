//! Where a session is found, and what happens without one.

use super::{app, ask, bearer, cookie, impersonated_token, own_token, verifier};
use crate::verify::forge::{MovableClock, NOW, Signer, builder, good_claims};
use actas_sdk::{
    guard::{RefusalReason, Session, SessionLayer},
    verify::{KeySourceError, Verifier},
};
use axum::{Router, http::Request, routing::get};
use std::convert::Infallible;
use tower::{Layer as _, Service as _, ServiceExt as _};

fn plain() -> Router {
    app(SessionLayer::new(verifier()))
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
    let late = app(SessionLayer::new(builder().clock(MovableClock::at_seconds(NOW + 600)).build().unwrap()));
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
async fn a_bad_bearer_is_not_made_good_by_a_cookie() {
    let both = [bearer("x"), cookie(&own_token())];
    assert_eq!(ask(plain(), "GET", "/me", &both).await.status, 401);
}

#[tokio::test]
async fn the_cookie_named_after_the_publishable_key_goes_before() {
    let key = "pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA";
    let layer = SessionLayer::new(verifier()).publishable_key(key);
    // Another instance of the same host wrote the plain one.
    let cookies = format!("__session=of-another; __session_wO6xBncp={}", own_token());
    let lines = [("cookie", cookies)];
    assert_eq!(ask(app(layer), "GET", "/me", &lines).await.body, "user_bob");
    assert_eq!(ask(plain(), "GET", "/me", &lines).await.status, 401);
}

#[tokio::test]
async fn a_required_session_is_asked_for_before_the_route() {
    let required = app(SessionLayer::new(verifier()).required());
    let answer = ask(required.clone(), "GET", "/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "authentication_invalid"));
    assert_eq!(ask(required.clone(), "GET", "/no-such-route", &[]).await.status, 401);
    assert_eq!(ask(required, "GET", "/", &[bearer(&own_token())]).await.body, "user_bob");
}

#[tokio::test]
async fn without_keys_it_is_nobodys_fault() {
    let away = || async { Err::<String, _>(KeySourceError::new("away")) };
    let verifier = Verifier::builder().keys(away).build().unwrap();
    for path in ["/me", "/", "/banner", "/notes"] {
        let answer =
            ask(app(SessionLayer::new(verifier.clone())), "GET", path, &[bearer(&own_token())]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "service_unavailable"), "{path}");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert_eq!(ask(app(SessionLayer::new(verifier)), "GET", "/", &[]).await.body, "nobody");
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

/// Without axum: a service of one's own, and what it finds in the extensions.
#[tokio::test]
async fn any_tower_service_can_be_guarded() {
    let inner = tower::service_fn(|request: Request<()>| async move {
        let found = request.extensions().get::<Session>().map(|session| session.subject().to_owned());
        let same = Session::from_extensions(request.extensions()).map(|session| session.subject().to_owned());
        assert_eq!(found, same.as_ref().ok().cloned());
        let reason = same.err().map(|refusal| refusal.reason());
        Ok::<_, Infallible>(axum::http::Response::new(format!("{found:?} {reason:?}")))
    });
    let mut service = SessionLayer::new(verifier()).layer(inner);
    let mut answer = async |token: Option<String>| {
        let mut request = Request::builder();
        // Nothing that was put there before is believed.
        let old = verifier().verify_now(&own_token()).is_ok();
        assert!(old);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(()).unwrap();
        service.ready().await.unwrap().call(request).await.unwrap().into_body()
    };
    assert_eq!(answer(Some(own_token())).await, r#"Some("user_bob") None"#);
    assert_eq!(answer(None).await, format!("None {:?}", Some(RefusalReason::SignedOut)));
    assert_eq!(answer(Some("x".into())).await, format!("None {:?}", Some(RefusalReason::InvalidToken)));
}

#[tokio::test]
async fn of_two_layers_the_inner_one_counts() {
    let outer = SessionLayer::new(verifier());
    let inner = SessionLayer::new(builder().issuer("x").audience("nobody").build().unwrap());
    let app = app(inner).layer(outer);
    assert_eq!(ask(app, "GET", "/me", &[bearer(&own_token())]).await.status, 401);
}
