//! `/v1/actor_tokens`: what is answered when all is well (contract: Backend API §4).

use crate::harness::{Answer, Instance, StoreKind};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// A token with everything, and a second in which nothing happened.
async fn create(instance: &Instance) -> Answer {
    instance.add_user("subject").await;
    let body = json!({
        "user_id": "subject",
        "actor": { "sub": "cli:agent@example.com", "iss": "support" },
        "expires_in_seconds": 600,
        "session_max_duration_in_seconds": 900,
        "reason": "ticket 4711",
    });
    let created = instance.post("/v1/actor_tokens", body).await;
    instance.clock.advance_seconds(1);
    created
}

#[tokio::test]
async fn a_token_is_created_and_revoked() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let created = create(&instance).await;
        let path = format!("/v1/actor_tokens/{}/revoke", created.ok()["id"].as_str().unwrap());
        let revoked = instance.post(&path, Value::Null).await;
        allow_duplicates! {
            assert_snapshot!(created, @r#"
            200 {
              "actor": {
                "iss": "support",
                "sub": "cli:agent@example.com"
              },
              "created_at": "[start]",
              "id": "[act]",
              "object": "actor_token",
              "status": "pending",
              "token": "[acttkt]",
              "updated_at": "[start]",
              "url": "https://actas.example.test/v1/tickets/accept?ticket=[acttkt]",
              "user_id": "subject"
            }
            "#);
            assert_snapshot!(revoked, @r#"
            200 {
              "actor": {
                "iss": "support",
                "sub": "cli:agent@example.com"
              },
              "created_at": "[start]",
              "id": "[act]",
              "object": "actor_token",
              "status": "revoked",
              "updated_at": "[start+1s]",
              "user_id": "subject"
            }
            "#);
        }
    }
}

#[tokio::test]
async fn a_token_is_shown_with_its_reason_and_without_its_ticket() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let id = create(&instance).await.ok()["id"].as_str().unwrap().to_owned();
        let shown = instance.get(&format!("/v1/actor_tokens/{id}")).await;
        assert_eq!(instance.get("/v1/actor_tokens").await.ok()["data"], json!([shown.ok()]));
        allow_duplicates! {
            assert_snapshot!(shown, @r#"
            200 {
              "actor": {
                "iss": "support",
                "sub": "cli:agent@example.com"
              },
              "created_at": "[start]",
              "expires_at": "[start+600s]",
              "id": "[act]",
              "object": "actor_token",
              "reason": "ticket 4711",
              "revoked_because": null,
              "session_id": null,
              "session_max_duration_in_seconds": 900,
              "status": "pending",
              "updated_at": "[start]",
              "user_id": "subject"
            }
            "#);
        }
        instance.post(&format!("/v1/actor_tokens/{id}/revoke"), Value::Null).await.ok();
        let shown = instance.get(&format!("/v1/actor_tokens/{id}")).await.ok();
        assert_eq!((&shown["status"], &shown["revoked_because"]), (&json!("revoked"), &json!("requested")));
    }
}

#[tokio::test]
async fn the_url_leads_to_this_instance_with_the_ticket() {
    let instance = Instance::start().await;
    instance.add_user("subject").await;
    let token = instance.add_actor_token("subject").await;
    let ticket = token["token"].as_str().unwrap();
    assert_eq!(token["url"], format!("https://actas.example.test/v1/tickets/accept?ticket={ticket}"));
}

