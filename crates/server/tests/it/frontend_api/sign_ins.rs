//! `POST /v1/client/sign_ins`, when it succeeds.

use super::{
    actor_token, actor_token_with,
    browser::{APP, Browser, UAT_SUFFIXED, is_client_secret, set_cookies, shown_cookies},
    instance, instance_with, ordinary_ticket, session_status, ticket, token_status,
};
use crate::harness::{Answer, Instance, StoreKind};
use actas_domain::settings::DirectoryMode;
use serde_json::{Value, json};

/// A part of an answer's JSON, for a snapshot.
fn part(answer: &Answer, json: &Value) -> String {
    let body = json.to_string().into();
    Answer { status: answer.status, headers: answer.headers.clone(), body }.to_string()
}

async fn redeem_for_ada(instance: &Instance) -> Answer {
    let user = json!({
        "id": "subject", "first_name": "Ada", "last_name": "Lovelace", "email_address": ["ada@example.com"],
        "private_metadata": { "notes": "for backends only" }, "public_metadata": { "plan": "pro" },
    });
    instance.post("/v1/users", user).await.ok();
    let actor = json!({ "actor": { "sub": "admin", "iss": "https://support.example.com" } });
    let token = actor_token_with(instance, actor).await;
    let answer = Browser::new(instance).redeem(&ticket(&token)).await;
    assert_eq!(token_status(instance, &token).await, "accepted");
    answer
}

