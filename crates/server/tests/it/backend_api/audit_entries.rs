//! `GET /v1/audit_entries`: who, whom, what, outcome, why, from where, when.

use crate::harness::{Instance, StoreKind};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// A user, a token of it that is revoked, and a second revocation that is denied.
async fn instance_with_a_story(store: StoreKind) -> (Instance, String) {
    let instance = Instance::start_on(store).await;
    instance.add_user("subject").await;
    let body = json!({ "user_id": "subject", "actor": { "sub": "agent" }, "reason": "ticket 4711" });
    let token = instance.post("/v1/actor_tokens", body).await.ok()["id"].as_str().unwrap().to_owned();
    instance.clock.advance_seconds(1);
    let path = format!("/v1/actor_tokens/{token}/revoke");
    instance.post(&path, Value::Null).await.ok();
    instance.clock.advance_seconds(1);
    assert_eq!(instance.post(&path, Value::Null).await.code(), "actor_token_cannot_be_revoked_code");
    (instance, token)
}

/// The positions that a query finds, in their order.
async fn positions(instance: &Instance, query: &str) -> Vec<u64> {
    let page = instance.get(&format!("/v1/audit_entries?{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|entry| entry["position"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_entry_says_everything() {
    for store in StoreKind::ALL {
        let (instance, _) = instance_with_a_story(store).await;
        let entries = instance.get("/v1/audit_entries?limit=2").await;
        allow_duplicates! {
            assert_snapshot!(entries, @r#"
            200 {
              "data": [
                {
                  "action": "actor_token.revoked",
                  "actor_sub": "agent",
                  "actor_token_id": "[act]",
                  "address": "192.0.2.7",
                  "at": "[start+2s]",
                  "caller": {
                    "id": "[key]",
                    "kind": "secret_key"
                  },
                  "cause": null,
                  "client_id": null,
                  "code": "actor_token_cannot_be_revoked_code",
                  "object": "audit_entry",
                  "outcome": "denied",
                  "position": 7,
                  "purged_through": null,
                  "reason": "ticket 4711",
                  "secret_key_id": null,
                  "session_id": null,
                  "sign_in_token_id": null,
                  "signing_key_id": null,
                  "trace_id": "[trace]",
                  "user_id": "subject"
                },
                {
                  "action": "actor_token.revoked",
                  "actor_sub": "agent",
                  "actor_token_id": "[act]",
                  "address": "192.0.2.7",
                  "at": "[start+1s]",
                  "caller": {
                    "id": "[key]",
                    "kind": "secret_key"
                  },
                  "cause": "requested",
                  "client_id": null,
                  "code": null,
                  "object": "audit_entry",
                  "outcome": "done",
                  "position": 6,
                  "purged_through": null,
                  "reason": "ticket 4711",
                  "secret_key_id": null,
                  "session_id": null,
                  "sign_in_token_id": null,
                  "signing_key_id": null,
                  "trace_id": "[trace]",
                  "user_id": "subject"
                }
              ],
              "has_more": true
            }
            "#);
        }
    }
}

#[tokio::test]
async fn entries_come_newest_first_or_follow_a_position() {
    for store in StoreKind::ALL {
        let (instance, _) = instance_with_a_story(store).await;
        // The instance, the next signing key, the secret key, the user, the token, its revocation, the denied one.
        assert_eq!(positions(&instance, "").await, [7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(positions(&instance, "before=3").await, [2, 1]);
        assert_eq!(positions(&instance, "before=1").await, [0; 0]);
        assert_eq!(positions(&instance, "after=0").await, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(positions(&instance, "after=4&limit=1").await, [5]);
        assert_eq!(positions(&instance, "after=7").await, [0; 0]);
        assert_eq!(positions(&instance, "after=9223372036854775807").await, [0; 0]);
        for (query, has_more) in
            [("limit=7", false), ("limit=6", true), ("after=5", false), ("after=0&limit=6", true)]
        {
            let page = instance.get(&format!("/v1/audit_entries?{query}")).await.ok();
            assert_eq!(page["has_more"], has_more, "{store:?} {query}");
        }
        instance.add_user("late").await;
        assert_eq!(positions(&instance, "after=7").await, [8], "whoever follows misses nothing");
    }
}

#[tokio::test]
async fn each_filter_finds_its_entries() {
    for store in StoreKind::ALL {
        let (instance, token) = instance_with_a_story(store).await;
        let start = 1_773_489_600_000_i64;
        let session = instance.add_session("subject").await["id"].as_str().unwrap().to_owned();
        let cases = [
            ("user_id=subject".to_owned(), vec![8, 7, 6, 5, 4]),
            ("user_id=nobody".to_owned(), vec![]),
            ("actor_sub=agent".to_owned(), vec![7, 6, 5]),
            (format!("actor_token_id={token}"), vec![7, 6, 5]),
            (format!("session_id={session}"), vec![8]),
            ("action=actor_token.revoked".to_owned(), vec![7, 6]),
            ("action=actor_token.revoked&outcome=denied".to_owned(), vec![7]),
            ("outcome=done&after=4".to_owned(), vec![5, 6, 8]),
            (format!("at_after={}", start + 2_000), vec![8, 7]),
            (format!("at_before={}&user_id=subject", start + 1_000), vec![5, 4]),
        ];
        for (query, expected) in cases {
            assert_eq!(positions(&instance, &query).await, expected, "{store:?} {query}");
        }
    }
}

#[tokio::test]
async fn each_wrong_filter_is_named() {
    let instance = Instance::start().await;
    let mut lines = Vec::new();
    for query in [
        "user_id=no%20id",
        "actor_token_id=x",
        "session_id=act_x",
        "outcome=maybe",
        "at_after=today",
        "before=-1",
        "after=x",
        "before=1&after=1",
        "offset=1",
    ] {
        lines.push(instance.get(&format!("/v1/audit_entries?{query}")).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_value_invalid | is invalid | user_id is invalid | {"param_name":"user_id"}
    422 form_param_value_invalid | is invalid | actor_token_id is invalid | {"param_name":"actor_token_id"}
    422 form_param_value_invalid | is invalid | session_id is invalid | {"param_name":"session_id"}
    422 form_param_value_invalid | is invalid | outcome is invalid. Only one of the following parameter values is allowed: done, denied | {"param_name":"outcome"}
    422 form_param_invalid_date | Date values must be given in Unix millisecond timestamp format. | Date values must be given in Unix millisecond timestamp format. | {"param_name":"at_after"}
    422 form_param_value_invalid | is invalid | before is invalid | {"param_name":"before"}
    422 form_param_value_invalid | is invalid | after is invalid | {"param_name":"after"}
    422 form_param_value_invalid | is invalid | before is invalid. It cannot be combined with after. | {"param_name":"before"}
    422 form_param_unknown | is unknown | offset is not a valid parameter for this request. Follow the record with before or after. | {"param_name":"offset"}
    "#);
    let answer = instance.get("/v1/audit_entries?action=dance").await;
    let long = answer.error()["long_message"].as_str().unwrap().to_owned();
    assert!(long.contains("actor_token.accepted") && long.contains("instance.created"), "{long}");
}

#[tokio::test]
async fn a_shape_that_is_wrong_is_not_on_record() {
    let instance = Instance::start().await;
    let before = positions(&instance, "limit=1").await;
    instance.post("/v1/actor_tokens", json!({})).await.error();
    instance.post("/v1/users", json!({ "surprise": 1 })).await.error();
    instance.anonymous("POST", "/v1/actor_tokens").send().await.error();
    assert_eq!(positions(&instance, "limit=1").await, before);
}

#[tokio::test]
async fn an_entry_has_the_trace_id_of_its_answer() {
    let instance = Instance::start().await;
    let answer = instance.post("/v1/users", json!({ "id": "someone" })).await;
    assert_eq!(instance.last_audit_entry().await["trace_id"].as_str(), answer.header("x-clerk-trace-id"));
}
