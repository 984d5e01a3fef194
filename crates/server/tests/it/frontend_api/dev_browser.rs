//! The protocol of development instances: `POST /v1/dev_browser`, and its answer in the query of every request.

use super::{
    actor_token,
    browser::{APP, Browser, is_client_secret, set_cookies, shown_cookies},
    development_instance, instance, session_status, ticket,
};
use crate::harness::{Answer, Instance};
use serde_json::{Value, json};

/// A browser whose scripts hold a dev browser, and no cookies: the app is on another site.
struct DevBrowser<'a> {
    browser: Browser<'a>,
    id: String,
}

impl<'a> DevBrowser<'a> {
    async fn new(instance: &'a Instance) -> Self {
        let mut browser = Browser::new(instance);
        let id = browser.post("/v1/dev_browser", "").await.ok()["id"].as_str().unwrap().to_owned();
        Self { browser, id }
    }

    async fn call(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}__clerk_db_jwt={}", self.id);
        let call = self.browser.instance.anonymous(method, &path).header("origin", APP);
        call.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned()).send().await
    }

    async fn redeem(&mut self, ticket: &str) -> Answer {
        self.call("POST", "/v1/client/sign_ins", &format!("strategy=ticket&ticket={ticket}")).await
    }
}

fn session_id(answer: &Answer) -> String {
    answer.ok()["response"]["created_session_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_dev_browser_is_a_client_of_which_only_its_holder_has_the_secret() {
    let instance = development_instance().await;
    let answer = Browser::new(&instance).post("/v1/dev_browser", "").await;
    let json = answer.ok();
    assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["id"]);
    assert!(is_client_secret(json["id"].as_str().unwrap()));
    assert_eq!(set_cookies(&answer), Vec::<&str>::new());
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    let clients = instance.get("/v1/clients").await.ok();
    assert_eq!(clients.as_array().unwrap().len(), 1);
    assert_eq!(clients[0]["sessions"], json!([]));
    assert!(!clients.to_string().contains(json["id"].as_str().unwrap()));
    assert_eq!(instance.last_audit_entry().await["action"], "client.created");
}

#[tokio::test]
async fn a_production_instance_makes_none_and_looks_for_none() {
    let instance = instance().await;
    insta::assert_snapshot!(Browser::new(&instance).post("/v1/dev_browser", "").await, @"400 request_invalid_for_environment | Invalid request for environment | Request only valid for development instances.");
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let secret = &browser.cookies["__client"];
    for query in [secret.as_str(), "garbage"] {
        let path = format!("/v1/client?__clerk_db_jwt={query}");
        assert_eq!(instance.anonymous("GET", &path).send().await.ok()["response"], Value::Null);
    }
}

#[tokio::test]
async fn the_whole_life_of_a_session_without_any_cookie() {
    let instance = development_instance().await;
    let mut browser = DevBrowser::new(&instance).await;
    let client = browser.call("GET", "/v1/client", "").await.ok();
    assert_eq!(client["response"]["sessions"], json!([]));
    let signed_in = browser.redeem(&ticket(&actor_token(&instance).await)).await;
    assert_eq!(set_cookies(&signed_in), Vec::<&str>::new(), "its scripts write what there is to write");
    let id = session_id(&signed_in);
    assert_eq!(signed_in.ok()["client"]["id"], client["response"]["id"], "the client that it was made for");

    for (method, path) in [
        ("POST", format!("/v1/client/sessions/{id}/touch")),
        ("POST", format!("/v1/client/sessions/{id}/tokens")),
        ("GET", format!("/v1/client/sessions/{id}")),
        ("GET", "/v1/client".to_owned()),
        ("POST", "/v1/environment?_method=PATCH".to_owned()),
    ] {
        let answer = browser.call(method, &path, "").await;
        answer.ok();
        assert_eq!(set_cookies(&answer), Vec::<&str>::new(), "{path}");
    }
    let answer = browser.call("POST", "/v1/client/sessions?_method=DELETE", "").await;
    assert_eq!(answer.ok()["client"]["sessions"], json!([]));
    assert_eq!(set_cookies(&answer), Vec::<&str>::new());
    assert_eq!(session_status(&instance, &id).await, "removed");
}

