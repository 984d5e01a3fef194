//! `GET /v1/tickets/accept`: what it does.

use super::{
    actor_token, actor_token_with,
    browser::{Browser, accept_path, set_cookies, shown_cookies},
    instance, instance_with, ordinary_ticket, session_status, ticket, token_status,
};
use serde_json::json;

#[tokio::test]
async fn a_live_ticket_leads_to_the_app_and_stays_unspent() {
    let instance = instance().await;
    let token = actor_token(&instance).await;
    let url = token["url"].as_str().unwrap();
    assert_eq!(url, format!("https://actas.example.test{}", accept_path(&ticket(&token))));
    let mut browser = Browser::new(&instance);
    for _ in 0..3 {
        let answer = browser.open(&ticket(&token)).await;
        assert_eq!(answer.status, 303);
        let location = format!(
            "https://app.example.test/sign-in?__clerk_ticket={}&__clerk_status=sign_in",
            ticket(&token)
        );
        assert_eq!(answer.header("location"), Some(location.as_str()));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(set_cookies(&answer), Vec::<&str>::new());
        assert_eq!(answer.text(), "");
    }
    assert_eq!(token_status(&instance, &token).await, "pending");
    browser.sign_in(&ticket(&token)).await;
}

#[tokio::test]
async fn the_sign_in_url_keeps_its_own_query() {
    let sign_in_url = "https://app.example.test/sign-in?lang=de%20CH#/form";
    let instance = instance_with(|plan| plan.http.sign_in_url = Some(sign_in_url.to_owned())).await;
    let ordinary = ordinary_ticket(&instance).await;
    let answer = Browser::new(&instance).open(&ordinary).await;
    let location = format!(
        "https://app.example.test/sign-in?lang=de%20CH&__clerk_ticket={ordinary}&__clerk_status=sign_in#/form"
    );
    assert_eq!(answer.header("location"), Some(location.as_str()));
}

#[tokio::test]
async fn whoever_is_signed_in_in_this_browser_is_signed_out_first() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let first = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let token = actor_token(&instance).await;
    let answer = browser.open(&ticket(&token)).await;
    assert_eq!(answer.status, 303);
    insta::assert_snapshot!(shown_cookies(&answer), @"
    __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    ");
    assert_eq!(session_status(&instance, &first).await, "removed");
    assert_eq!(instance.last_audit_entry().await["action"], "session.removed");
    let second = browser.sign_in(&ticket(&token)).await;
    assert_eq!(session_status(&instance, &second).await, "active");
}

#[tokio::test]
async fn somebody_elses_browser_stays_signed_in() {
    let instance = instance().await;
    let theirs = Browser::new(&instance).sign_in(&ticket(&actor_token(&instance).await)).await;
    Browser::new(&instance).open(&ticket(&actor_token(&instance).await)).await;
    assert_eq!(session_status(&instance, &theirs).await, "active");
}

#[tokio::test]
async fn what_is_no_navigation_signs_nobody_out() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let first = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let token = actor_token(&instance).await;
    let path = accept_path(&ticket(&token));
    let cookie = format!("__client={}", browser.cookies["__client"]);

    let answer = browser.navigation("HEAD", &path).send().await;
    assert_eq!((answer.status.as_u16(), set_cookies(&answer).len()), (303, 0));
    for mode in ["no-cors", "cors", "same-origin", "websocket"] {
        let call = instance.anonymous("GET", &path).header("cookie", &cookie).header("sec-fetch-mode", mode);
        let answer = call.send().await;
        assert_eq!((answer.status.as_u16(), set_cookies(&answer).len()), (303, 0), "{mode}");
    }
    for destination in ["image", "empty", "script"] {
        let call = instance.anonymous("GET", &path).header("cookie", &cookie);
        let call = call.header("sec-fetch-mode", "no-cors").header("sec-fetch-dest", destination);
        assert_eq!(set_cookies(&call.send().await).len(), 0, "{destination}");
    }
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("purpose", "prefetch"),
        ("x-purpose", "preview"),
        ("x-moz", "prefetch"),
    ] {
        let answer = browser.navigation("GET", &path).header(name, value).send().await;
        // No success and no redirect: the browser keeps nothing, and asks again when the link is opened.
        assert_eq!(answer.code(), "prefetch_forbidden", "{name}: {value}");
        assert_eq!((answer.status.as_u16(), set_cookies(&answer).len()), (403, 0));
    }
    assert_eq!(session_status(&instance, &first).await, "active");
    assert_eq!(token_status(&instance, &token).await, "pending");
}

