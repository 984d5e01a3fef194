//! `/v1/client/sessions/{id}` and what is below it.

use super::{
    actor_token, actor_token_with,
    browser::{APP, Browser, shown_cookies},
    instance, instance_with, ordinary_ticket, session_status, ticket,
};
use crate::harness::{Answer, StoreKind};
use serde_json::json;

async fn act(browser: &mut Browser<'_>, id: &str, act: &str) -> Answer {
    browser.post(&format!("/v1/client/sessions/{id}/{act}"), "").await
}

#[tokio::test]
async fn a_touch_is_activity_and_answers_the_session_and_the_client() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.clock.advance_seconds(60);
    let form = "active_organization_id=&intent=select_session";
    let answer = browser.post(&format!("/v1/client/sessions/{id}/touch"), form).await;
    assert_eq!(answer.header("set-cookie"), None);
    let json = answer.ok();
    assert_eq!(json["response"], json["client"]["sessions"][0]);
    assert!(json["response"]["last_active_token"]["jwt"].is_string());
    let last_active_at = json["response"]["last_active_at"].as_i64().unwrap();
    assert_eq!(last_active_at, json["response"]["created_at"].as_i64().unwrap() + 60_000);
    assert_eq!(browser.get(&format!("/v1/client/sessions/{id}")).await.ok()["response"]["id"], id.as_str());
}

#[tokio::test]
async fn activity_keeps_a_session_from_its_idle_end_and_never_from_its_absolute_one() {
    for store in StoreKind::ALL {
        let instance = instance_with(|plan| plan.store = store).await;
        let mut browser = Browser::new(&instance);
        let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        for (act_name, seconds) in [("touch", 599), ("tokens", 599), ("touch", 599)] {
            instance.clock.advance_seconds(seconds);
            act(&mut browser, &id, act_name).await.ok();
        }
        instance.clock.advance_seconds(3);
        assert_eq!(act(&mut browser, &id, "tokens").await.code(), "authentication_invalid");
        assert_eq!(session_status(&instance, &id).await, "expired");
    }
}

#[tokio::test]
async fn an_idle_session_is_over_after_ten_minutes() {
    for store in StoreKind::ALL {
        let instance = instance_with(|plan| plan.store = store).await;
        let mut browser = Browser::new(&instance);
        let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        instance.clock.advance_millis(599_999);
        assert_eq!(
            browser.get(&format!("/v1/client/sessions/{id}")).await.ok()["response"]["status"],
            "active"
        );
        instance.clock.advance_millis(1);
        let answer = act(&mut browser, &id, "touch").await;
        insta::allow_duplicates! { insta::assert_snapshot!(answer, @"401 authentication_invalid | Invalid authentication | Unable to authenticate the request, you need to supply an active session"); }
        assert_eq!(session_status(&instance, &id).await, "expired");
    }
}

