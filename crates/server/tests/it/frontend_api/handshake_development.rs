//! `GET /v1/client/handshake` on a development instance: who is known by the query, and the way back by the query.

use super::{
    actor_token,
    browser::{Browser, is_client_secret, set_cookies},
    development_instance,
    handshake::{HANDSHAKE, decoded, directives, payload, shown, value_of},
    ticket,
};
use crate::harness::{Answer, Instance};

async fn shake(instance: &Instance, form: &str, dev_browser: &str) -> Answer {
    let path = format!("{HANDSHAKE}{form}&__clerk_db_jwt={dev_browser}");
    instance.anonymous("GET", &path).header("sec-fetch-mode", "navigate").send().await
}

/// What the address that it leads to has under this name.
fn result(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 307);
    let location = answer.header("location").unwrap();
    let start = format!("https://app.example.test/a?b=c&{name}=");
    location.strip_prefix(&start).unwrap_or_else(|| panic!("{location}")).to_owned()
}

#[tokio::test]
async fn both_forms_come_back_in_the_address_and_say_who_is_signed_in() {
    let instance = development_instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.post("/v1/dev_browser", "").await.ok()["id"].as_str().unwrap().to_owned();
    let form = format!("strategy=ticket&ticket={}", ticket(&actor_token(&instance).await));
    browser.post(&format!("/v1/client/sign_ins?__clerk_db_jwt={id}"), &form).await.ok();
    let by_nonce = shake(&instance, "nonce", &id).await;
    let by_token = shake(&instance, "token", &id).await;
    assert_eq!((set_cookies(&by_nonce).len(), set_cookies(&by_token).len()), (0, 0));
    let fetched = payload(&instance, &result(&by_nonce, "__clerk_handshake_nonce")).await;
    let told = directives(&decoded(&result(&by_token, "__clerk_handshake"))["handshake"]);
    for cookies in [fetched, told] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(&cookies), @"
            __client_uat=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __client_uat_wO6xBncp=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __session=[jwt]; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __session_wO6xBncp=[jwt]; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __clerk_db_jwt=[secret]; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __clerk_db_jwt_wO6xBncp=[secret]; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            ");
        }
        assert_eq!(value_of(&cookies, "__clerk_db_jwt"), id);
        assert_eq!(decoded(value_of(&cookies, "__session"))["act"]["sub"], "admin");
    }
}

#[tokio::test]
async fn who_has_no_dev_browser_or_an_unknown_one_is_given_one_that_works() {
    let instance = development_instance().await;
    for given in ["", "garbage"] {
        let answer = shake(&instance, "nonce", given).await;
        let cookies = payload(&instance, &result(&answer, "__clerk_handshake_nonce")).await;
        let id = value_of(&cookies, "__clerk_db_jwt_wO6xBncp").to_owned();
        assert!(is_client_secret(&id));
        assert_eq!(value_of(&cookies, "__session"), "");
        assert_eq!(value_of(&cookies, "__client_uat"), "0");
        let client = instance.anonymous("GET", &format!("/v1/client?__clerk_db_jwt={id}")).send().await.ok();
        assert!(client["response"]["id"].is_string());
    }
}

#[tokio::test]
async fn the_result_of_an_earlier_handshake_gives_way_and_the_apps_own_query_stays_to_the_letter() {
    let instance = development_instance().await;
    let own = "x=%20a+b&__clerk_ticket=t&flag";
    let redirect: String = form_urlencoded::byte_serialize(
        format!("https://app.example.test/p?__clerk_handshake=old&{own}&__clerk_handshake_nonce=old#f")
            .as_bytes(),
    )
    .collect();
    let path = format!("/v1/client/handshake?format=nonce&redirect_url={redirect}");
    let answer = instance.anonymous("GET", &path).send().await;
    let location = answer.header("location").unwrap();
    let start = format!("https://app.example.test/p?{own}&__clerk_handshake_nonce=");
    assert!(location.starts_with(&start) && location.ends_with("#f"), "{location}");
    assert_eq!(location.matches("__clerk_handshake").count(), 1);
}
