//! What who acts as somebody else may do.

use super::{app, ask, bearer, impersonated_token, layer, own_token, verifier};
use actas_sdk::guard::{ReadOnlyImpersonation, RefuseImpersonation};
use axum::{Router, routing::get};

fn plain() -> Router {
    app(layer(verifier()))
}

#[tokio::test]
async fn the_banner_says_who_acts_as_whom() {
    let shown = async |token: String| ask(plain(), "GET", "/banner", &[bearer(&token)]).await.body;
    assert_eq!(shown(impersonated_token()).await, "user_alice as user_bob");
    assert_eq!(shown(own_token()).await, "");
}

#[tokio::test]
async fn a_route_can_be_for_impersonations_alone() {
    let asked = async |token: String| ask(plain(), "GET", "/only-impersonated", &[bearer(&token)]).await;
    assert_eq!(asked(impersonated_token()).await.body, "sess_1");
    let own = asked(own_token()).await;
    assert_eq!((own.status.as_u16(), own.code().as_str()), (403, "authorization_invalid"));
}

#[tokio::test]
async fn a_guarded_route_refuses_while_impersonating() {
    let asked = async |token: String| ask(plain(), "POST", "/password", &[bearer(&token)]).await;
    assert_eq!(asked(own_token()).await.body, "user_bob");
    let refused = asked(impersonated_token()).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "authorization_invalid"));
    assert!(refused.body.contains("signed in as another user"));
    // Nobody at all is for the extractor to refuse.
    assert_eq!(ask(plain(), "POST", "/password", &[]).await.status, 401);
    assert_eq!(asked("x".to_owned()).await.status, 401);
}

#[tokio::test]
async fn while_impersonating_one_may_look() {
    for (method, own, impersonated) in [
        ("GET", 200, 200),
        ("HEAD", 200, 200),
        ("OPTIONS", 200, 200),
        ("POST", 200, 403),
        ("PUT", 200, 403),
        ("PATCH", 200, 403),
        ("DELETE", 200, 403),
        ("TRACE", 200, 403),
        ("REPORT", 200, 403),
        ("get", 200, 403),
    ] {
        let asked = async |token: String| ask(plain(), method, "/notes", &[bearer(&token)]).await;
        assert_eq!(asked(own_token()).await.status, own, "{method}");
        let answer = asked(impersonated_token()).await;
        assert_eq!(answer.status, impersonated, "{method}");
        if impersonated == 403 {
            assert_eq!(answer.code(), "authorization_invalid");
        }
    }
    let socket = [bearer(&impersonated_token()), ("upgrade", "websocket".to_owned())];
    assert_eq!(ask(plain(), "GET", "/notes", &socket).await.status, 403);
}

#[tokio::test]
async fn outside_of_the_session_layer_a_guard_lets_nobody_through() {
    let wrong = Router::new()
        .route("/", get(super::who))
        .layer(layer(verifier()))
        .layer(RefuseImpersonation::new())
        .layer(ReadOnlyImpersonation::new());
    for token in [own_token(), impersonated_token()] {
        assert_eq!(ask(wrong.clone(), "GET", "/", &[bearer(&token)]).await.status, 500);
    }
}