#[tokio::test]
async fn an_end_leaves_the_client_signed_out() {
    for (name, status) in [("end", "ended"), ("remove", "removed")] {
        let instance = instance().await;
        let mut browser = Browser::new(&instance);
        let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        let secret = browser.cookies["__client"].clone();
        instance.clock.advance_seconds(5);
        let answer = act(&mut browser, &id, name).await;
        insta::allow_duplicates! { insta::assert_snapshot!(shown_cookies(&answer), @"
        __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
        __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
        "); }
        let json = answer.ok();
        assert_eq!(json["response"]["status"], status);
        assert_eq!(json["response"]["last_active_token"], json!(null));
        assert_eq!(json["response"]["user"]["id"], "subject");
        assert_eq!(json["client"]["sessions"], json!([]));
        assert_eq!(browser.cookies["__client"], secret, "the client stays");
        assert_eq!(session_status(&instance, &id).await, status);
        assert_eq!(instance.last_audit_entry().await["action"], format!("session.{status}"));
        act(&mut browser, &id, name).await.ok();
    }
}

#[tokio::test]
async fn signing_out_ends_everything_and_keeps_the_client() {
    for (method, path) in [("DELETE", "/v1/client/sessions"), ("POST", "/v1/client/sessions?_method=DELETE")]
    {
        let instance = instance().await;
        let mut browser = Browser::new(&instance);
        let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        instance.clock.advance_seconds(5);
        let call = browser.call(method, path);
        let answer = browser.send(call).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @r#"
            200 {
              "client": {
                "captcha_bypass": false,
                "cookie_expires_at": null,
                "created_at": "[start]",
                "id": "[client]",
                "last_active_session_id": null,
                "last_authentication_strategy": null,
                "object": "client",
                "sessions": [],
                "sign_in": null,
                "sign_up": null,
                "updated_at": "[start+5s]"
              },
              "response": {
                "captcha_bypass": false,
                "cookie_expires_at": null,
                "created_at": "[start]",
                "id": "[client]",
                "last_active_session_id": null,
                "last_authentication_strategy": null,
                "object": "client",
                "sessions": [],
                "sign_in": null,
                "sign_up": null,
                "updated_at": "[start+5s]"
              }
            }
            "#);
            insta::assert_snapshot!(shown_cookies(&answer), @"
            __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            ");
        }
        assert_eq!(session_status(&instance, &id).await, "removed");
        let call = browser.call(method, path);
        browser.send(call).await.ok();
    }
}

#[tokio::test]
async fn a_method_is_tunnelled_through_post_alone_and_only_known_ones() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    assert_eq!(browser.get("/v1/client/sessions?_method=DELETE").await.status, 404);
    assert_eq!(browser.post("/v1/client/sessions?_method=delete", "").await.status, 404);
    assert_eq!(browser.post("/v1/client/sessions?_method=GET", "").await.status, 404);
    assert_eq!(session_status(&instance, &id).await, "active");
}

#[tokio::test]
async fn without_a_client_everything_is_signed_out() {
    let instance = instance().await;
    let id = Browser::new(&instance).sign_in(&ticket(&actor_token(&instance).await)).await;
    let mut stranger = Browser::new(&instance);
    for path in ["touch", "tokens", "tokens/x", "end", "remove"] {
        let answer = act(&mut stranger, &id, path).await;
        assert_eq!(answer.to_string(), "401 signed_out | Signed out | You are signed out", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    }
    assert_eq!(stranger.get(&format!("/v1/client/sessions/{id}")).await.code(), "signed_out");
    assert_eq!(stranger.post("/v1/client/sessions?_method=DELETE", "").await.code(), "signed_out");
    assert_eq!(session_status(&instance, &id).await, "active");
}

#[tokio::test]
async fn another_clients_session_is_refused_as_a_dead_one_is() {
    let instance = instance().await;
    let theirs = Browser::new(&instance).sign_in(&ticket(&actor_token(&instance).await)).await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ordinary_ticket(&instance).await).await;
    let unknown = "sess_000000000000000000000000000";
    for id in [theirs.as_str(), unknown, "x", "%FF%FE", "sess_%00"] {
        for path in ["touch", "tokens", "tokens/x", "end", "remove"] {
            let answer = act(&mut browser, id, path).await;
            // Bytes that are no text name nothing, not even a session.
            let code = if id == "%FF%FE" { "resource_not_found" } else { "authentication_invalid" };
            assert_eq!(answer.code(), code, "{id} {path}");
        }
    }
    assert_eq!(browser.get(&format!("/v1/client/sessions/{theirs}")).await.status, 401);
    assert_eq!(session_status(&instance, &theirs).await, "active");
}

#[tokio::test]
async fn a_session_that_a_backend_revoked_is_dead_at_once_and_the_attempt_is_on_record() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.post(&format!("/v1/sessions/{id}/revoke"), json!({})).await.ok();
    for path in ["tokens", "touch"] {
        assert_eq!(act(&mut browser, &id, path).await.status, 401, "{path}");
        let entry = instance.last_audit_entry().await;
        assert_eq!(entry["session_id"], id.as_str());
        assert_eq!(entry["outcome"], "denied");
    }
    assert_eq!(act(&mut browser, &id, "end").await.ok()["response"]["status"], "revoked");
}

#[tokio::test]
async fn there_are_no_jwt_templates() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    insta::assert_snapshot!(act(&mut browser, &id, "tokens/hasura").await, @"404 resource_not_found | JWT template not found | No JWT template exists with name: hasura");
    browser.post("/v1/client/sessions?_method=DELETE", "").await.ok();
    assert_eq!(act(&mut browser, &id, "tokens/hasura").await.code(), "authentication_invalid");
}

#[tokio::test]
async fn an_ended_session_makes_room_for_the_next_ticket() {
    for name in ["end", "remove"] {
        let instance = instance().await;
        let mut browser = Browser::new(&instance);
        let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        act(&mut browser, &id, name).await.ok();
        browser.sign_in(&ticket(&actor_token_with(&instance, json!({ "reason": "again" })).await)).await;
    }
}
