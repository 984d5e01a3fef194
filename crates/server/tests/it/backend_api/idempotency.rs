//! `Idempotency-Key`: the same request again is answered as the first time, and acts once.

use super::unknown_id;
use crate::harness::{Answer, Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    idempotency, secret_key, ticket,
};
use actas_server::{BACKEND_ROUTES, REPEATABLE_ROUTES};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

const DAY_MILLIS: i64 = 24 * 3_600 * 1_000;
pub(super) const CREATE: &str = "/v1/actor_tokens";

/// The `POST`s that ignore the header: the import's rows are repeatable by their ids, the others change nothing.
const NOT_REPEATABLE: &[&str] = &[
    "/v1/users/import",
    "/v1/sessions/{session_id}/verify",
    "/v1/sessions/{session_id}/tokens",
    "/v1/sessions/{session_id}/tokens/{template_name}",
    "/v1/clients/verify",
];

pub(super) async fn post(instance: &Instance, key: &str, path: &str, body: &Value) -> Answer {
    instance.call("POST", path).header("idempotency-key", key).json(body).send().await
}

pub(super) fn creation() -> Value {
    json!({ "user_id": "subject", "actor": { "sub": "agent" } })
}

async fn entries(instance: &Instance) -> Vec<Value> {
    let entries = instance.get("/v1/audit_entries?after=0&limit=500").await.ok();
    entries["data"].as_array().unwrap().clone()
}

pub(super) async fn tokens(instance: &Instance) -> usize {
    instance.get("/v1/actor_tokens").await.ok()["data"].as_array().unwrap().len()
}

/// The second is the first one again: status, body and trace id, and it says so.
#[track_caller]
pub(super) fn assert_replayed(first: &Answer, second: &Answer) {
    assert_eq!((second.status, &second.body), (first.status, &first.body), "{}", second.text());
    assert_eq!(second.header("x-clerk-trace-id"), first.header("x-clerk-trace-id"));
    assert_eq!(second.header("content-type"), first.header("content-type"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.header("idempotency-replayed"), Some("true"), "{}", second.text());
}

#[track_caller]
pub(super) fn assert_fresh(answer: &Answer) {
    assert_eq!(answer.header("idempotency-replayed"), None, "{}", answer.text());
}

#[tokio::test]
async fn a_creation_sent_again_gives_the_same_ticket_and_one_token() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let first = post(&instance, "key", CREATE, &creation()).await;
        instance.clock.advance_seconds(7);
        let before = entries(&instance).await;
        let second = post(&instance, "key", CREATE, &creation()).await;
        assert_replayed(&first, &second);
        assert_eq!(entries(&instance).await, before, "one act has one entry");
        assert_eq!(tokens(&instance).await, 1);
        let text = second.ok()["token"].as_str().unwrap().to_owned();
        let holder = Context { caller: Caller::Client(None), ..Context::system() };
        ticket::redeem(&instance.app.world, &holder, &text, None).await.expect("the ticket is good");
        ticket::redeem(&instance.app.world, &holder, &text, None).await.expect_err("once");
        assert_replayed(&first, &post(&instance, "key", CREATE, &creation()).await);
        assert_fresh(&post(&instance, "another", CREATE, &creation()).await);
        assert_eq!(tokens(&instance).await, 2);
    }
}

/// All routes whose `POST` acts: what they did is not done again, and is answered alike.
#[tokio::test]
async fn every_act_is_done_once() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let actor_token = instance.add_actor_token("subject").await["id"].as_str().unwrap().to_owned();
        let sign_in = instance.post("/v1/sign_in_tokens", json!({ "user_id": "subject" })).await.ok();
        let sign_in_token = sign_in["id"].as_str().unwrap().to_owned();
        let session = instance.add_session("subject").await["id"].as_str().unwrap().to_owned();
        let mut walked = Vec::new();
        for (route, body) in [
            ("/v1/actor_tokens", creation()),
            ("/v1/actor_tokens/{actor_token_id}/revoke", Value::Null),
            ("/v1/sign_in_tokens", json!({ "user_id": "subject" })),
            ("/v1/sign_in_tokens/{sign_in_token_id}/revoke", Value::Null),
            ("/v1/users", json!({ "first_name": "Ada", "password": "correct horse battery" })),
            ("/v1/sessions", json!({ "user_id": "subject" })),
            ("/v1/sessions/{session_id}/revoke", Value::Null),
            ("/v1/users/{user_id}/ban", Value::Null),
            ("/v1/users/{user_id}/unban", Value::Null),
            ("/v1/users/{user_id}/lock", Value::Null),
            ("/v1/users/{user_id}/unlock", Value::Null),
        ] {
            let path = route
                .replace("{actor_token_id}", &actor_token)
                .replace("{sign_in_token_id}", &sign_in_token)
                .replace("{session_id}", &session)
                .replace("{user_id}", "subject");
            let before = entries(&instance).await.len();
            let first = post(&instance, "key", &path, &body).await;
            first.ok();
            let after = entries(&instance).await;
            assert!(after.len() > before, "{route} acts");
            instance.clock.advance_seconds(1);
            assert_replayed(&first, &post(&instance, "key", &path, &body).await);
            assert_eq!(entries(&instance).await, after, "{route} acted again");
            walked.push(route);
        }
        walked.sort_unstable();
        let mut repeatable = REPEATABLE_ROUTES.to_vec();
        repeatable.sort_unstable();
        assert_eq!(walked, repeatable);
    }
}