#[tokio::test]
async fn a_browser_that_does_not_tell_how_it_comes_is_taken_to_navigate() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let first = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let path = accept_path(&ticket(&actor_token(&instance).await));
    let cookie = format!("__client={}", browser.cookies["__client"]);
    assert_eq!(instance.anonymous("GET", &path).header("cookie", &cookie).send().await.status, 303);
    assert_eq!(session_status(&instance, &first).await, "removed");
}

#[tokio::test]
async fn a_dead_ticket_is_refused_and_signs_nobody_out() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let used = actor_token(&instance).await;
    let session = browser.sign_in(&ticket(&used)).await;
    insta::assert_snapshot!(browser.open(&ticket(&used)).await, @"400 actor_token_already_used_code | actor token has already been used | This actor token has already been used. Each token can only be used once.");

    let revoked = actor_token(&instance).await;
    instance
        .post(&format!("/v1/actor_tokens/{}/revoke", revoked["id"].as_str().unwrap()), json!({}))
        .await
        .ok();
    insta::assert_snapshot!(browser.open(&ticket(&revoked)).await, @"400 actor_token_revoked_code | actor token has been revoked | This actor token has been revoked and cannot be used anymore.");

    let expired = actor_token_with(&instance, json!({ "expires_in_seconds": 1 })).await;
    instance.clock.advance_seconds(1);
    insta::assert_snapshot!(browser.open(&ticket(&expired)).await, @"400 ticket_expired_code | ticket has expired | This ticket has expired and cannot be used anymore.");

    insta::assert_snapshot!(browser.open("forged").await, @"400 ticket_invalid_code | ticket is invalid | This ticket is invalid. Make sure you're using a valid ticket generated by Clerk.");
    insta::assert_snapshot!(browser.open("a&ticket=b").await, @r#"422 form_param_duplicate | is duplicate | ticket included multiple times. There should only be one. | {"param_name":"ticket"}"#);
    let call = browser.navigation("GET", "/v1/tickets/accept");
    let answer = browser.send(call).await;
    insta::assert_snapshot!(answer, @"400 missing_query_parameter | Missing query parameter | The query parameter 'ticket' is missing from the request. Please consult the API documentation for more information.");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(session_status(&instance, &session).await, "active");

    let pending = actor_token(&instance).await;
    instance.call("DELETE", "/v1/users/subject").send().await.ok();
    insta::assert_snapshot!(browser.open(&ticket(&pending)).await, @"404 actor_token_subject_not_found | user not found | The user of the actor token no longer exists. Please request a new one.");
}

#[tokio::test]
async fn forged_tickets_are_limited_by_address_and_authentic_ones_are_not() {
    let instance = instance_with(|plan| plan.http.failed_authentications_per_minute = 2).await;
    let mut browser = Browser::new(&instance);
    let (used, live) = (actor_token(&instance).await, actor_token(&instance).await);
    Browser::new(&instance).sign_in(&ticket(&used)).await;
    for _ in 0..5 {
        assert_eq!(browser.open(&ticket(&used)).await.code(), "actor_token_already_used_code");
    }
    for _ in 0..2 {
        assert_eq!(browser.open("forged").await.code(), "ticket_invalid_code");
    }
    let answer = browser.open("forged").await;
    assert_eq!(answer.code(), "too_many_requests");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(browser.open(&ticket(&live)).await.status, 303);
    // A request without a ticket, or ahead of its time, is no forgery.
    let call = browser.navigation("GET", "/v1/tickets/accept");
    assert_eq!(browser.send(call).await.code(), "missing_query_parameter");
}
