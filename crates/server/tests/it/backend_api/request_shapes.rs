//! The shapes of requests that real clients were seen to send (contract: Backend API §1).

use crate::harness::{Call, Instance};
use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use insta::assert_snapshot;
use serde_json::json;
use std::{convert::Infallible, io};

/// A body of unknown length, as one that is chunked has.
fn chunked(parts: &[&'static str]) -> Body {
    let parts: Vec<_> =
        parts.iter().map(|part| Ok::<_, Infallible>(Bytes::from_static(part.as_bytes()))).collect();
    Body::from_stream(stream::iter(parts))
}

/// Gives a request its body and the headers of it.
type Shape = fn(Call<'_>) -> Call<'_>;

/// What clients send when there is nothing to say.
const NOTHING: &[(&str, Shape)] = &[
    ("neither length nor type", |call| call),
    ("length 0", |call| call.header("content-length", "0")),
    ("JSON, empty", |call| call.header("content-type", "application/json")),
    ("form, empty", |call| call.header("content-type", "application/x-www-form-urlencoded")),
    ("an empty type, empty", |call| call.header("content-type", "")),
    ("null", |call| call.header("content-type", "application/json").body("null")),
    ("null, chunked", |call| {
        call.header("content-type", "application/json")
            .header("transfer-encoding", "chunked")
            .body(chunked(&["nu", "ll"]))
    }),
    ("null of no type", |call| call.body("null")),
    ("white space", |call| call.header("content-type", "application/json").body(" \r\n\t")),
];

#[tokio::test]
async fn nothing_to_say_has_many_shapes() {
    let instance = Instance::start().await;
    for (number, (name, shape)) in NOTHING.iter().enumerate() {
        let user = format!("user{number}");
        instance.add_user(&user).await;
        let token = instance.add_actor_token(&user).await;
        let session = instance.add_session(&user).await;
        let (token, session) = (token["id"].as_str().unwrap(), session["id"].as_str().unwrap());
        let calls = [
            ("POST", format!("/v1/actor_tokens/{token}/revoke")),
            ("POST", format!("/v1/sessions/{session}/tokens")),
            ("POST", format!("/v1/sessions/{session}/revoke")),
            ("GET", format!("/v1/users/{user}")),
            ("PATCH", format!("/v1/users/{user}")),
            ("PATCH", format!("/v1/users/{user}/metadata")),
            ("POST", format!("/v1/users/{user}/ban")),
            ("DELETE", format!("/v1/users/{user}")),
            ("POST", "/v1/users".to_owned()),
        ];
        for (method, path) in calls {
            let answer = shape(instance.call(method, &path)).send().await;
            assert_eq!(answer.status, 200, "{name}: {method} {path}: {}", answer.text());
        }
        let answer = shape(instance.call("POST", "/v1/actor_tokens")).send().await;
        assert_eq!(answer.code(), "form_param_missing", "{name}");
        assert_eq!(answer.error()["meta"]["param_name"], "user_id", "{name}");
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks_and_name_its_charset() {
    let instance = Instance::start().await;
    let types = ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"];
    for (number, content_type) in types.iter().enumerate() {
        let call = instance.call("POST", "/v1/users").header("content-type", content_type);
        let user = call.body(chunked(&["{\"id\":", "\"chunked"])).send().await;
        assert_eq!(user.code(), "request_body_invalid", "cut short");
        let call = instance.call("POST", "/v1/users").header("content-type", content_type);
        let body = format!(" {{\"id\":\"typed{number}\"}}\n");
        assert_eq!(call.body(body).send().await.ok()["id"], format!("typed{number}"));
    }
    let call = instance.call("POST", "/v1/users").header("content-type", "application/json");
    assert_eq!(call.body(chunked(&["{\"id\":", "\"chunked\"", "}"])).send().await.ok()["id"], "chunked");
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let instance = Instance::start().await;
    for content_type in ["application/x-www-form-urlencoded", "text/json", "application/jsonx", "*/*"] {
        let call = instance.call("POST", "/v1/users").header("content-type", content_type).body("{}");
        assert_eq!(call.send().await.code(), "unsupported_content_type", "{content_type}");
    }
    let form = instance.call("POST", "/v1/users").header("content-type", "application/x-www-form-urlencoded");
    assert_snapshot!(form.body("id=a").send().await, @"415 unsupported_content_type | Content-Type is unsupported | Content-Type application/x-www-form-urlencoded is unsupported. You should use application/json instead.");
    assert_snapshot!(instance.call("POST", "/v1/users").body("{}").send().await, @"415 unsupported_content_type | Content-Type is unsupported | Content-Type (none) is unsupported. You should use application/json instead.");
}

#[tokio::test]
async fn what_is_no_json_object_is_no_body() {
    let instance = Instance::start().await;
    let wrong: &[&[u8]] = &[
        b"{",
        b"[]",
        b"\"text\"",
        b"1",
        b"true",
        b"nullnull",
        b"{} {}",
        b"{'id':1}",
        b"{\"id\":\"\\ud800\"}",
        b"{\"id\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{\"id\":NaN}",
        b"\0",
    ];
    for body in wrong {
        let call = instance.call("POST", "/v1/users").header("content-type", "application/json");
        let answer = call.body(body.to_vec()).send().await;
        assert_eq!(answer.code(), "request_body_invalid", "{}", String::from_utf8_lossy(body));
    }
    let call = instance.call("POST", "/v1/users").header("content-type", "application/json").body("{");
    assert_snapshot!(call.send().await, @"400 request_body_invalid | Request body invalid | The request body is invalid. Please consult the API documentation for more information.");
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let instance = Instance::start().await;
    let broken = stream::iter([Ok(Bytes::from_static(b"{\"id\":\"half\"}")), Err(io::Error::other("cut"))]);
    let call = instance.call("POST", "/v1/users").header("content-type", "application/json");
    assert_eq!(call.body(Body::from_stream(broken)).send().await.code(), "request_body_invalid");
    assert_eq!(instance.get("/v1/users/half").await.status, 404);
}

#[tokio::test]
async fn every_answer_is_json_without_a_charset_and_is_not_kept() {
    let instance = Instance::start().await;
    for path in ["/v1/users", "/v1/jwks", "/v1/nothing", "/v1/users/nobody"] {
        let answer = instance.get(path).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[tokio::test]
async fn lists_are_repeated_keys_and_brackets_are_understood() {
    let instance = Instance::start().await;
    for user in ["a", "b", "c"] {
        instance.add_user(user).await;
    }
    for query in ["user_id=a&user_id=b", "user_id[]=a&user_id[]=b", "user_id%5B%5D=a&user_id=%2Bb"] {
        let users = instance.get(&format!("/v1/users?order_by=%2Bcreated_at&{query}")).await.ok();
        let ids: Vec<_> = users.as_array().unwrap().iter().map(|user| user["id"].clone()).collect();
        assert_eq!(json!(ids), json!(["a", "b"]), "{query}");
    }
}
