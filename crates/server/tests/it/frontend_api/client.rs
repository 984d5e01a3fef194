//! `GET /v1/client`.

use super::{
    actor_token,
    browser::{APP, Browser, UAT_SUFFIXED, shown_cookies},
    instance, ticket,
};
use serde_json::json;

#[tokio::test]
async fn a_stranger_is_no_client_and_becomes_none() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let answer = browser.get("/v1/client").await;
    insta::assert_snapshot!(answer, @r#"
    200 {
      "client": null,
      "response": null
    }
    "#);
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(instance.get("/v1/clients").await.ok(), json!([]));
}

#[tokio::test]
async fn a_client_is_shown_with_its_live_session_and_a_fresh_token() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let signed_in = browser.redeem(&ticket(&actor_token(&instance).await)).await.ok();
    instance.clock.advance_seconds(5);
    let answer = browser.get("/v1/client").await;
    assert_eq!(answer.header("set-cookie"), None, "the browser knows what there is to know");
    let (mut now, mut then) = (answer.ok()["response"].clone(), signed_in["client"].clone());
    let token = |client: &mut serde_json::Value| client["sessions"][0]["last_active_token"]["jwt"].take();
    let (new_token, old_token) = (token(&mut now), token(&mut then));
    assert_ne!(new_token, old_token);
    assert_eq!(now, then);
    assert_eq!(answer.ok()["client"], json!(null));
}

#[tokio::test]
async fn looking_is_no_activity() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    for _ in 0..2 {
        instance.clock.advance_seconds(299);
        assert_eq!(browser.get("/v1/client").await.ok()["response"]["sessions"].as_array().unwrap().len(), 1);
    }
    instance.clock.advance_seconds(2);
    let client = browser.get("/v1/client").await.ok()["response"].clone();
    assert_eq!(client["sessions"], json!([]));
    assert_eq!(client["last_active_session_id"], json!(null));
}

#[tokio::test]
async fn a_browser_whose_session_ended_elsewhere_is_told_by_the_uat_cookies() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.post(&format!("/v1/sessions/{id}/revoke"), json!({})).await.ok();
    insta::assert_snapshot!(shown_cookies(&browser.get("/v1/client").await), @"
    __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    ");
    assert_eq!(shown_cookies(&browser.get("/v1/client").await), "");

    browser.cookies.remove("__client");
    browser.cookies.insert(UAT_SUFFIXED.to_owned(), "1773489600".to_owned());
    browser.get("/v1/client").await.ok();
    assert_eq!(browser.cookies[UAT_SUFFIXED], "0");
}

#[tokio::test]
async fn a_browser_that_lost_its_uat_cookies_gets_them_back() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    browser.cookies.retain(|name, _| name == "__client");
    instance.clock.advance_seconds(5);
    insta::assert_snapshot!(shown_cookies(&browser.get("/v1/client").await), @"
    __client_uat=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    ");
}

#[tokio::test]
async fn cookies_of_other_apps_do_not_matter() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    for (name, value) in
        [("__clien", "x"), ("a", "\u{e4}\u{1f36a}"), ("b", "=;;"), ("__client2", "\"x\""), ("z", "")]
    {
        browser.cookies.insert(name.to_owned(), value.to_owned());
    }
    assert_eq!(browser.get("/v1/client").await.ok()["response"]["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_not_found_and_scripts_can_read_that() {
    let instance = instance().await;
    let browser = Browser::new(&instance);
    for (method, path) in [
        ("PATCH", "/v1/client"),
        ("GET", "/v1/client/"),
        ("GET", "/v1/client/sign_ins"),
        ("GET", "/v1/client/sessions"),
        ("POST", "/v1/client/sign_ups"),
        ("GET", "/v1/client/%FF"),
        ("GET", "/v1/client/a/b/c?d"),
        ("DELETE", "/v1/environment"),
    ] {
        let answer = browser.call(method, path).send().await;
        assert_eq!(answer.to_string(), "404 resource_not_found | not found | Resource not found", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP), "{method} {path}");
    }
}
