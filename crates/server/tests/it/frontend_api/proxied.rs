//! The Frontend API behind an app, at `/__clerk` on its host: what is believed of the app, and what is not.

use super::{
    actor_token,
    browser::{Browser, accept_path},
    handshake::decoded,
    instance, instance_with, ticket,
};
use crate::harness::{Answer, Call, Instance, Turnstile};
use std::sync::Arc;

/// As an app's SDK passes a request on: of one origin, so that there is no `Origin`.
fn passed_on<'a>(instance: &'a Instance, secret_key: &str, method: &str, path: &str) -> Call<'a> {
    passed_on_for(instance, secret_key, method, path, "198.51.100.9")
}

/// The same for a browser of this address.
fn passed_on_for<'a>(
    instance: &'a Instance,
    secret_key: &str,
    method: &str,
    path: &str,
    forwarded_for: &str,
) -> Call<'a> {
    instance
        .anonymous(method, path)
        .header("clerk-secret-key", secret_key)
        .header("clerk-proxy-url", "https://app.example.test/__clerk")
        .header("x-forwarded-host", "app.example.test")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-for", forwarded_for)
}

fn redeem<'a>(call: Call<'a>, ticket: &str) -> Call<'a> {
    let form = format!("strategy=ticket&ticket={ticket}");
    call.header("content-type", "application/x-www-form-urlencoded").body(form)
}

fn party(answer: &Answer) -> serde_json::Value {
    let session = &answer.ok()["client"]["sessions"][0];
    decoded(session["last_active_token"]["jwt"].as_str().unwrap())["azp"].clone()
}

#[tokio::test]
async fn an_app_with_the_secret_key_speaks_for_its_browsers() {
    let instance = instance().await;
    let key = instance.secret_key.reveal();
    let call = passed_on(&instance, key, "POST", "/v1/client/sign_ins");
    let answer = redeem(call, &ticket(&actor_token(&instance).await)).send().await;
    assert_eq!(party(&answer), "https://app.example.test");
    assert_eq!(instance.last_audit_entry().await["address"], "198.51.100.9");
}

#[tokio::test]
async fn without_a_key_nothing_of_that_is_believed() {
    let instance = instance().await;
    let call = instance
        .anonymous("POST", "/v1/client/sign_ins")
        .header("clerk-proxy-url", "https://app.example.test/__clerk")
        .header("x-forwarded-for", "198.51.100.9");
    let answer = redeem(call, &ticket(&actor_token(&instance).await)).send().await;
    assert_eq!(party(&answer), serde_json::Value::Null);
    assert_eq!(instance.last_audit_entry().await["address"], "192.0.2.7");
}

#[tokio::test]
async fn a_wrong_key_is_refused_everywhere_and_is_limited() {
    let instance = instance_with(|plan| plan.http.failed_authentications_per_minute = 4).await;
    let token = actor_token(&instance).await;
    for (method, path) in [("POST", "/v1/client/sign_ins".to_owned()), ("GET", accept_path(&ticket(&token)))]
    {
        let answer =
            redeem(passed_on(&instance, "sk_live_wrong", method, &path), &ticket(&token)).send().await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @"401 proxy_request_invalid_secret_key | invalid secret key | The secret key given with this proxy request is invalid.");
        }
    }
    let twice = passed_on(&instance, instance.secret_key.reveal(), "GET", "/v1/client")
        .header("clerk-secret-key", instance.secret_key.reveal());
    assert_eq!(twice.send().await.code(), "proxy_request_invalid_secret_key");
    let empty = passed_on(&instance, "", "GET", "/v1/client").send().await;
    assert_eq!(empty.code(), "proxy_request_invalid_secret_key");
    let limited = passed_on(&instance, "sk_live_wrong", "GET", "/v1/client").send().await;
    assert_eq!(limited.code(), "too_many_requests");
    assert_eq!(super::token_status(&instance, &token).await, "pending");
}

