//! `GET /v1/tickets/accept` on a development instance: it hands the app a dev browser of its own.

use super::{
    actor_token,
    browser::{Browser, accept_path, is_client_secret, set_cookies, shown_cookies},
    development_instance, instance_with, session_status, ticket, token_status,
};
use crate::harness::{Answer, Instance};
use actas_domain::settings::InstanceKind;
use serde_json::{Value, json};

/// The ticket's redemption by scripts that hold this dev browser.
async fn redeem(instance: &Instance, dev_browser: &str, ticket: &str) -> Value {
    let call = instance.anonymous("POST", &format!("/v1/client/sign_ins?__clerk_db_jwt={dev_browser}"));
    let form = format!("strategy=ticket&ticket={ticket}");
    call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.ok()
}

/// The dev browser in the address that an accept leads to.
fn handed_out(answer: &Answer) -> Option<String> {
    let location = url::Url::parse(answer.header("location").unwrap()).unwrap();
    location.query_pairs().find(|(name, _)| name == "__clerk_db_jwt").map(|(_, id)| id.into_owned())
}

#[tokio::test]
async fn a_link_leads_to_the_app_with_a_fresh_dev_browser_that_this_host_remembers() {
    let instance = development_instance().await;
    let token = actor_token(&instance).await;
    let mut browser = Browser::new(&instance);
    let answer = browser.open(&ticket(&token)).await;
    assert_eq!(answer.status, 303);
    let id = handed_out(&answer).unwrap();
    assert!(is_client_secret(&id));
    let location = format!(
        "https://app.example.test/sign-in?__clerk_ticket={}&__clerk_status=sign_in&__clerk_db_jwt={id}",
        ticket(&token)
    );
    assert_eq!(answer.header("location"), Some(location.as_str()));
    insta::assert_snapshot!(shown_cookies(&answer), @"__client=[secret]; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(browser.cookies["__client"], id);
    assert_eq!(token_status(&instance, &token).await, "pending");
    let client = instance.anonymous("GET", &format!("/v1/client?__clerk_db_jwt={id}")).send().await.ok();
    assert_eq!(client["response"]["sessions"], json!([]));
}

#[tokio::test]
async fn the_next_link_ends_the_session_of_the_one_before() {
    let instance = development_instance().await;
    let mut browser = Browser::new(&instance);
    let first = actor_token(&instance).await;
    let id = handed_out(&browser.open(&ticket(&first)).await).unwrap();
    let signed_in = redeem(&instance, &id, &ticket(&first)).await;
    let session = signed_in["response"]["created_session_id"].as_str().unwrap().to_owned();
    assert_eq!(session_status(&instance, &session).await, "active");

    let second = actor_token(&instance).await;
    let next = handed_out(&browser.open(&ticket(&second)).await).unwrap();
    assert_ne!(next, id);
    assert_eq!(session_status(&instance, &session).await, "removed");
}

#[tokio::test]
async fn the_apps_own_dev_browser_is_known_where_both_are_on_one_host() {
    let instance = development_instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.post("/v1/dev_browser", "").await.ok()["id"].as_str().unwrap().to_owned();
    let signed_in = redeem(&instance, &id, &super::ordinary_ticket(&instance).await).await;
    let session = signed_in["response"]["created_session_id"].as_str().unwrap().to_owned();
    browser.cookies.insert("__clerk_db_jwt".to_owned(), id);
    browser.open(&ticket(&actor_token(&instance).await)).await;
    assert_ne!(session_status(&instance, &session).await, "active");
}

#[tokio::test]
async fn what_is_no_navigation_is_handed_nothing() {
    let instance = development_instance().await;
    let browser = Browser::new(&instance);
    let path = accept_path(&ticket(&actor_token(&instance).await));
    let head = browser.navigation("HEAD", &path).send().await;
    let image = instance.anonymous("GET", &path).header("sec-fetch-mode", "no-cors").send().await;
    for answer in [head, image] {
        assert_eq!((answer.status.as_u16(), handed_out(&answer)), (303, None));
        assert_eq!(set_cookies(&answer), Vec::<&str>::new());
    }
    assert_eq!(instance.get("/v1/clients").await.ok(), json!([]));
}

#[tokio::test]
async fn a_dead_link_hands_out_nothing() {
    let instance = development_instance().await;
    let answer = Browser::new(&instance).open("forged").await;
    assert_eq!((answer.code().as_str(), set_cookies(&answer).len()), ("ticket_invalid_code", 0));
    assert_eq!(instance.get("/v1/clients").await.ok(), json!([]));
}

#[tokio::test]
async fn actas_own_page_is_on_this_host_and_needs_no_dev_browser() {
    let instance = instance_with(|plan| {
        plan.settings.instance_kind = InstanceKind::Development;
        plan.http.sign_in_url = None;
    })
    .await;
    let answer = Browser::new(&instance).open(&ticket(&actor_token(&instance).await)).await;
    assert_eq!((answer.status.as_u16(), handed_out(&answer)), (303, None));
    assert_eq!(set_cookies(&answer), Vec::<&str>::new());
}

#[tokio::test]
async fn the_actors_own_session_is_set_aside_and_comes_back_on_the_new_dev_browser() {
    let instance = development_instance().await;
    let mut browser = Browser::new(&instance);
    let own = browser.post("/v1/dev_browser", "").await.ok()["id"].as_str().unwrap().to_owned();
    let admin = ticket(&instance.post("/v1/sign_in_tokens", json!({ "user_id": "admin" })).await.ok());
    let signed_in = redeem(&instance, &own, &admin).await;
    let session = signed_in["response"]["created_session_id"].as_str().unwrap().to_owned();
    browser.cookies.insert("__clerk_db_jwt".to_owned(), own);

    let token = actor_token(&instance).await;
    let id = handed_out(&browser.open(&ticket(&token)).await).unwrap();
    assert_eq!(session_status(&instance, &session).await, "replaced");
    redeem(&instance, &id, &ticket(&token)).await;
    let path = format!("/v1/client/sessions?_method=DELETE&__clerk_db_jwt={id}");
    let stopped = instance.anonymous("POST", &path).send().await.ok();
    assert_eq!(stopped["client"]["sessions"][0]["user"]["id"], "admin");
    assert_eq!(stopped["client"]["sessions"][0]["actor"], json!(null));
    let client = instance.anonymous("GET", &format!("/v1/client?__clerk_db_jwt={id}")).send().await.ok();
    assert_eq!(client["response"]["sessions"].as_array().unwrap().len(), 1, "its secret is still the same");
}
