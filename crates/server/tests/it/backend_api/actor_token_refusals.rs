//! Every row of the contract's table of failures (Backend API §4), and what Actas refuses beyond it.

use super::unknown_id;
use crate::harness::Instance;
use actas_domain::{
    actor::ACTOR_MAX_BYTES,
    caller::{Caller, Context},
    ticket,
};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// The lines of the answers to creations whose bodies are a good one but for these members; `null` removes one.
async fn refusals(instance: &Instance, changes: &[Value]) -> String {
    let mut lines = Vec::new();
    for change in changes {
        let mut body = json!({ "user_id": "subject", "actor": { "sub": "agent" } });
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
                value => body[name] = value.clone(),
            }
        }
        let answer = instance.post("/v1/actor_tokens", body).await;
        assert!(answer.status.is_client_error(), "{change}: {answer}");
        lines.push(answer.to_string());
    }
    lines.join("\n")
}

async fn instance_with_subject() -> Instance {
    let instance = Instance::start().await;
    instance.add_user("subject").await;
    instance
}

#[tokio::test]
async fn what_must_be_there_is_named() {
    let instance = instance_with_subject().await;
    let changes = [
        json!({ "user_id": null }),
        json!({ "user_id": "" }),
        json!({ "actor": null }),
        json!({ "actor": {} }),
        json!({ "actor": { "sub": "" } }),
        json!({ "actor": { "sub": null } }),
        json!({ "actor": { "iss": "x" } }),
    ];
    assert_snapshot!(refusals(&instance, &changes).await, @r#"
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_missing | is missing | actor must be included. | {"param_name":"actor"}
    422 form_param_missing | is missing | actor.sub must be included. | {"param_name":"actor.sub"}
    422 form_param_missing | is missing | actor.sub must be included. | {"param_name":"actor.sub"}
    422 form_param_missing | is missing | actor.sub must be included. | {"param_name":"actor.sub"}
    422 form_param_missing | is missing | actor.sub must be included. | {"param_name":"actor.sub"}
    "#);
    let null = json!({ "user_id": null, "actor": { "sub": "agent" } });
    assert_eq!(instance.post("/v1/actor_tokens", null).await.code(), "form_param_missing");
}

#[tokio::test]
async fn durations_have_bounds() {
    let instance = instance_with_subject().await;
    let changes = [
        json!({ "expires_in_seconds": 0 }),
        json!({ "expires_in_seconds": -1 }),
        json!({ "expires_in_seconds": 2_592_001 }),
        json!({ "expires_in_seconds": i64::MAX }),
        json!({ "expires_in_seconds": u64::MAX }),
        json!({ "session_max_duration_in_seconds": 0 }),
        json!({ "session_max_duration_in_seconds": -1 }),
        json!({ "session_max_duration_in_seconds": 86_401 }),
    ];
    assert_snapshot!(refusals(&instance, &changes).await, @r#"
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid | {"param_name":"expires_in_seconds"}
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid | {"param_name":"expires_in_seconds"}
    422 form_param_value_too_large | Value too large | The value of expires_in_seconds can't be greater than 2592000 | {"param_name":"expires_in_seconds"}
    422 form_param_value_too_large | Value too large | The value of expires_in_seconds can't be greater than 2592000 | {"param_name":"expires_in_seconds"}
    422 form_param_value_too_large | Value too large | The value of expires_in_seconds can't be greater than 2592000 | {"param_name":"expires_in_seconds"}
    422 form_param_value_invalid | is invalid | session_max_duration_in_seconds is invalid | {"param_name":"session_max_duration_in_seconds"}
    422 form_param_value_invalid | is invalid | session_max_duration_in_seconds is invalid | {"param_name":"session_max_duration_in_seconds"}
    422 form_param_value_too_large | Value too large | The value of session_max_duration_in_seconds can't be greater than 86400 | {"param_name":"session_max_duration_in_seconds"}
    "#);
    for name in ["expires_in_seconds", "session_max_duration_in_seconds"] {
        for seconds in [1, 86_400] {
            let body = json!({ "user_id": "subject", "actor": { "sub": "agent" }, name: seconds });
            instance.post("/v1/actor_tokens", body).await.ok();
        }
    }
}

#[tokio::test]
async fn wrong_types_and_unknown_members_are_refused() {
    let instance = instance_with_subject().await;
    let changes = [
        json!({ "user_id": 1 }),
        json!({ "actor": "agent" }),
        json!({ "actor": ["agent"] }),
        json!({ "actor": { "sub": 1 } }),
        json!({ "expires_in_seconds": "600" }),
        json!({ "expires_in_seconds": 0.5 }),
        json!({ "session_max_duration_in_seconds": {} }),
        json!({ "reason": 1 }),
        json!({ "additional_properties": {} }),
    ];
    assert_snapshot!(refusals(&instance, &changes).await, @r#"
    422 form_param_value_invalid | is invalid | user_id is invalid. Received integer, must be of type string.
    422 form_param_value_invalid | is invalid | actor is invalid. Received string, must be of type object.
    422 form_param_value_invalid | is invalid | actor is invalid. Received array, must be of type object.
    422 form_param_value_invalid | is invalid | actor.sub is invalid. Received integer, must be of type string.
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid. Received string, must be of type integer.
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid. Received number, must be of type integer.
    422 form_param_value_invalid | is invalid | session_max_duration_in_seconds is invalid. Received object, must be of type integer.
    422 form_param_value_invalid | is invalid | reason is invalid. Received integer, must be of type string.
    422 form_param_unknown | is unknown | additional_properties is not a valid parameter for this request. | {"param_name":"additional_properties"}
    "#);
    for name in ["expires_in_seconds", "session_max_duration_in_seconds"] {
        let body = json!({ "user_id": "subject", "actor": { "sub": "agent" }, name: null });
        let answer = instance.post("/v1/actor_tokens", body).await;
        assert_eq!(
            answer.error()["long_message"],
            format!("{name} is invalid. Received null, must be of type integer.")
        );
    }
}

#[tokio::test]
async fn an_actor_has_bounds() {
    let instance = instance_with_subject().await;
    let mut nested = json!(1);
    for _ in 0..31 {
        nested = json!({ "a": nested });
    }
    let changes = [
        json!({ "actor": { "sub": "x".repeat(256) } }),
        json!({ "actor": { "sub": "agent", "act": { "sub": "another" } } }),
        json!({ "actor": { "sub": "agent", "long": "x".repeat(ACTOR_MAX_BYTES) } }),
        json!({ "actor": { "sub": "agent", "deep": { "a": nested } } }),
        json!({ "reason": "x".repeat(501) }),
    ];
    let deep = json!({ "user_id": "subject", "actor": { "sub": "agent", "deep": nested } });
    instance.post("/v1/actor_tokens", deep).await.ok();
    assert_snapshot!(refusals(&instance, &changes).await, @r#"
    422 form_param_max_length_exceeded | exceeds maximum length | actor.sub should not exceed 255 characters. | {"param_name":"actor.sub"}
    422 form_param_value_invalid | is invalid | actor.act is invalid | {"param_name":"actor.act"}
    422 form_param_exceeds_allowed_size | exceeds maximum size | actor should not exceed 1728 bytes of JSON without white space. | {"param_name":"actor"}
    422 form_param_value_invalid | is invalid | actor is invalid. It is nested deeper than 32 levels. | {"param_name":"actor"}
    422 form_param_max_length_exceeded | exceeds maximum length | reason should not exceed 500 characters. | {"param_name":"reason"}
    "#);
    let body = r#"{"user_id":"subject","actor":{"sub":"agent","a":{"b":1,"b":1}}}"#;
    let call = instance.call("POST", "/v1/actor_tokens").header("content-type", "application/json");
    assert_snapshot!(call.body(body).send().await, @r#"422 form_param_duplicate | is duplicate | actor.a.b included multiple times. There should only be one. | {"param_name":"actor.a.b"}"#);
}

#[tokio::test]
async fn an_unknown_subject_is_not_found() {
    let instance = instance_with_subject().await;
    let changes = [json!({ "user_id": "nobody" }), json!({ "user_id": "no body" })];
    assert_snapshot!(refusals(&instance, &changes).await, @"
    404 resource_not_found | not found | No user was found with id nobody
    404 resource_not_found | not found | No user was found with id no body
    ");
}

#[tokio::test]
async fn nobody_acts_as_or_is_a_user_who_is_banned_or_locked() {
    let instance = instance_with_subject().await;
    for (id, member) in [("banned", "banned"), ("locked", "locked")] {
        instance.post("/v1/users", json!({ "id": id, member: true })).await.ok();
    }
    let changes = [
        json!({ "user_id": "banned" }),
        json!({ "user_id": "locked" }),
        json!({ "actor": { "sub": "banned" } }),
        json!({ "actor": { "sub": "locked" } }),
    ];
    assert_snapshot!(refusals(&instance, &changes).await, @"
    403 user_banned | User banned | You have been banned. If you think this was by mistake, please contact support.
    403 user_locked | Account locked | Your account is locked. For more information, please contact support.
    403 user_banned | User banned | You have been banned. If you think this was by mistake, please contact support.
    403 user_locked | Account locked | Your account is locked. For more information, please contact support.
    ");
}

#[tokio::test]
async fn impersonation_can_be_switched_off() {
    let instance = Instance::start_with(|plan| plan.settings.impersonation_enabled = false).await;
    instance.add_user("subject").await;
    assert_snapshot!(refusals(&instance, &[json!({})]).await, @r#"402 unsupported_subscription_plan_features | Unsupported plan features | Some features are not supported in your current plan. Upgrade your subscription to unlock them. | {"unsupported_features":["impersonation"]}"#);
}

#[tokio::test]
async fn impersonation_can_be_capped_by_month() {
    let instance = Instance::start_with(|plan| plan.settings.impersonation_monthly_limit = Some(2)).await;
    instance.add_user("subject").await;
    instance.add_actor_token("subject").await;
    instance.add_actor_token("subject").await;
    assert_snapshot!(refusals(&instance, &[json!({})]).await, @r#"422 impersonation_limit_exceeded | Impersonation limit exceeded | Your application has reached the impersonation limit for your plan (2/2). The limit will reset at the beginning of the next billing period. | {"limit":2,"used":2}"#);
    instance.clock.advance_seconds(31 * 86_400);
    instance.add_actor_token("subject").await;
}

#[tokio::test]
async fn only_a_pending_token_is_revoked() {
    let instance = instance_with_subject().await;
    let id = |token: &Value| token["id"].as_str().unwrap().to_owned();
    let revoked = id(&instance.add_actor_token("subject").await);
    instance.post(&format!("/v1/actor_tokens/{revoked}/revoke"), Value::Null).await.ok();
    let token = instance.add_actor_token("subject").await;
    let accepted = id(&token);
    let context = Context { caller: Caller::Client(None), ..Context::system() };
    ticket::redeem(&instance.app.world, &context, token["token"].as_str().unwrap(), None)
        .await
        .expect("the ticket is redeemed");
    let mut lines = Vec::new();
    for id in [revoked.as_str(), &accepted, &format!("act_{}", unknown_id()), "sit_x", "%20"] {
        let answer = instance.post(&format!("/v1/actor_tokens/{id}/revoke"), Value::Null).await;
        lines.push(answer.to_string());
    }
    assert_snapshot!(lines.join("\n"), @"
    400 actor_token_cannot_be_revoked_code | cannot revoke | Actor token cannot be revoked because its status is revoked. Only pending tokens can be revoked.
    400 actor_token_cannot_be_revoked_code | cannot revoke | Actor token cannot be revoked because its status is accepted. Only pending tokens can be revoked.
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | Resource not found
    ");
}