#[tokio::test]
async fn an_app_can_name_no_origin_that_is_not_the_instances() {
    let instance = instance().await;
    let call = instance
        .anonymous("POST", "/v1/client/sign_ins")
        .header("clerk-secret-key", instance.secret_key.reveal())
        .header("clerk-proxy-url", "https://evil.example/__clerk")
        .header("x-forwarded-for", "no address");
    let answer = redeem(call, &ticket(&actor_token(&instance).await)).send().await;
    assert_eq!(party(&answer), serde_json::Value::Null);
    assert_eq!(instance.last_audit_entry().await["address"], "192.0.2.7");
}

/// An adapter of the app's own may pass on all that it was told.
#[tokio::test]
async fn of_a_chain_the_nearest_that_is_no_proxy_is_the_browsers_address() {
    let instance =
        instance_with(|plan| plan.http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()]).await;
    let key = instance.secret_key.reveal();
    for chain in ["198.51.100.9", "203.0.113.1, 198.51.100.9", "203.0.113.1, 198.51.100.9, 10.0.0.7"] {
        let call = passed_on_for(&instance, key, "POST", "/v1/client/sign_ins", chain);
        redeem(call, &ticket(&actor_token(&instance).await)).send().await.ok();
        assert_eq!(instance.last_audit_entry().await["address"], "198.51.100.9", "{chain}");
    }
}

/// A front that lets browsers say where they come from is no way to guess on without an end.
#[tokio::test]
async fn a_browser_that_names_itself_anew_each_time_is_limited_too() {
    // As good as no time for each, so that the minute gives nothing back meanwhile.
    let turnstile = Arc::new(Turnstile::default());
    turnstile.open_for_wrong();
    let instance = Instance::start_with(|plan| {
        plan.passwords = turnstile;
        plan.http.failed_authentications_per_minute = 1;
    })
    .await;
    instance.add_user("subject").await;
    let key = instance.secret_key.reveal();
    let sign_in = async |form: &str, address: &str| {
        let call = passed_on_for(&instance, key, "POST", "/v1/client/sign_ins", address);
        call.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned()).send().await
    };
    let guess = "identifier=eva&password=wrong-password";
    for number in 0..5 {
        assert_eq!(sign_in(guess, &format!("198.51.100.{number}")).await.status, 422, "{number}");
        let forged = sign_in("strategy=ticket&ticket=forged", &format!("2001:db8:0:{number}::1")).await;
        assert_eq!(forged.code(), "ticket_invalid_code", "{number}");
    }
    for form in [guess, "strategy=ticket&ticket=forged"] {
        assert_eq!(sign_in(form, "198.51.100.77").await.code(), "too_many_requests", "{form}");
    }
    // An authentic ticket passes, and who comes another way is not held up.
    let authentic = ticket(&actor_token(&instance).await);
    sign_in(&format!("strategy=ticket&ticket={authentic}"), "198.51.100.77").await.ok();
    let answer = Browser::new(&instance).post("/v1/client/sign_ins", guess).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn urls_are_minted_below_the_path_and_answered_at_the_root() {
    let instance = instance_with(|plan| {
        plan.http.public_url = "https://app.example.test/__clerk".to_owned();
    })
    .await;
    let token = actor_token(&instance).await;
    let path = accept_path(&ticket(&token));
    assert_eq!(token["url"], format!("https://app.example.test/__clerk{path}"));
    let answer = Browser::new(&instance).open(&ticket(&token)).await;
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("https://app.example.test/sign-in?__clerk_ticket="), "{location}");
}

#[tokio::test]
async fn an_apps_server_that_writes_over_how_the_browser_comes_still_navigates() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let path = accept_path(&ticket(&actor_token(&instance).await));
    // Node's fetch sets the mode, and leaves the destination.
    let call = passed_on(&instance, instance.secret_key.reveal(), "GET", &path)
        .header("cookie", &format!("__client={}", browser.cookies["__client"]))
        .header("sec-fetch-mode", "cors")
        .header("sec-fetch-dest", "document");
    assert_eq!(call.send().await.status, 303);
    assert_eq!(super::session_status(&instance, &session).await, "removed");
}