/// A new route decides for itself: it is repeatable by the header, or it needs no header.
#[test]
fn every_post_is_repeatable_or_ignores_the_header() {
    for (method, route) in BACKEND_ROUTES {
        let listed = [REPEATABLE_ROUTES, NOT_REPEATABLE].map(|routes| routes.contains(route));
        match *method {
            "POST" => assert!(listed[0] != listed[1], "{route} must be in one of the two lists"),
            _ => assert!(!listed[1], "{route}"),
        }
    }
}

#[tokio::test]
async fn a_revocation_sent_again_succeeds_again() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let id = instance.add_actor_token("subject").await["id"].as_str().unwrap().to_owned();
        let path = format!("{CREATE}/{id}/revoke");
        let first = post(&instance, "key", &path, &Value::Null).await;
        assert_eq!(first.ok()["status"], "revoked");
        assert_replayed(&first, &post(&instance, "key", &path, &Value::Null).await);
        let unkeyed = instance.post(&path, Value::Null).await;
        assert_eq!(unkeyed.code(), "actor_token_cannot_be_revoked_code");
        // Also when the token was revoked without a key, a refusal stays what it was.
        let refused = post(&instance, "late", &path, &Value::Null).await;
        assert_eq!(refused.status, 400);
        assert_replayed(&refused, &post(&instance, "late", &path, &Value::Null).await);
    }
}

#[tokio::test]
async fn an_answer_is_repeated_for_24_hours() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let first = post(&instance, "key", CREATE, &creation()).await;
        instance.clock.advance_millis(DAY_MILLIS - 1);
        assert_replayed(&first, &post(&instance, "key", CREATE, &creation()).await);
        instance.clock.advance_millis(1);
        let next =
            post(&instance, "key", CREATE, &json!({ "user_id": "subject", "actor": { "sub": "x" } })).await;
        assert_fresh(&next);
        assert_ne!(next.ok()["token"], first.ok()["token"]);
        assert_eq!(tokens(&instance).await, 2);
        // From then on that one is kept; what is over is removed.
        instance.clock.advance_millis(DAY_MILLIS - 1);
        assert_eq!(idempotency::forget(&instance.app.world).await.unwrap(), 0);
        assert_eq!(post(&instance, "key", CREATE, &creation()).await.code(), "idempotency_key_reused");
        instance.clock.advance_millis(1);
        assert_fresh(&post(&instance, "key", CREATE, &creation()).await);
    }
}

/// A clock that is ahead for less than a day makes nobody lose an answer.
#[tokio::test]
async fn an_answer_is_removed_a_day_after_its_time() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        let first = post(&instance, "key", CREATE, &creation()).await;
        instance.clock.advance_millis(2 * DAY_MILLIS - 1);
        assert_eq!(idempotency::forget(&instance.app.world).await.unwrap(), 0);
        instance.clock.advance_millis(-DAY_MILLIS);
        assert_replayed(&first, &post(&instance, "key", CREATE, &creation()).await);
        instance.clock.advance_millis(DAY_MILLIS + 1);
        assert_eq!(idempotency::forget(&instance.app.world).await.unwrap(), 1);
        assert_fresh(&post(&instance, "key", CREATE, &creation()).await);
    }
}

#[tokio::test]
async fn a_repeated_refusal_is_counted_again() {
    let instance = Instance::start().await;
    for _ in 0..3 {
        assert_eq!(post(&instance, "key", CREATE, &creation()).await.status, 404);
    }
    let metrics = instance.anonymous("GET", "/metrics").send().await.text().to_owned();
    for line in [
        "actas_refusals_total{code=\"resource_not_found\"} 3",
        "actas_requests_total{route=\"/v1/actor_tokens\",method=\"POST\",status=\"404\"} 3",
        "actas_kept_answers 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn a_refusal_stays_what_it_was() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let unknown = post(&instance, "key", CREATE, &creation()).await;
        assert_eq!(unknown.status, 404);
        assert_eq!(instance.last_audit_entry().await["outcome"], "denied");
        instance.add_user("subject").await;
        let before = entries(&instance).await;
        let again = post(&instance, "key", CREATE, &creation()).await;
        assert_replayed(&unknown, &again);
        assert_eq!(again.code(), "resource_not_found");
        assert_eq!(entries(&instance).await, before, "one refusal has one entry");
        post(&instance, "another", CREATE, &creation()).await.ok();
        // Of shape, and of what is not on record.
        let nothing = format!("{CREATE}/act_{}/revoke", unknown_id());
        for (path, body) in [(CREATE, json!({})), (CREATE, json!([])), (&nothing, Value::Null)] {
            let key = format!("{path}{body}");
            let first = post(&instance, &key, path, &body).await;
            assert!(first.status.is_client_error());
            assert_replayed(&first, &post(&instance, &key, path, &body).await);
        }
    }
}

