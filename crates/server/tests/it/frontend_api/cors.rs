//! Cross-origin rules, on answers of every kind (contract: Frontend API §5).

use super::{
    actor_token,
    browser::{APP, Browser},
    instance, instance_with, ticket, token_status,
};
use crate::harness::Answer;
use axum::body::Body;
use std::time::Duration;

const ALLOWED: [&str; 3] = ["https://actas.example.test", APP, "https://other.example.test"];

fn assert_readable(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("Authorization, Clerk-Db-Jwt, Retry-After, X-Clerk-Trace-Id")
    );
}

fn assert_unreadable(answer: &Answer) {
    for name in answer.headers.keys() {
        assert!(!name.as_str().starts_with("access-control"), "{name}");
    }
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn allowed_origins_read_every_answer() {
    let instance = instance_with(|plan| {
        plan.http.allowed_origins = vec!["https://other.example.test".to_owned()];
    })
    .await;
    for origin in ALLOWED {
        for (method, path, status) in [
            ("GET", "/v1/client", 200),
            ("GET", "/v1/environment", 200),
            ("POST", "/v1/environment?_method=PATCH", 200),
            ("POST", "/v1/client/sign_ins", 422),
            ("POST", "/v1/client/sessions/x/touch", 401),
            ("POST", "/v1/client/sessions?_method=DELETE", 401),
            ("GET", "/v1/client/unknown", 404),
            ("GET", "/v1/client?%00=", 422),
        ] {
            let answer = instance.anonymous(method, path).header("origin", origin).send().await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert_readable(&answer, origin);
        }
    }
}

#[tokio::test]
async fn no_route_is_without_the_rules() {
    let instance = instance().await;
    for (method, path) in actas_server::FRONTEND_ROUTES {
        let path = path.replace(['{', '}'], "");
        let answer = instance.anonymous(method, &path).header("origin", APP).send().await;
        assert!(!answer.status.is_server_error(), "{method} {path}");
        assert_readable(&answer, APP);
        let evil = "https://evil.example.test";
        let answer = instance.anonymous(method, &path).header("origin", evil).send().await;
        assert_eq!(answer.code(), "origin_invalid", "{method} {path}");
    }
}

#[tokio::test]
async fn an_unknown_origin_is_refused_before_anything_happens() {
    let instance = instance().await;
    let token = actor_token(&instance).await;
    for origin in [
        "https://evil.example.test",
        "null",
        "https://app.example.test.evil.test",
        "https://app.example.test:8443",
        "http://app.example.test",
        "https://app.example.test/",
        "HTTPS://APP.EXAMPLE.TEST",
        "",
        "*",
    ] {
        let call = instance.anonymous("POST", "/v1/client/sign_ins").header("origin", origin);
        let form = format!("strategy=ticket&ticket={}", ticket(&token));
        let answer = call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await;
        insta::allow_duplicates! { insta::assert_snapshot!(answer, @"400 origin_invalid | Invalid HTTP Origin header | The Request HTTP Origin header must be equal to or a subdomain of the requesting URL."); }
        assert_unreadable(&answer);
        let preflight = instance.anonymous("OPTIONS", "/v1/client").header("origin", origin).send().await;
        assert_eq!(preflight.code(), "origin_invalid");
        assert_unreadable(&preflight);
    }
    assert_eq!(token_status(&instance, &token).await, "pending");
}

#[tokio::test]
async fn several_origins_are_refused() {
    let instance = instance().await;
    let call = instance.anonymous("GET", "/v1/client").header("origin", APP).header("origin", APP);
    let answer = call.send().await;
    insta::assert_snapshot!(answer, @"400 multiple_origin_header_values_forbidden | Multiple 'Origin' header values | Setting multiple values in the 'Origin' header is forbidden");
    assert_unreadable(&answer);
}

#[tokio::test]
async fn a_request_without_an_origin_is_served() {
    let instance = instance().await;
    let answer = instance.anonymous("GET", "/v1/client").send().await;
    answer.ok();
    assert_unreadable(&answer);
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_look_at_the_path() {
    let instance = instance().await;
    for path in ["/v1/client", "/v1/client/sign_ins", "/v1/client/sessions/x/tokens", "/v1/environment"] {
        let call = instance.anonymous("OPTIONS", path).header("origin", APP);
        let call = call.header("access-control-request-method", "POST");
        let answer = call.header("access-control-request-headers", "authorization,x-mobile").send().await;
        assert_eq!(answer.status, 204, "{path}");
        assert_readable(&answer, APP);
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, PUT, PATCH, DELETE"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,x-mobile"));
        assert_eq!(answer.text(), "");
    }
    let answer = instance.anonymous("OPTIONS", "/v1/client").send().await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_body_that_is_too_large_or_never_ends_is_refused_readably() {
    let instance = instance_with(|plan| {
        plan.http.body_max_bytes = 100;
        plan.http.request_timeout = Duration::from_millis(200);
    })
    .await;
    let browser = Browser::new(&instance);
    let answer = browser.call("POST", "/v1/client/sign_ins").body(vec![b'a'; 101]).send().await;
    insta::assert_snapshot!(answer, @"413 request_body_too_large | Request body too large | The request body exceeds the maximum allowed size of 100 bytes.");
    assert_readable(&answer, APP);

    let endless = || Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let answer = browser.call("POST", "/v1/client/sign_ins").body(endless()).send().await;
    insta::assert_snapshot!(answer, @"408 request_timeout | Request timeout | The request did not arrive in time, and nothing was done. Send it again, whole.");
    assert_readable(&answer, APP);

    let call =
        instance.anonymous("POST", "/v1/client/sign_ins").header("origin", "https://evil.example.test");
    let answer = call.body(endless()).send().await;
    assert_eq!(answer.code(), "origin_invalid");
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
