//! Native apps: `_is_native=1`, no `Origin`, no cookies; the client's secret goes out and in by `Authorization`.

use super::{
    actor_token,
    browser::{Browser, is_client_secret, set_cookies},
    instance, ordinary_ticket, session_status, ticket,
};
use crate::harness::{Answer, Call, Instance};
use serde_json::json;

fn call<'a>(instance: &'a Instance, method: &str, path: &str, secret: &str) -> Call<'a> {
    instance.anonymous(method, &format!("{path}?_is_native=1")).header("authorization", secret)
}

async fn redeem(instance: &Instance, ticket: &str, secret: &str) -> Answer {
    let call = call(instance, "POST", "/v1/client/sign_ins", secret);
    let form = format!("strategy=ticket&ticket={ticket}");
    call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await
}

#[tokio::test]
async fn the_whole_life_without_a_cookie() {
    let instance = instance().await;
    let token = actor_token(&instance).await;
    let answer = redeem(&instance, &ticket(&token), "").await;
    assert_eq!(set_cookies(&answer), Vec::<&str>::new());
    let secret = answer.header("authorization").expect("the client's secret").to_owned();
    assert!(is_client_secret(&secret));
    let session = answer.ok()["response"]["created_session_id"].as_str().unwrap().to_owned();
    let client = answer.ok()["client"]["id"].clone();

    for form in [secret.clone(), format!("Bearer {secret}"), format!("bearer  {secret}")] {
        let answer = call(&instance, "GET", "/v1/client", &form).send().await;
        assert_eq!(set_cookies(&answer), Vec::<&str>::new());
        assert_eq!(answer.ok()["response"]["id"], client);
    }
    for act in ["touch", "tokens"] {
        let path = format!("/v1/client/sessions/{session}/{act}");
        let answer = call(&instance, "POST", &path, &secret).send().await;
        answer.ok();
        assert_eq!(set_cookies(&answer), Vec::<&str>::new(), "{act}");
    }
    assert_eq!(redeem(&instance, &ordinary_ticket(&instance).await, &secret).await.status, 409);
    let answer = call(&instance, "DELETE", "/v1/client/sessions", &secret).send().await;
    assert_eq!(set_cookies(&answer), Vec::<&str>::new());
    assert_eq!(answer.ok()["client"]["sessions"], json!([]));
    assert_eq!(session_status(&instance, &session).await, "removed");

    let answer = redeem(&instance, &ordinary_ticket(&instance).await, &secret).await;
    assert_eq!(answer.ok()["client"]["id"], client);
    assert_ne!(answer.header("authorization"), Some(secret.as_str()), "the secret is rotated");
}

#[tokio::test]
async fn a_cookie_is_nothing_to_a_native_request_and_a_header_is_nothing_to_a_browsers() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let secret = browser.cookies["__client"].clone();
    let answer = browser.get("/v1/client?_is_native=1").await;
    assert_eq!(answer.ok()["response"], json!(null));
    assert_eq!(set_cookies(&answer), Vec::<&str>::new());
    let answer = instance.anonymous("GET", "/v1/client").header("authorization", &secret).send().await;
    assert_eq!(answer.ok()["response"], json!(null));
}

#[tokio::test]
async fn a_header_that_is_there_twice_is_refused() {
    let instance = instance().await;
    let call = call(&instance, "GET", "/v1/client", "a").header("authorization", "b");
    insta::assert_snapshot!(call.send().await, @"400 multiple_authorization_header_values_forbidden | Multiple 'Authorization' header values | Setting multiple values in the 'Authorization' header is forbidden");
}

#[tokio::test]
async fn a_secret_that_is_none_is_no_client() {
    let instance = instance().await;
    let key = format!("Bearer {}", instance.secret_key.reveal());
    for secret in ["x", "Bearer", "Bearer x", &ticket(&actor_token(&instance).await), &key] {
        let answer = call(&instance, "GET", "/v1/client", secret).send().await;
        assert_eq!(answer.ok()["response"], json!(null), "{secret}");
    }
}
