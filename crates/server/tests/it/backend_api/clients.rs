//! `/v1/clients` (contract: Backend API §7).

use super::unknown_id;
use crate::harness::{Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    ticket,
};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

#[tokio::test]
async fn a_client_shows_all_its_sessions() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("someone").await;
        let session = instance.add_session("someone").await;
        let path = format!("/v1/clients/{}", session["client_id"].as_str().unwrap());
        let client = instance.get(&path).await;
        assert_eq!(client.ok()["sessions"], json!([session]));
        allow_duplicates! {
            assert_snapshot!(client, @r#"
            200 {
              "created_at": "[start]",
              "id": "[client]",
              "last_active_session_id": "[sess]",
              "last_authentication_strategy": null,
              "object": "client",
              "session_ids": [
                "[sess]"
              ],
              "sessions": [
                {
                  "abandon_at": "[start+604800s]",
                  "actor": null,
                  "client_id": "[client]",
                  "created_at": "[start]",
                  "expire_at": "[start+604800s]",
                  "id": "[sess]",
                  "last_active_at": "[start]",
                  "last_active_organization_id": null,
                  "latest_activity": null,
                  "object": "session",
                  "status": "active",
                  "tasks": [],
                  "updated_at": "[start]",
                  "user_id": "someone"
                }
              ],
              "sign_in_id": null,
              "sign_up_id": null,
              "updated_at": "[start]"
            }
            "#);
        }
        let revoke = format!("/v1/sessions/{}/revoke", session["id"].as_str().unwrap());
        instance.post(&revoke, Value::Null).await.ok();
        let client = instance.get(&path).await.ok();
        assert_eq!(client["sessions"][0]["status"], "revoked");
        assert_eq!(client["last_active_session_id"], Value::Null, "it is over");
    }
}

#[tokio::test]
async fn a_list_has_two_shapes() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("someone").await;
        let mut newest_first = Vec::new();
        for _ in 0..3 {
            newest_first.insert(0, instance.add_session("someone").await["client_id"].clone());
            instance.clock.advance_seconds(1);
        }
        let bare = instance.get("/v1/clients").await.ok();
        let ids: Vec<_> =
            bare.as_array().expect("a bare array").iter().map(|row| row["id"].clone()).collect();
        assert_eq!(ids, newest_first);
        let page = instance.get("/v1/clients?paginated=true").await.ok();
        assert_eq!(page, json!({ "data": bare, "total_count": 3 }));
        let page = instance.get("/v1/clients?paginated=true&limit=1&offset=2").await.ok();
        assert_eq!((&page["data"][0]["id"], &page["total_count"]), (&newest_first[2], &json!(3)));
    }
}

#[tokio::test]
async fn a_cookie_tells_its_client() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("someone").await;
        let token = instance.post("/v1/sign_in_tokens", json!({ "user_id": "someone" })).await.ok();
        let context = Context { caller: Caller::Client(None), ..Context::system() };
        let text = token["token"].as_str().unwrap();
        let redeemed = ticket::redeem(&instance.app.world, &context, text, None).await.unwrap();
        let cookie = redeemed.cookie.reveal();
        let client = instance.post("/v1/clients/verify", json!({ "token": cookie })).await.ok();
        assert_eq!(client["id"], redeemed.client.client.id.as_str());
        assert_eq!(client["last_active_session_id"], redeemed.session.id.as_str());
        let forged =
            format!("{}{}", &cookie[..cookie.len() - 1], if cookie.ends_with('0') { "1" } else { "0" });
        let mut lines = Vec::new();
        for body in [
            json!({ "token": forged }),
            json!({ "token": token["token"] }),
            json!({ "token": "x" }),
            json!({ "token": "" }),
            json!({}),
            json!({ "token": 1 }),
            json!({ "token": cookie, "surprise": 1 }),
        ] {
            let answer = instance.post("/v1/clients/verify", body).await;
            assert!(!answer.text().contains(&cookie["actcli_".len()..][..40]), "{}", answer.text());
            lines.push(answer.to_string());
        }
        allow_duplicates! {
            assert_snapshot!(lines.join("\n"), @r#"
            400 cookie_invalid | Invalid cookie | The token provided is not the cookie of a client.
            400 cookie_invalid | Invalid cookie | The token provided is not the cookie of a client.
            400 cookie_invalid | Invalid cookie | The token provided is not the cookie of a client.
            422 form_param_missing | is missing | token must be included. | {"param_name":"token"}
            422 form_param_missing | is missing | token must be included. | {"param_name":"token"}
            422 form_param_value_invalid | is invalid | token is invalid. Received integer, must be of type string.
            422 form_param_unknown | is unknown | surprise is not a valid parameter for this request. | {"param_name":"surprise"}
            "#);
        }
    }
}

#[tokio::test]
async fn an_unknown_client_is_named() {
    let instance = Instance::start().await;
    let answer = instance.get(&format!("/v1/clients/client_{}", unknown_id())).await;
    assert_snapshot!(answer, @"404 resource_not_found | Client not found | No client was found with id [client]");
}
