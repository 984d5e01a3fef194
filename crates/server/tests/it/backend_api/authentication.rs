//! A secret key is asked for before anything else (contract: Backend API §2).

use crate::harness::Instance;
use actas_domain::{caller::Context, secret_key};
use actas_server::BACKEND_ROUTES;
use insta::assert_snapshot;

/// A path of the route, with ids that name nothing.
fn path_of(route: &str) -> String {
    let segments = route.split('/').map(|segment| if segment.starts_with('{') { "x" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn no_route_answers_without_a_key_and_each_has_a_handler() {
    let instance = Instance::start().await;
    assert!(BACKEND_ROUTES.len() > 25, "the table is whole");
    for (method, route) in BACKEND_ROUTES {
        let path = path_of(route);
        let refused = instance.anonymous(method, &path).send().await;
        assert_eq!(refused.status, 401, "{method} {path}");
        assert_eq!(refused.code(), "authorization_header_format_invalid", "{method} {path}");
        // A body that is wrong for every route that reads one, so that none does anything.
        let call = instance.call(method, &path).header("content-type", "application/json").body("{\"\":0}");
        assert_ne!(call.send().await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_ask_for_the_key_first() {
    let instance = Instance::start().await;
    let unknown = [
        ("GET", "/v1"),
        ("GET", "/v1/"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/actor_tokens/"),
        ("GET", "/v1/users//ban"),
        ("GET", "/v1/users/a/b/c"),
        ("GET", "/v1//users"),
        ("PUT", "/v1/actor_tokens"),
        ("DELETE", "/v1/sessions/x"),
        ("HEAD", "/v1/users"),
        ("HEAD", "/v1/users/x"),
        ("OPTIONS", "/v1/users"),
        ("TRACE", "/v1/users"),
        ("CONNECT", "/v1/users"),
        ("BREW", "/v1/users"),
    ];
    for (method, path) in unknown {
        let refused = instance.anonymous(method, path).send().await;
        assert_eq!(refused.code(), "authorization_header_format_invalid", "{method} {path}");
        let answer = instance.call(method, path).send().await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.code(), "resource_not_found", "{method} {path}");
    }
    assert_snapshot!(instance.get("/v1/nothing").await, @"404 resource_not_found | not found | Resource not found");
}

#[tokio::test]
async fn a_header_that_is_no_bearer_is_told_its_form() {
    let instance = Instance::start().await;
    let key = instance.secret_key.reveal();
    let wrong = ["", "Bearer", "Bearer ", "Basic eDp5", key, "Bearer\u{a0}x"];
    for value in wrong {
        let answer = instance.anonymous("GET", "/v1/users").header("authorization", value).send().await;
        assert_eq!(answer.code(), "authorization_header_format_invalid", "{value:?}");
    }
    let two = instance.anonymous("GET", "/v1/users").header("authorization", &format!("Bearer {key} {key}"));
    assert_eq!(two.send().await.code(), "clerk_key_invalid", "whatever its shape");
    let twice = instance.call("GET", "/v1/users").header("authorization", &format!("Bearer {key}"));
    assert_eq!(twice.send().await.code(), "authorization_header_format_invalid");
    assert_snapshot!(instance.anonymous("GET", "/v1/users").send().await, @"401 authorization_header_format_invalid | Invalid Authorization header format | Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'");
}

#[tokio::test]
async fn a_key_that_is_not_held_is_invalid_whatever_its_shape() {
    let instance = Instance::start().await;
    let key = instance.secret_key.reveal();
    let forged = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { "1" } else { "0" });
    // As well formed as a key can be, but not this instance's.
    let other = Instance::start().await;
    let (_, foreign) = secret_key::create::create(&other.app.world, &Context::operator(), "other", false)
        .await
        .expect("a key is made");
    for value in ["x", "sk_test_", "sk_live_abc", "pk_test_abc", "\u{ff}", &forged, foreign.reveal()] {
        let call = instance.anonymous("GET", "/v1/jwks").header("authorization", &format!("Bearer {value}"));
        let answer = call.send().await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "clerk_key_invalid"), "{value:?}");
    }
    let call = instance.anonymous("GET", "/v1/jwks").header("authorization", "Bearer sk_test_x");
    assert_snapshot!(call.send().await, @"401 clerk_key_invalid | The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct. | The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.");
}

#[tokio::test]
async fn the_scheme_has_no_case_and_the_key_may_be_padded() {
    let instance = Instance::start().await;
    let key = instance.secret_key.reveal();
    for value in [format!("bearer {key}"), format!("BEARER  {key} ")] {
        instance.anonymous("GET", "/v1/users").header("authorization", &value).send().await.ok();
    }
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_more() {
    let instance = Instance::start().await;
    let world = &instance.app.world;
    let (key, text) =
        secret_key::create::create(world, &Context::operator(), "second", true).await.expect("a key is made");
    let ask = || {
        let value = format!("Bearer {}", text.reveal());
        instance.anonymous("GET", "/v1/users").header("authorization", &value).send()
    };
    ask().await.ok();
    secret_key::revoke::revoke(world, &Context::operator(), key.id.as_str(), false)
        .await
        .expect("the key is revoked");
    assert_eq!(ask().await.code(), "clerk_key_invalid");
}

#[tokio::test]
async fn the_key_is_asked_for_before_the_version_and_the_body() {
    let instance = Instance::start_with(|plan| plan.http.body_max_bytes = 100).await;
    let call = instance.anonymous("POST", "/v1/users").version("1999-01-01").body("x".repeat(101));
    assert_eq!(call.send().await.code(), "authorization_header_format_invalid");
    let call = instance.call("POST", "/v1/users").version("1999-01-01").body("x".repeat(101));
    assert_eq!(call.send().await.code(), "api_version_invalid");
    assert_eq!(instance.call("POST", "/v1/nothing").body("x".repeat(101)).send().await.status, 413);
    assert_snapshot!(instance.call("POST", "/v1/users").body("x".repeat(101)).send().await, @"413 request_body_too_large | Request body too large | The request body exceeds the maximum allowed size of 100 bytes.");
}

#[tokio::test]
async fn an_address_with_too_many_wrong_keys_is_limited_and_a_valid_key_passes() {
    let instance = Instance::start_with(|plan| plan.http.failed_authentications_per_minute = 2).await;
    let wrong = || instance.anonymous("GET", "/v1/users").header("authorization", "Bearer sk_test_x").send();
    assert_eq!(wrong().await.code(), "clerk_key_invalid");
    assert_eq!(wrong().await.code(), "clerk_key_invalid");
    let limited = wrong().await;
    assert_snapshot!(limited, @"429 too_many_requests | Too many requests | Too many requests, retry later");
    let seconds: u32 = limited.header("retry-after").expect("a time to wait").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    instance.get("/v1/users").await.ok();
}