#[tokio::test]
async fn its_secret_stays_when_a_session_begins_and_a_cookie_does_not() {
    let instance = development_instance().await;
    let mut browser = DevBrowser::new(&instance).await;
    let first = session_id(&browser.redeem(&super::ordinary_ticket(&instance).await).await);
    let second = session_id(&browser.redeem(&super::ordinary_ticket(&instance).await).await);
    assert_eq!(session_status(&instance, &first).await, "replaced");
    assert_eq!(session_status(&instance, &second).await, "active");

    let mut with_cookie = Browser::new(&instance);
    with_cookie.sign_in(&super::ordinary_ticket(&instance).await).await;
    let before = with_cookie.cookies["__client"].clone();
    with_cookie.sign_in(&super::ordinary_ticket(&instance).await).await;
    assert_ne!(with_cookie.cookies["__client"], before);
}

#[tokio::test]
async fn no_chain_begins_on_a_dev_browser_either() {
    let instance = development_instance().await;
    let mut browser = DevBrowser::new(&instance).await;
    let first = session_id(&browser.redeem(&ticket(&actor_token(&instance).await)).await);
    let token = actor_token(&instance).await;
    assert_eq!(browser.redeem(&ticket(&token)).await.code(), "session_creation_not_allowed");
    assert_eq!(session_status(&instance, &first).await, "active");
    assert_eq!(super::token_status(&instance, &token).await, "pending");
}

#[tokio::test]
async fn one_that_is_unknown_is_told_so_and_scripts_can_read_it() {
    let instance = development_instance().await;
    let mut browser = DevBrowser::new(&instance).await;
    let known = browser.id.clone();
    for unknown in ["garbage", "%FF%00x", &known[..known.len() - 1], &format!("{known}0"), "a%20b"] {
        unknown.clone_into(&mut browser.id);
        let answer = browser.call("GET", "/v1/client", "").await;
        if unknown.contains("%00") {
            assert_eq!(answer.code(), "form_param_value_invalid");
            continue;
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @"401 dev_browser_unauthenticated | Browser unauthenticated | Unable to authenticate this browser for your development instance. Check your Clerk cookies and try again.");
        }
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    }
    // Neither does a cookie beside it help: scripts would go on with what is worth nothing.
    let call = instance.anonymous("GET", "/v1/client?__clerk_db_jwt=garbage");
    assert_eq!(
        call.header("cookie", &format!("__client={known}")).send().await.code(),
        "dev_browser_unauthenticated"
    );
}

#[tokio::test]
async fn a_cookie_and_a_native_apps_header_work_on_a_development_instance_too() {
    let instance = development_instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    assert_eq!(browser.get("/v1/client").await.ok()["response"]["sessions"].as_array().unwrap().len(), 1);
    let form = format!("strategy=ticket&ticket={}", ticket(&actor_token(&instance).await));
    // A native app's requests show nothing in their query.
    let call = instance.anonymous("POST", "/v1/client/sign_ins?_is_native=1&__clerk_db_jwt=garbage");
    let answer = call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await;
    answer.ok();
    assert!(is_client_secret(answer.header("authorization").unwrap()));
}

#[tokio::test]
async fn put_and_post_make_a_client_once_and_delete_takes_it_away() {
    let instance = instance().await;
    for method in ["PUT", "POST"] {
        let mut browser = Browser::new(&instance);
        let answer = browser.post(&format!("/v1/client?_method={method}"), "").await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown_cookies(&answer), @"
            __client=[secret]; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure
            __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            ");
        }
        let id = answer.ok()["response"]["id"].clone();
        assert_eq!(answer.ok()["client"]["id"], id);
        let again = browser.post("/v1/client?_method=PUT", "").await;
        assert_eq!(again.ok()["response"]["id"], id);
        assert!(!shown_cookies(&again).contains("__client="));

        let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        let answer = browser.post("/v1/client?_method=DELETE", "").await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(set_cookies(&answer).join("\n"), @"
            __client=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure
            __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            ");
        }
        assert_eq!((&answer.ok()["response"]["id"], &answer.ok()["client"]), (&id, &Value::Null));
        assert_eq!(answer.ok()["response"]["sessions"], json!([]));
        assert_eq!(session_status(&instance, &session).await, "removed");
    }
    assert_eq!(Browser::new(&instance).post("/v1/client?_method=DELETE", "").await.code(), "signed_out");
}