#[tokio::test]
async fn an_actor_is_answered_to_the_letter() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let actor =
            r#"{"z":1.0,"sub":"agent","big":9007199254740993,"s":"\u0041é","nested":{"b":[],"a":null}}"#;
        let spaced = actor.replace(':', " : ").replace(',', " ,\n");
        let body = format!("{{\"user_id\":\"subject\",\"actor\":{spaced}}}");
        let call = instance.call("POST", "/v1/actor_tokens").header("content-type", "application/json");
        let created = call.body(body).send().await;
        let id = created.ok()["id"].as_str().unwrap().to_owned();
        let shown = instance.get(&format!("/v1/actor_tokens/{id}")).await;
        let revoked = instance.post(&format!("/v1/actor_tokens/{id}/revoke"), Value::Null).await;
        for answer in [created, shown, revoked] {
            assert!(answer.text().contains(actor), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_token_past_its_lifetime_is_pending_and_may_be_revoked() {
    let instance = Instance::start().await;
    instance.add_user("subject").await;
    let id = instance.add_actor_token("subject").await["id"].as_str().unwrap().to_owned();
    instance.clock.advance_seconds(3_600);
    assert_eq!(instance.get(&format!("/v1/actor_tokens/{id}")).await.ok()["status"], "pending");
    let revoked = instance.post(&format!("/v1/actor_tokens/{id}/revoke"), Value::Null).await.ok();
    assert_eq!(revoked["status"], "revoked");
}

#[tokio::test]
async fn no_answer_but_the_creation_has_the_ticket() {
    let instance = Instance::start().await;
    instance.add_user("subject").await;
    let created = instance.add_actor_token("subject").await;
    let ticket = created["token"].as_str().unwrap();
    let id = created["id"].as_str().unwrap();
    let answers = [
        instance.get(&format!("/v1/actor_tokens/{id}")).await,
        instance.get("/v1/actor_tokens").await,
        instance.post(&format!("/v1/actor_tokens/{id}/revoke"), Value::Null).await,
        instance.get("/v1/audit_entries").await,
    ];
    for answer in answers {
        answer.ok();
        assert!(!answer.text().contains(&ticket["acttkt_".len()..]), "{}", answer.text());
    }
}

#[tokio::test]
async fn tokens_are_listed_newest_first_by_any_filter() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let mut ids = Vec::new();
        for (subject, actor) in [("one", "a"), ("two", "a"), ("one", "b")] {
            instance.post("/v1/users", json!({ "id": subject })).await;
            let body = json!({ "user_id": subject, "actor": { "sub": actor } });
            let token = instance.post("/v1/actor_tokens", body).await.ok();
            ids.push(token["id"].as_str().unwrap().to_owned());
            instance.clock.advance_seconds(1);
        }
        instance.post(&format!("/v1/actor_tokens/{}/revoke", ids[0]), Value::Null).await.ok();
        let (start, after) = (1_773_489_600_000_i64, &ids[1]);
        let found = [
            (String::new(), vec![2, 1, 0]),
            ("status=pending".to_owned(), vec![2, 1]),
            ("user_id=one".to_owned(), vec![2, 0]),
            ("actor_sub=a&user_id=one".to_owned(), vec![0]),
            (format!("created_after={}", start + 1_000), vec![2, 1]),
            (format!("created_before={}", start + 1_000), vec![0]),
            (format!("starting_after={after}"), vec![0]),
            ("user_id=nobody".to_owned(), vec![]),
        ];
        for (query, expected) in found {
            let page = instance.get(&format!("/v1/actor_tokens?{query}")).await.ok();
            let listed: Vec<_> =
                page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
            let expected: Vec<_> = expected.iter().map(|index: &usize| json!(ids[*index])).collect();
            assert_eq!(listed, expected, "{store:?} {query}");
            assert_eq!(page["has_more"], false);
        }
        let page = instance.get("/v1/actor_tokens?limit=2").await.ok();
        assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (2, &json!(true)));
    }
}

#[tokio::test]
async fn a_wrong_filter_is_named() {
    let instance = Instance::start().await;
    let mut lines = Vec::new();
    for query in [
        "status=expired",
        "user_id=not%20an%20id",
        "starting_after=sess_x",
        "created_after=yesterday",
        "status=pending&status=revoked",
        "offset=1",
    ] {
        lines.push(instance.get(&format!("/v1/actor_tokens?{query}")).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_value_invalid | is invalid | status is invalid. Only one of the following parameter values is allowed: pending, accepted, revoked | {"param_name":"status"}
    422 form_param_value_invalid | is invalid | user_id is invalid | {"param_name":"user_id"}
    422 form_param_value_invalid | is invalid | starting_after is invalid | {"param_name":"starting_after"}
    422 form_param_invalid_date | Date values must be given in Unix millisecond timestamp format. | Date values must be given in Unix millisecond timestamp format. | {"param_name":"created_after"}
    422 form_param_duplicate | is duplicate | status included multiple times. There should only be one. | {"param_name":"status"}
    422 form_param_unknown | is unknown | offset is not a valid parameter for this request. Follow the list with starting_after. | {"param_name":"offset"}
    "#);
}