#[tokio::test]
async fn a_ticket_completes_a_sign_in() {
    let instance = Instance::start().await;
    let answer = redeem_for_ada(&instance).await;
    insta::assert_snapshot!(part(&answer, &answer.ok()["response"]), @r#"
    200 {
      "abandon_at": "[start+86400s]",
      "created_session_id": "[sess]",
      "first_factor_verification": {
        "attempts": null,
        "expire_at": null,
        "object": "verification_ticket",
        "status": "verified",
        "strategy": "ticket"
      },
      "id": "[sia]",
      "identifier": "ada@example.com",
      "object": "sign_in_attempt",
      "second_factor_verification": null,
      "status": "complete",
      "supported_first_factors": null,
      "supported_identifiers": [],
      "supported_second_factors": null,
      "user_data": {
        "first_name": "Ada",
        "has_image": false,
        "image_url": "",
        "last_name": "Lovelace",
        "profile_image_url": ""
      }
    }
    "#);
    insta::assert_snapshot!(shown_cookies(&answer), @"
    __client=[secret]; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure
    __client_uat=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    ");
    assert_eq!(answer.header("authorization"), None);
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_client_comes_along_with_its_session_and_the_sessions_token() {
    let instance = Instance::start().await;
    let answer = redeem_for_ada(&instance).await;
    let mut client = answer.ok()["client"].clone();
    client["sessions"][0]["user"].take();
    insta::assert_snapshot!(part(&answer, &client), @r#"
    200 {
      "captcha_bypass": false,
      "cookie_expires_at": null,
      "created_at": "[start]",
      "id": "[client]",
      "last_active_session_id": "[sess]",
      "last_authentication_strategy": null,
      "object": "client",
      "sessions": [
        {
          "abandon_at": "[start+1800s]",
          "actor": {
            "iss": "https://support.example.com",
            "sub": "admin"
          },
          "created_at": "[start]",
          "expire_at": "[start+1800s]",
          "factor_verification_age": [
            -1,
            -1
          ],
          "id": "[sess]",
          "last_active_at": "[start]",
          "last_active_organization_id": null,
          "last_active_token": {
            "jwt": "[jwt]",
            "object": "token"
          },
          "object": "session",
          "public_user_data": {
            "banned": false,
            "first_name": "Ada",
            "has_image": false,
            "identifier": "ada@example.com",
            "image_url": "",
            "last_name": "Lovelace",
            "profile_image_url": "",
            "user_id": "subject",
            "username": null
          },
          "status": "active",
          "tasks": null,
          "updated_at": "[start]",
          "user": null
        }
      ],
      "sign_in": null,
      "sign_up": null,
      "updated_at": "[start]"
    }
    "#);
}

#[tokio::test]
async fn the_user_is_the_backends_without_what_is_for_backends() {
    let instance = Instance::start().await;
    let answer = redeem_for_ada(&instance).await;
    let mut user = instance.get("/v1/users/subject").await.ok();
    let private_metadata = user.as_object_mut().and_then(|members| members.remove("private_metadata"));
    assert_eq!(private_metadata, Some(json!({ "notes": "for backends only" })));
    assert_eq!(answer.ok()["client"]["sessions"][0]["user"], user);
    assert!(!answer.text().contains("for backends only"));
}

#[tokio::test]
async fn the_session_is_at_the_backend_too_and_on_record() {
    let instance = instance().await;
    let token = actor_token_with(&instance, json!({ "session_max_duration_in_seconds": 60 })).await;
    let id = Browser::new(&instance).sign_in(&ticket(&token)).await;
    let entry = instance.last_audit_entry().await;
    assert_eq!(entry["action"], "actor_token.accepted");
    assert_eq!(entry["session_id"], id.as_str());
    let session = instance.get(&format!("/v1/sessions/{id}")).await.ok();
    assert_eq!(session["actor"], json!({ "sub": "admin" }));
    assert_eq!(session["expire_at"].as_i64(), session["created_at"].as_i64().map(|at| at + 60_000));
}

#[tokio::test]
async fn a_sign_in_token_begins_an_ordinary_session() {
    let instance = instance().await;
    let answer = Browser::new(&instance).redeem(&ordinary_ticket(&instance).await).await.ok();
    let session = &answer["client"]["sessions"][0];
    assert_eq!(session["id"], answer["response"]["created_session_id"]);
    assert_eq!(session["actor"], json!(null));
    assert_eq!(session["factor_verification_age"], json!([0, -1]));
}

#[tokio::test]
async fn cookies_are_secure_on_https_and_only_there() {
    for (public_url, secure) in [("https://actas.example.test", true), ("http://127.0.0.1:4500", false)] {
        let instance = instance_with(|plan| plan.http.public_url = public_url.to_owned()).await;
        let token = actor_token(&instance).await;
        let answer = Browser::new(&instance).redeem(&ticket(&token)).await;
        assert_eq!(set_cookies(&answer).len(), 3);
        for cookie in set_cookies(&answer) {
            assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
}

#[tokio::test]
async fn the_uat_cookies_say_when_the_sessions_changed_and_no_token_is_older() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    for millis in [0, 1, 999, 1_000, 59_999] {
        instance.clock.advance_millis(millis);
        browser.cookies.clear();
        let token = actor_token(&instance).await;
        let answer = browser.redeem(&ticket(&token)).await.ok();
        let uat: i64 = browser.cookies["__client_uat"].parse().unwrap();
        assert_eq!(browser.cookies[UAT_SUFFIXED], uat.to_string());
        assert_eq!(uat, answer["client"]["updated_at"].as_i64().unwrap() / 1_000);
        let jwt = answer["client"]["sessions"][0]["last_active_token"]["jwt"].as_str().unwrap();
        assert!(super::session_tokens::claims(jwt)["iat"].as_i64().unwrap() >= uat);
    }
}

#[tokio::test]
async fn a_new_sign_in_rotates_the_cookie_and_replaces_an_ordinary_session() {
    for store in StoreKind::ALL {
        let instance = instance_with(|plan| plan.store = store).await;
        let mut browser = Browser::new(&instance);
        let first = browser.sign_in(&ordinary_ticket(&instance).await).await;
        let client = browser.get("/v1/client").await.ok()["response"]["id"].clone();
        let old_cookie = browser.cookies["__client"].clone();
        let token = actor_token(&instance).await;
        let answer = browser.redeem(&ticket(&token)).await.ok();
        assert_eq!(answer["client"]["id"], client, "the client stays");
        assert_eq!(answer["client"]["sessions"].as_array().map(Vec::len), Some(1));
        assert_eq!(session_status(&instance, &first).await, "replaced");
        let new_cookie = browser.cookies["__client"].clone();
        assert!(is_client_secret(&new_cookie) && new_cookie != old_cookie);
        browser.cookies.insert("__client".to_owned(), old_cookie);
        assert_eq!(browser.get("/v1/client").await.ok()["response"], json!(null));
    }
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_is_as_good_as_none() {
    let instance = instance().await;
    for planted in ["", "x", "actcli_0000", "%00", "\u{e4}"] {
        let mut browser = Browser::new(&instance);
        browser.cookies.insert("__client".to_owned(), planted.to_owned());
        let token = actor_token(&instance).await;
        browser.sign_in(&ticket(&token)).await;
        assert!(is_client_secret(&browser.cookies["__client"]));
    }
}

#[tokio::test]
async fn json_is_read_as_well_as_a_form_and_further_fields_are_ignored() {
    let instance = instance().await;
    let token = actor_token(&instance).await;
    let body = json!({
        "strategy": "ticket", "ticket": ticket(&token), "locale": "de-CH", "timezone": "Europe/Zurich", "x": [1],
    });
    let call = Browser::new(&instance).call("POST", "/v1/client/sign_ins").json(&body);
    assert_eq!(call.send().await.ok()["response"]["status"], "complete");

    let token = actor_token(&instance).await;
    let form = format!("locale=en&timezone=&strategy=ticket&ticket={}&x=1&x=2", ticket(&token));
    let path = "/v1/client/sign_ins?__clerk_api_version=2026-08-20&_clerk_js_version=6.40.0";
    let answer = Browser::new(&instance).post(path, &form).await.ok();
    assert_eq!(answer["response"]["status"], "complete");
}

#[tokio::test]
async fn the_subject_of_an_open_directory_need_not_be_stored() {
    let instance = Instance::start_with(|plan| plan.settings.directory_mode = DirectoryMode::Open).await;
    let token = actor_token(&instance).await;
    let answer = Browser::new(&instance).redeem(&ticket(&token)).await.ok();
    let session = &answer["client"]["sessions"][0];
    assert_eq!(session["user"]["id"], "subject");
    assert_eq!(session["public_user_data"]["identifier"], "subject");
}
