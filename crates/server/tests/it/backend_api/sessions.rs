//! `/v1/sessions` (contract: Backend API §7).

use super::unknown_id;
use crate::harness::{Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    settings::InstanceKind,
    ticket,
};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// The id of a session that accepting an actor token of this subject made.
async fn impersonate(instance: &Instance, subject: &str) -> String {
    let token = instance.add_actor_token(subject).await;
    let context = Context { caller: Caller::Client(None), ..Context::system() };
    let ticket = token["token"].as_str().unwrap();
    let redeemed = ticket::redeem(&instance.app.world, &context, ticket, None).await.expect("it is redeemed");
    redeemed.session.id.to_string()
}

#[tokio::test]
async fn a_session_is_created_shown_and_revoked() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("someone").await;
        let created = instance.post("/v1/sessions", json!({ "user_id": "someone", "surprise": 1 })).await;
        let id = created.ok()["id"].as_str().unwrap().to_owned();
        let shown = instance.get(&format!("/v1/sessions/{id}")).await;
        assert_eq!(created.body, shown.body);
        instance.clock.advance_seconds(3);
        let revoked = instance.post(&format!("/v1/sessions/{id}/revoke"), Value::Null).await;
        let again = instance.post(&format!("/v1/sessions/{id}/revoke"), Value::Null).await;
        assert_eq!(revoked.body, again.body, "asking twice is safe");
        allow_duplicates! {
            assert_snapshot!(created, @r#"
            200 {
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
            "#);
            assert_snapshot!(revoked, @r#"
            200 {
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
              "status": "revoked",
              "tasks": [],
              "updated_at": "[start+3s]",
              "user_id": "someone"
            }
            "#);
        }
    }
}

#[tokio::test]
async fn an_impersonated_session_shows_its_actor_to_the_letter() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let actor = r#"{"n":9007199254740993,"sub":"agent","f":1.0}"#;
        let body = format!("{{\"user_id\":\"subject\",\"actor\":{actor}}}");
        let call = instance.call("POST", "/v1/actor_tokens").header("content-type", "application/json");
        let token = call.body(body).send().await.ok();
        let ticket = token["token"].as_str().unwrap();
        let context = Context { caller: Caller::Client(None), ..Context::system() };
        let redeemed = ticket::redeem(&instance.app.world, &context, ticket, None).await.unwrap();
        let session = instance.get(&format!("/v1/sessions/{}", redeemed.session.id)).await;
        assert!(session.text().contains(&format!("\"actor\":{actor}")), "{}", session.text());
        assert_eq!(session.ok()["expire_at"], 1_773_489_600_000_i64 + 1_800_000);
        let listed = instance.get("/v1/sessions?user_id=subject&status=active").await;
        assert!(listed.text().contains(actor), "{}", listed.text());
    }
}

#[tokio::test]
async fn a_list_has_two_shapes_and_its_filters() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("a").await;
        instance.add_user("b").await;
        let first = instance.add_session("a").await;
        instance.clock.advance_seconds(1);
        let second = instance.add_session("a").await;
        instance.clock.advance_seconds(1);
        let third = instance.add_session("b").await;
        let id = |session: &Value| session["id"].as_str().unwrap().to_owned();
        instance.post(&format!("/v1/sessions/{}/revoke", id(&first)), Value::Null).await.ok();
        let (first, second, third) = (id(&first), id(&second), (id(&third), &third["client_id"]));
        let client = third.1.as_str().unwrap();
        let cases = [
            (String::new(), vec![&third.0, &second, &first]),
            ("user_id=a".to_owned(), vec![&second, &first]),
            ("user_id=a&status=active".to_owned(), vec![&second]),
            ("status=revoked".to_owned(), vec![&first]),
            (format!("client_id={client}"), vec![&third.0]),
            (format!("client_id={client}&user_id=a"), vec![]),
            ("user_id=nobody".to_owned(), vec![]),
            ("user_id=".to_owned(), vec![]),
            ("client_id=nonsense".to_owned(), vec![]),
            ("status=".to_owned(), vec![&third.0, &second, &first]),
        ];
        for (query, expected) in cases {
            let bare = instance.get(&format!("/v1/sessions?{query}")).await.ok();
            let ids: Vec<_> = bare.as_array().expect("a bare array").iter().map(id).collect();
            assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{store:?} {query}");
            let page = instance.get(&format!("/v1/sessions?paginated=true&{query}")).await.ok();
            assert_eq!(page, json!({ "data": bare, "total_count": expected.len() }), "{store:?} {query}");
            let bare_again = instance.get(&format!("/v1/sessions?paginated=false&{query}")).await.ok();
            assert_eq!(bare_again, bare, "{store:?} {query}");
        }
        let page = instance.get("/v1/sessions?paginated=true&limit=1&offset=1").await.ok();
        assert_eq!((page["data"][0]["id"].as_str(), &page["total_count"]), (Some(&*second), &json!(3)));
    }
}

