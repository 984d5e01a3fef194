//! `/v1/sign_in_tokens` (contract: Backend API §5).

use super::unknown_id;
use crate::harness::{Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    ticket,
};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_is_created_and_revoked() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("someone").await;
        let created = instance.post("/v1/sign_in_tokens", json!({ "user_id": "someone" })).await;
        let id = created.ok()["id"].as_str().unwrap().to_owned();
        instance.clock.advance_seconds(2);
        let revoked = instance.post(&format!("/v1/sign_in_tokens/{id}/revoke"), Value::Null).await;
        allow_duplicates! {
            assert_snapshot!(created, @r#"
            200 {
              "created_at": "[start]",
              "id": "[sit]",
              "object": "sign_in_token",
              "status": "pending",
              "token": "[sittkt]",
              "updated_at": "[start]",
              "url": "https://actas.example.test/v1/tickets/accept?ticket=[sittkt]",
              "user_id": "someone"
            }
            "#);
            assert_snapshot!(revoked, @r#"
            200 {
              "created_at": "[start]",
              "id": "[sit]",
              "object": "sign_in_token",
              "status": "revoked",
              "updated_at": "[start+2s]",
              "user_id": "someone"
            }
            "#);
        }
    }
}

#[tokio::test]
async fn null_is_absent_and_unknown_members_are_tolerated() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let bodies = [
        json!({ "user_id": "someone", "expires_in_seconds": null, "org_id": null }),
        json!({ "user_id": "someone", "expires_in_seconds": 1, "org_id": "" }),
        json!({ "user_id": "someone", "expires_in_seconds": 2_592_000, "surprise": { "a": [] } }),
    ];
    for body in bodies {
        instance.post("/v1/sign_in_tokens", body).await.ok();
    }
}

#[tokio::test]
async fn each_failure_is_named() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    for (id, member) in [("banned", "banned"), ("locked", "locked")] {
        instance.post("/v1/users", json!({ "id": id, member: true })).await.ok();
    }
    let bodies = [
        json!({}),
        json!({ "user_id": "" }),
        json!({ "user_id": null }),
        json!({ "user_id": 1 }),
        json!({ "user_id": "someone", "expires_in_seconds": 0 }),
        json!({ "user_id": "someone", "expires_in_seconds": -5 }),
        json!({ "user_id": "someone", "expires_in_seconds": 2_592_001 }),
        json!({ "user_id": "someone", "expires_in_seconds": "1" }),
        json!({ "user_id": "someone", "org_id": "org_1" }),
        json!({ "user_id": "someone", "org_id": 1 }),
        json!({ "user_id": "nobody" }),
        json!({ "user_id": "banned" }),
        json!({ "user_id": "locked" }),
    ];
    let mut lines = Vec::new();
    for body in bodies {
        lines.push(instance.post("/v1/sign_in_tokens", body).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_value_invalid | is invalid | user_id is invalid. Received integer, must be of type string.
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid | {"param_name":"expires_in_seconds"}
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid | {"param_name":"expires_in_seconds"}
    422 form_param_value_too_large | Value too large | The value of expires_in_seconds can't be greater than 2592000 | {"param_name":"expires_in_seconds"}
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid. Received string, must be of type integer.
    422 form_param_unknown | is unknown | org_id is not a valid parameter for this request. Actas has no organizations. | {"param_name":"org_id"}
    422 form_param_value_invalid | is invalid | org_id is invalid. Received integer, must be of type string.
    404 resource_not_found | not found | No user was found with id nobody
    403 user_banned | User banned | You have been banned. If you think this was by mistake, please contact support.
    403 user_locked | Account locked | Your account is locked. For more information, please contact support.
    "#);
}

#[tokio::test]
async fn only_a_pending_token_is_revoked() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let create = || instance.post("/v1/sign_in_tokens", json!({ "user_id": "someone" }));
    let revoked = create().await.ok()["id"].as_str().unwrap().to_owned();
    instance.post(&format!("/v1/sign_in_tokens/{revoked}/revoke"), Value::Null).await.ok();
    let token = create().await.ok();
    let context = Context { caller: Caller::Client(None), ..Context::system() };
    ticket::redeem(&instance.app.world, &context, token["token"].as_str().unwrap(), None)
        .await
        .expect("the ticket is redeemed");
    let mut lines = Vec::new();
    for id in [revoked.as_str(), token["id"].as_str().unwrap(), &format!("sit_{}", unknown_id()), "act_x"] {
        let answer = instance.post(&format!("/v1/sign_in_tokens/{id}/revoke"), Value::Null).await;
        lines.push(answer.to_string());
    }
    assert_snapshot!(lines.join("\n"), @"
    400 sign_in_token_cannot_be_revoked_code | cannot revoke | Sign in token cannot be revoked because its status is revoked. Only pending tokens can be revoked.
    400 sign_in_token_cannot_be_revoked_code | cannot revoke | Sign in token cannot be revoked because its status is accepted. Only pending tokens can be revoked.
    404 resource_not_found | not found | Resource not found
    404 resource_not_found | not found | Resource not found
    ");
}
