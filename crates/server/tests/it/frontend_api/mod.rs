//! The Frontend API, route by route (contract: Frontend API), with a browser's cookies and with a native app's
//! header.

mod browser;
mod client;
mod cookie_domains;
mod cors;
mod dev_accept;
mod dev_browser;
mod environment;
mod handshake;
mod handshake_development;
mod native;
mod npm;
mod own_page;
mod password_guesses;
mod passwords;
mod proxied;
mod races;
mod returns;
mod session_tokens;
mod sessions;
mod sign_in_refusals;
mod sign_ins;
mod ticket_pages;
mod tickets;
mod well_known;

use crate::harness::{Instance, Plan};
use actas_domain::settings::InstanceKind;
use serde_json::{Value, json};

/// A production instance with a user `subject` and a user `admin`.
async fn instance() -> Instance {
    instance_with(|_| {}).await
}

/// The same, but a development instance.
async fn development_instance() -> Instance {
    instance_with(|plan| plan.settings.instance_kind = InstanceKind::Development).await
}

/// The same, made otherwise.
async fn instance_with(adjust: impl FnOnce(&mut Plan)) -> Instance {
    let instance = Instance::start_with(|plan| {
        plan.settings.instance_kind = InstanceKind::Production;
        adjust(plan);
    })
    .await;
    instance.add_user("subject").await;
    instance.add_user("admin").await;
    instance
}

/// A pending actor token of `subject`, by `admin`.
async fn actor_token(instance: &Instance) -> Value {
    actor_token_with(instance, json!({})).await
}

/// The same with more members, or others.
async fn actor_token_with(instance: &Instance, more: Value) -> Value {
    let mut body = json!({ "user_id": "subject", "actor": { "sub": "admin" } });
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    instance.post("/v1/actor_tokens", body).await.ok()
}

/// The ticket in the answer of a create.
fn ticket(token: &Value) -> String {
    token["token"].as_str().expect("a ticket").to_owned()
}

/// A ticket by which `subject` signs in as themselves.
async fn ordinary_ticket(instance: &Instance) -> String {
    ticket(&instance.post("/v1/sign_in_tokens", json!({ "user_id": "subject" })).await.ok())
}

/// The status of a session as the Backend API shows it.
async fn session_status(instance: &Instance, id: &str) -> String {
    let session = instance.get(&format!("/v1/sessions/{id}")).await.ok();
    session["status"].as_str().expect("a status").to_owned()
}

/// The status of an actor token as the Backend API shows it.
async fn token_status(instance: &Instance, token: &Value) -> String {
    let id = token["id"].as_str().expect("an id");
    let token = instance.get(&format!("/v1/actor_tokens/{id}")).await.ok();
    token["status"].as_str().expect("a status").to_owned()
}