#[tokio::test]
async fn every_status_may_be_asked_for_and_no_other() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let over = impersonate(&instance, "subject").await;
        instance.clock.advance_seconds(600);
        let active = impersonate(&instance, "subject").await;
        for status in ["abandoned", "ended", "removed", "replaced", "revoked", "pending"] {
            let sessions = instance.get(&format!("/v1/sessions?status={status}")).await.ok();
            assert_eq!(sessions, json!([]), "{status}");
        }
        // What idled out counts as expired before anybody stores it.
        let expired = instance.get("/v1/sessions?status=expired").await.ok();
        assert_eq!((expired[0]["id"].as_str(), expired.as_array().unwrap().len()), (Some(&*over), 1));
        let live = instance.get("/v1/sessions?status=active").await.ok();
        assert_eq!((live[0]["id"].as_str(), live.as_array().unwrap().len()), (Some(&*active), 1));
        assert_eq!(instance.get(&format!("/v1/sessions/{over}")).await.ok()["status"], "expired");
        let refused = instance.get("/v1/sessions?status=alive").await;
        allow_duplicates! {
            assert_snapshot!(refused, @r#"422 form_param_value_invalid | is invalid | status is invalid. Only one of the following parameter values is allowed: abandoned, active, ended, expired, removed, replaced, revoked, pending | {"param_name":"status"}"#);
        }
    }
    let instance = Instance::start().await;
    for query in ["paginated=yes", "status=active&status=ended", "user_id=a&user_id=b"] {
        assert_eq!(instance.get(&format!("/v1/sessions?{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test]
async fn creation_is_refused_with_the_reason() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    instance.post("/v1/users", json!({ "id": "banned", "banned": true })).await.ok();
    let bodies = [
        json!({}),
        json!({ "user_id": null }),
        json!({ "user_id": 1 }),
        json!({ "user_id": "nobody" }),
        json!({ "user_id": "banned" }),
        json!({ "user_id": "someone", "active_organization_id": "org_1" }),
    ];
    let mut lines = Vec::new();
    for body in bodies {
        lines.push(instance.post("/v1/sessions", body).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_missing | is missing | user_id must be included. | {"param_name":"user_id"}
    422 form_param_value_invalid | is invalid | user_id is invalid. Received integer, must be of type string.
    404 resource_not_found | not found | No user was found with id nobody
    403 user_banned | User banned | You have been banned. If you think this was by mistake, please contact support.
    422 form_param_unknown | is unknown | active_organization_id is not a valid parameter for this request. Actas has no organizations. | {"param_name":"active_organization_id"}
    "#);
    let body = json!({ "user_id": "someone", "active_organization_id": null });
    instance.post("/v1/sessions", body).await.ok();
}

#[tokio::test]
async fn creation_is_for_development_instances() {
    let production = |plan: &mut crate::harness::Plan| plan.settings.instance_kind = InstanceKind::Production;
    let instance = Instance::start_with(production).await;
    instance.add_user("someone").await;
    assert_snapshot!(instance.post("/v1/sessions", json!({ "user_id": "someone" })).await, @"400 request_invalid_for_environment | Invalid request for environment | Request only valid for development instances.");
}

#[tokio::test]
async fn an_unknown_session_is_named() {
    let instance = Instance::start().await;
    let answer = instance.get(&format!("/v1/sessions/sess_{}", unknown_id())).await;
    assert_eq!(answer.error()["long_message"], format!("No session was found with id sess_{}", unknown_id()));
    assert_snapshot!(answer, @"404 resource_not_found | Session not found | No session was found with id [sess]");
}
