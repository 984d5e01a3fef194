//! The generic failures (contract: Backend API §3), on the routes where they are easiest to meet.

use super::unknown_id;
use crate::harness::{Answer, Instance};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// One line for each body.
async fn refusals(instance: &Instance, path: &str, bodies: &[Value]) -> String {
    let mut lines = Vec::new();
    for body in bodies {
        lines.push(line(&instance.post(path, body.clone()).await));
    }
    lines.join("\n")
}

fn line(answer: &Answer) -> String {
    assert!(answer.status.is_client_error(), "{answer}");
    answer.to_string()
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_told_both_types() {
    let instance = Instance::start().await;
    let bodies = [
        json!({ "username": 1 }),
        json!({ "username": 1.5 }),
        json!({ "first_name": [] }),
        json!({ "banned": "yes" }),
        json!({ "create_organizations_limit": true }),
        json!({ "create_organizations_limit": "7" }),
        json!({ "create_organizations_limit": 7.0 }),
        json!({ "email_address": "a@example.com" }),
        json!({ "email_address": [1] }),
        json!({ "email_address": [null] }),
        json!({ "public_metadata": [] }),
    ];
    assert_snapshot!(refusals(&instance, "/v1/users", &bodies).await, @"
    422 form_param_value_invalid | is invalid | username is invalid. Received integer, must be of type string.
    422 form_param_value_invalid | is invalid | username is invalid. Received number, must be of type string.
    422 form_param_value_invalid | is invalid | first_name is invalid. Received array, must be of type string.
    422 form_param_value_invalid | is invalid | banned is invalid. Received string, must be of type boolean.
    422 form_param_value_invalid | is invalid | create_organizations_limit is invalid. Received boolean, must be of type integer.
    422 form_param_value_invalid | is invalid | create_organizations_limit is invalid. Received string, must be of type integer.
    422 form_param_value_invalid | is invalid | create_organizations_limit is invalid. Received number, must be of type integer.
    422 form_param_value_invalid | is invalid | email_address is invalid. Received string, must be of type array.
    422 form_param_value_invalid | is invalid | email_address is invalid. Received integer, must be of type string.
    422 form_param_value_invalid | is invalid | email_address is invalid. Received null, must be of type string.
    422 form_param_value_invalid | is invalid | public_metadata is invalid. Received array, must be of type object.
    ");
}

#[tokio::test]
async fn null_is_refused_where_the_type_does_not_include_it() {
    let instance = Instance::start().await;
    let members = [
        "email_address",
        "email_address_identification_status",
        "phone_number",
        "phone_number_identification_status",
        "web3_wallet",
        "backup_codes",
        "password_hasher",
        "public_metadata",
        "private_metadata",
        "unsafe_metadata",
    ];
    let bodies: Vec<_> = members.iter().map(|member| json!({ *member: null })).collect();
    assert_snapshot!(refusals(&instance, "/v1/users", &bodies).await, @"
    422 form_param_value_invalid | is invalid | email_address is invalid. Received null, must be of type array.
    422 form_param_value_invalid | is invalid | email_address_identification_status is invalid. Received null, must be of type array.
    422 form_param_value_invalid | is invalid | phone_number is invalid. Received null, must be of type array.
    422 form_param_value_invalid | is invalid | phone_number_identification_status is invalid. Received null, must be of type array.
    422 form_param_value_invalid | is invalid | web3_wallet is invalid. Received null, must be of type array.
    422 form_param_value_invalid | is invalid | backup_codes is invalid. Received null, must be of type array.
    422 form_param_value_invalid | is invalid | password_hasher is invalid. Received null, must be of type string.
    422 form_param_value_invalid | is invalid | public_metadata is invalid. Received null, must be of type object.
    422 form_param_value_invalid | is invalid | private_metadata is invalid. Received null, must be of type object.
    422 form_param_value_invalid | is invalid | unsafe_metadata is invalid. Received null, must be of type object.
    ");
}

#[tokio::test]
async fn an_unknown_member_is_named_and_a_long_name_is_cut() {
    let instance = Instance::start().await;
    let routes = ["/v1/users", "/v1/actor_tokens", "/v1/clients/verify"];
    for route in routes {
        let answer = instance.post(route, json!({ "surprise": 1 })).await;
        assert_eq!(answer.code(), "form_param_unknown", "{route}");
        assert_eq!(answer.error()["meta"], json!({ "param_name": "surprise" }), "{route}");
    }
    assert_snapshot!(instance.post("/v1/users", json!({ "surprise": 1 })).await, @r#"422 form_param_unknown | is unknown | surprise is not a valid parameter for this request. | {"param_name":"surprise"}"#);
    let long = "x".repeat(10_000);
    let answer = instance.post("/v1/users", json!({ long: 1 })).await;
    assert!(answer.body.len() < 2_000, "{}", answer.body.len());
}

#[tokio::test]
async fn a_repeated_member_is_refused_at_any_depth() {
    let instance = Instance::start().await;
    let bodies = [
        r#"{"id":"a","id":"b"}"#,
        r#"{"id":"a","\u0069d":"b"}"#,
        r#"{"public_metadata":{"a":[{"b":1,"b":2}]}}"#,
    ];
    let mut lines = Vec::new();
    for body in bodies {
        let call = instance.call("POST", "/v1/users").header("content-type", "application/json");
        lines.push(line(&call.body(body).send().await));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_duplicate | is duplicate | id included multiple times. There should only be one. | {"param_name":"id"}
    422 form_param_duplicate | is duplicate | id included multiple times. There should only be one. | {"param_name":"id"}
    422 form_param_duplicate | is duplicate | public_metadata.a.b included multiple times. There should only be one. | {"param_name":"public_metadata.a.b"}
    "#);
}

#[tokio::test]
async fn text_with_a_nul_is_refused() {
    let instance = Instance::start().await;
    let bodies = [json!({ "first_name": "a\0b" }), json!({ "email_address": ["a\0@example.com"] })];
    assert_snapshot!(refusals(&instance, "/v1/users", &bodies).await, @r#"
    422 form_param_value_invalid | is invalid | first_name is invalid | {"param_name":"first_name"}
    422 form_param_value_invalid | is invalid | email_address is invalid | {"param_name":"email_address"}
    "#);
    assert_eq!(instance.get("/v1/users?query=%00").await.code(), "form_param_value_invalid");
    assert_eq!(instance.get("/v1/users/a%00b").await.status, 404);
}

#[tokio::test]
async fn pages_have_bounds() {
    let instance = Instance::start().await;
    let mut lines = Vec::new();
    for query in [
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=ten",
        "limit=1&limit=2",
        "offset=-1",
        "offset=x",
        "limit=99999999999999999999",
    ] {
        for route in ["users", "sessions", "clients"] {
            let answer = instance.get(&format!("/v1/{route}?{query}")).await;
            assert_eq!(answer.status, 422, "{route} {query}");
        }
        lines.push(line(&instance.get(&format!("/v1/users?{query}")).await));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_value_invalid | is invalid | limit is invalid | {"param_name":"limit"}
    422 form_param_value_invalid | is invalid | limit is invalid | {"param_name":"limit"}
    422 form_param_value_too_large | Value too large | The value of limit can't be greater than 500 | {"param_name":"limit"}
    422 form_param_value_invalid | is invalid | limit is invalid | {"param_name":"limit"}
    422 form_param_duplicate | is duplicate | limit included multiple times. There should only be one. | {"param_name":"limit"}
    422 form_param_value_invalid | is invalid | offset is invalid | {"param_name":"offset"}
    422 form_param_value_invalid | is invalid | offset is invalid | {"param_name":"offset"}
    422 form_param_value_too_large | Value too large | The value of limit can't be greater than 500 | {"param_name":"limit"}
    "#);
    for query in ["limit=1", "limit=500", "offset=0", "limit=&offset="] {
        for route in ["users", "sessions", "clients", "actor_tokens", "audit_entries"] {
            instance.get(&format!("/v1/{route}?{query}")).await.ok();
        }
    }
    for route in ["users", "sessions", "clients"] {
        let beyond = instance.get(&format!("/v1/{route}?offset=9223372036854775807")).await;
        assert_eq!(beyond.ok(), json!([]), "{route}");
    }
}

#[tokio::test]
async fn too_many_parameters_are_refused() {
    let instance = Instance::start().await;
    let query = vec!["a=1"; 1_001].join("&");
    assert_eq!(instance.get(&format!("/v1/users?{query}")).await.status, 400);
    let query = vec!["a=1"; 1_000].join("&");
    instance.get(&format!("/v1/users?{query}")).await.ok();
}

#[tokio::test]
async fn an_unknown_resource_is_named_as_it_was_asked_for() {
    let instance = Instance::start().await;
    let id = unknown_id();
    let calls = [
        ("POST", format!("/v1/actor_tokens/act_{id}/revoke")),
        ("POST", "/v1/actor_tokens/nonsense/revoke".to_owned()),
        ("GET", format!("/v1/actor_tokens/act_{id}")),
        ("POST", format!("/v1/sign_in_tokens/sit_{id}/revoke")),
        ("GET", "/v1/users/nobody".to_owned()),
        ("GET", "/v1/users/not%20an%20id".to_owned()),
        ("PATCH", "/v1/users/nobody".to_owned()),
        ("DELETE", "/v1/users/nobody".to_owned()),
        ("POST", "/v1/users/nobody/ban".to_owned()),
        ("POST", "/v1/users/nobody/unlock".to_owned()),
        ("PUT", "/v1/users/nobody/metadata".to_owned()),
        ("GET", "/v1/sessions/nonsense".to_owned()),
        ("POST", "/v1/sessions/nonsense/revoke".to_owned()),
        ("POST", "/v1/sessions/nonsense/tokens".to_owned()),
        ("POST", "/v1/sessions/nonsense/tokens/hasura".to_owned()),
        ("GET", "/v1/clients/nonsense".to_owned()),
    ];
    let mut lines = Vec::new();
    for (method, path) in calls {
        let answer = instance.call(method, &path).send().await;
        assert_eq!(answer.status, 404, "{method} {path}");
        lines.push(line(&answer));
    }
    assert_snapshot!(lines.join("\n"), @"
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | not found | No user was found with id not an id
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | Session not found | No session was found with id nonsense
    404 resource_not_found | Session not found | No session was found with id nonsense
    404 resource_not_found | Session not found | No session was found with id nonsense
    404 resource_not_found | Session not found | No session was found with id nonsense
    404 resource_not_found | Client not found | No client was found with id nonsense
    ");
    let long = "x".repeat(5_000);
    let answer = instance.get(&format!("/v1/users/{long}")).await;
    assert!(answer.status == 404 && answer.body.len() < 1_000, "{}", answer.text());
    assert_eq!(instance.get("/v1/users/%ff").await.status, 404);
}