#[tokio::test]
async fn what_found_nothing_to_change_is_kept_too() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.add_user("subject").await;
        instance.post("/v1/users/subject/ban", Value::Null).await.ok();
        let banned = post(&instance, "key", "/v1/users/subject/ban", &Value::Null).await;
        instance.post("/v1/users/subject/unban", Value::Null).await.ok();
        let again = post(&instance, "key", "/v1/users/subject/ban", &Value::Null).await;
        assert_replayed(&banned, &again);
        assert_eq!(instance.get("/v1/users/subject").await.ok()["banned"], false, "it acted again");
    }
}

#[tokio::test]
async fn a_caller_without_a_key_gets_nothing_and_leaves_nothing() {
    for store in StoreKind::ALL {
        let instance = Instance::start_with(|plan| {
            plan.store = store;
            plan.http.failed_authentications_per_minute = 1;
        })
        .await;
        instance.add_user("subject").await;
        let wrong = || {
            let call = instance.anonymous("POST", CREATE).header("authorization", "Bearer sk_test_wrong");
            call.header("idempotency-key", "key").json(&creation()).send()
        };
        assert_eq!((wrong().await.status.as_u16(), wrong().await.status.as_u16()), (401, 429));
        let first = post(&instance, "key", CREATE, &creation()).await;
        assert_fresh(&first);
        first.ok();
        assert_eq!(wrong().await.status, 429, "nobody is told what is kept without a key");
        // With another key of the same instance the answer is the same; with a revoked one there is none.
        let world = &instance.app.world;
        let operator = Context::operator();
        let (key, text) = secret_key::create::create(world, &operator, "second", false).await.unwrap();
        let second = || {
            let bearer = format!("Bearer {}", text.reveal());
            let call = instance.anonymous("POST", CREATE).header("authorization", &bearer);
            call.header("idempotency-key", "key").json(&creation()).send()
        };
        assert_replayed(&first, &second().await);
        secret_key::revoke::revoke(world, &operator, key.id.as_str(), false).await.unwrap();
        assert_ne!(second().await.status, 200);
    }
}

#[tokio::test]
async fn a_key_of_another_form_is_refused() {
    let instance = Instance::start().await;
    instance.add_user("subject").await;
    let call = || instance.call("POST", CREATE).json(&creation());
    let repeated = call().header("idempotency-key", "a").header("idempotency-key", "a").send().await;
    assert_snapshot!(repeated, @r#"422 form_param_duplicate | is duplicate | Idempotency-Key included multiple times. There should only be one. | {"param_name":"Idempotency-Key"}"#);
    let long = "x".repeat(256);
    for bad in ["", "a b", "é", &long] {
        let refused = call().header("idempotency-key", bad).send().await;
        insta::allow_duplicates! {
            assert_snapshot!(refused, @r#"422 form_param_format_invalid | is invalid | Idempotency-Key must be a text of 1 to 255 visible ASCII characters. | {"param_name":"Idempotency-Key"}"#);
        }
    }
    assert_eq!(tokens(&instance).await, 0);
    call().header("idempotency-key", &long[1..]).send().await.ok();
}

/// Where nothing acts, the header is not even looked at.
#[tokio::test]
async fn the_header_means_nothing_elsewhere() {
    let instance = Instance::start().await;
    instance.add_user("subject").await;
    let session = instance.add_session("subject").await["id"].as_str().unwrap().to_owned();
    let tokens = format!("/v1/sessions/{session}/tokens");
    for (method, path, body) in [
        ("GET", "/v1/users", Value::Null),
        ("PATCH", "/v1/users/subject", json!({ "first_name": "Ada" })),
        ("PATCH", "/v1/users/subject/metadata", json!({})),
        ("POST", &tokens, json!({})),
        ("DELETE", "/v1/users/subject", Value::Null),
    ] {
        let call = instance.call(method, path).header("idempotency-key", "not a key").json(&body);
        call.send().await.ok();
    }
    let again =
        instance.call("DELETE", "/v1/users/subject").header("idempotency-key", "not a key").send().await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn neither_the_ticket_nor_the_key_is_on_disk() {
    let instance = Instance::start_on(StoreKind::Sqlite).await;
    instance.add_user("subject").await;
    let key = "planted-idempotency-key";
    let ticket = post(&instance, key, CREATE, &creation()).await.ok()["token"].as_str().unwrap().to_owned();
    post(&instance, key, "/v1/users", &json!({ "password": "planted-password-9" })).await.ok();
    let folder = instance.folder.as_ref().unwrap().path();
    let (mut searched, mut found_user) = (0, false);
    for file in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for secret in [&ticket, key, "planted-password-9", &ticket[ticket.len() - 40..]] {
            assert!(!holds(secret), "{secret} is on disk");
        }
        found_user |= holds("subject");
        searched += 1;
    }
    assert!(searched >= 2 && found_user, "nothing was searched");
}
