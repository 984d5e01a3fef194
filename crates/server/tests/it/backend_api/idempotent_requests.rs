//! Which requests with one `Idempotency-Key` are the same: body, content type, version and path.

use super::idempotency::{CREATE, assert_fresh, assert_replayed, creation, post, tokens};
use crate::harness::{Instance, StoreKind};
use insta::assert_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn another_body_or_version_is_refused() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let first = post(&instance, "key", CREATE, &creation()).await;
        let mut other = creation();
        other["reason"] = "another".into();
        let refused = post(&instance, "key", CREATE, &other).await;
        insta::allow_duplicates! {
            assert_snapshot!(refused, @"422 idempotency_key_reused | Idempotency key reused | This Idempotency-Key was used for a request with another body, content type or API version. Take a new key.");
        }
        assert_fresh(&refused);
        let call = instance.call("POST", CREATE).header("idempotency-key", "key").json(&creation());
        assert_eq!(call.version("2026-05-12").send().await.code(), "idempotency_key_reused");
        let call = instance.call("POST", CREATE).header("idempotency-key", "key").json(&creation());
        assert_replayed(&first, &call.version("2025-11-10").send().await);
        assert_eq!(tokens(&instance).await, 1);
    }
}

/// But not its parameters, and not how it is written.
#[tokio::test]
async fn another_content_type_is_refused() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let body = creation().to_string();
        let create = |content_type: &str| {
            let call = instance.call("POST", CREATE).header("idempotency-key", "key");
            call.header("content-type", content_type).body(body.clone()).send()
        };
        let first = create("application/json").await;
        first.ok();
        for same in ["application/json; charset=utf-8", "Application/JSON", "application/json ;q=1"] {
            assert_replayed(&first, &create(same).await);
        }
        let other = create("application/x-www-form-urlencoded").await;
        assert_eq!(other.code(), "idempotency_key_reused");
    }
}

#[tokio::test]
async fn two_ways_to_write_a_path_are_one_scope() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("user_x").await;
        let first = post(&instance, "key", "/v1/users/user_x/ban", &Value::Null).await;
        first.ok();
        assert_replayed(&first, &post(&instance, "key", "/v1/users/user%5Fx/ban", &Value::Null).await);
        // What is no text names nothing.
        let nothing = post(&instance, "key", "/v1/users/%FF/ban", &Value::Null).await;
        assert_eq!(nothing.status, 404);
        assert_fresh(&nothing);
    }
}

#[tokio::test]
async fn another_path_is_another_scope() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        instance.add_user("other").await;
        let body = json!({ "user_id": "subject" });
        for path in ["/v1/sign_in_tokens", "/v1/sessions"] {
            assert_fresh(&post(&instance, "key", path, &body).await);
        }
        for user in ["subject", "other"] {
            let banned = post(&instance, "key", &format!("/v1/users/{user}/ban"), &Value::Null).await;
            assert_eq!((&banned.ok()["id"], &banned.ok()["banned"]), (&json!(user), &json!(true)));
            assert_fresh(&banned);
        }
    }
}
