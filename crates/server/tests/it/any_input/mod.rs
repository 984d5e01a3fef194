//! Any bytes on any route get the contract's error: never a 5xx, never a panic, always the envelope.

mod fitting;
mod request;
mod values;

use crate::harness::{Answer, Instance, StoreKind};
use actas_domain::{
    caller::{Caller, Context},
    ticket,
};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use request::AnyRequest;
use serde_json::json;
use std::panic::AssertUnwindSafe;
use values::Text;

/// Real things that random requests name, by their index.
struct Pool {
    /// Two users, an actor token, a sign-in token, an accepted actor token, a session and its client.
    ids: Vec<String>,
    /// The three tickets, the client's cookie and a token of its session.
    secrets: Vec<String>,
}

impl Pool {
    fn said(&self, text: &Text) -> String {
        match text {
            Text::Plain(text) => text.clone(),
            Text::Id(index) => self.ids[index % self.ids.len()].clone(),
            Text::Secret(index) => self.secrets[index % self.secrets.len()].clone(),
        }
    }
}

#[test]
fn no_request_breaks_an_instance_in_memory() {
    check(StoreKind::Memory, 400);
}

#[test]
fn no_request_breaks_an_instance_on_disk() {
    check(StoreKind::Sqlite, 40);
}

#[test]
fn no_request_breaks_an_instance_on_postgresql() {
    check(StoreKind::Postgres, 40);
}

/// Each case is a new instance and a handful of requests to it.
fn check(store: StoreKind, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&request::requests(), |requests| {
        let talk = AssertUnwindSafe(|| runtime.block_on(talk(store, &requests)));
        std::panic::catch_unwind(talk).map_err(|_| TestCaseError::fail("an answer is not the contract's"))
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn talk(store: StoreKind, requests: &[AnyRequest]) {
    let instance = Instance::start_on(store).await;
    let pool = fill(&instance).await;
    for request in requests {
        let Some(call) = request.call(&instance, &pool) else { continue };
        let answer = call.send().await;
        judge(request, &answer);
    }
    // Whatever was asked, the instance is still whole.
    instance.get("/v1/users").await.ok();
    instance.get("/v1/audit_entries?after=0").await.ok();
}

fn judge(request: &AnyRequest, answer: &Answer) {
    let content_type = answer.header("content-type");
    assert!(!answer.status.is_server_error(), "{request:?}\n{}", String::from_utf8_lossy(&answer.body));
    if answer.status.is_client_error() {
        // A browser that follows a link is answered with a page.
        let is_page = content_type.is_some_and(|text| text.starts_with("text/html"));
        if !(is_page && request.asks_for_a_page()) {
            answer.error();
        }
    } else if answer.status.is_success() && !answer.body.is_empty() {
        assert_eq!(content_type, Some("application/json"), "{request:?}");
        answer.json();
    }
}

async fn fill(instance: &Instance) -> Pool {
    let mut pool = Pool { ids: Vec::new(), secrets: Vec::new() };
    for user in ["ada", "bob"] {
        instance.add_user(user).await;
        pool.ids.push(user.to_owned());
    }
    let bodies = [
        ("/v1/actor_tokens", json!({ "user_id": "ada", "actor": { "sub": "bob" } })),
        ("/v1/sign_in_tokens", json!({ "user_id": "bob" })),
        ("/v1/actor_tokens", json!({ "user_id": "bob", "actor": { "sub": "agent" } })),
    ];
    for (path, body) in bodies {
        let token = instance.post(path, body).await.ok();
        pool.ids.push(token["id"].as_str().unwrap().to_owned());
        pool.secrets.push(token["token"].as_str().unwrap().to_owned());
    }
    let context = Context { caller: Caller::Client(None), ..Context::system() };
    let redeemed = ticket::redeem(&instance.app.world, &context, &pool.secrets[2], None).await.unwrap();
    let session = redeemed.session.id.to_string();
    let token = instance.call("POST", &format!("/v1/sessions/{session}/tokens")).send().await.ok();
    pool.ids.extend([session, redeemed.client.client.id.to_string()]);
    pool.secrets.extend([redeemed.cookie.reveal().to_owned(), token["jwt"].as_str().unwrap().to_owned()]);
    pool
}
