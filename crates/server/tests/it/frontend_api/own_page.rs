//! Actas's own page and banner: their files, and what they ask.

use super::{
    actor_token, actor_token_with,
    browser::{Browser, accept_path},
    instance, instance_with, ordinary_ticket, ticket, token_status,
};
use crate::harness::{Answer, Instance, shown};
use serde_json::json;

async fn without_app() -> Instance {
    instance_with(|plan| plan.http.sign_in_url = None).await
}

async fn check(instance: &Instance, form: &str) -> Answer {
    let call = instance.anonymous("POST", "/v1/tickets/check");
    call.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned()).send().await
}

/// `admin` has a name, and an address that is nobody's business; `subject` has only an address.
async fn name_both(instance: &Instance) {
    instance.patch("/v1/users/admin", json!({ "first_name": "Alice", "last_name": "Support" })).await.ok();
    instance.post("/v1/users", json!({ "id": "named", "email_address": ["bob@example.com"] })).await.ok();
}

#[tokio::test]
async fn without_an_app_a_link_leads_to_the_own_page_and_stays_unspent() {
    let instance = without_app().await;
    let token = actor_token(&instance).await;
    let mut browser = Browser::new(&instance);
    let answer = browser.open(&ticket(&token)).await;
    assert_eq!(answer.status, 303);
    let location = answer.header("location").expect("a location");
    let wanted = format!("https://actas.example.test/sign-in?__clerk_ticket={}&", ticket(&token));
    assert!(location.starts_with(&wanted), "{location}");
    assert_eq!(token_status(&instance, &token).await, "pending");
    let forged = browser.navigation("GET", &accept_path("forged")).send().await;
    assert_eq!(forged.status, 400);
}

#[tokio::test]
async fn the_pages_files_are_served_while_there_is_no_app() {
    let (alone, beside_app) = (without_app().await, instance().await);
    for (path, content_type) in [
        ("/sign-in", "text/html; charset=utf-8"),
        ("/sign-in/page.js", "text/javascript; charset=utf-8"),
        ("/sign-in/page.css", "text/css; charset=utf-8"),
    ] {
        let answer = alone.anonymous("GET", path).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, Some(content_type)),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
        let tag = answer.header("etag").expect("a tag").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let again = alone.anonymous("GET", path).header("if-none-match", &known).send().await;
            assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path} {known}");
        }
        assert_eq!(beside_app.anonymous("GET", path).send().await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_allows_nothing_but_itself() {
    let answer = without_app().await.anonymous("GET", "/sign-in").send().await;
    assert_eq!(
        answer.header("content-security-policy"),
        Some(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action \
             'none'; frame-ancestors 'none'"
        )
    );
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let html = answer.text();
    let handlers = html
        .split(" on")
        .skip(1)
        .filter(|rest| rest.split([' ', '>']).next().is_some_and(|word| word.contains('=')));
    assert_eq!(handlers.count(), 0, "{html}");
    assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
}

#[tokio::test]
async fn the_banner_is_for_pages_of_any_origin() {
    let answer = instance().await.anonymous("GET", "/actas-banner.js").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert!(answer.text().contains("const COOKIE_SUFFIX = 'wO6xBncp';"), "it does not know its own cookies");
    assert!(answer.text().contains("const INSTANCE_KIND = 'test';"), "it does not know its own kind");
    let live = instance_with(|plan| plan.http.publishable_key = "pk_live_YWN0YXM".to_owned()).await;
    let answer = live.anonymous("GET", "/actas-banner.js").send().await;
    assert!(answer.text().contains("const INSTANCE_KIND = 'live';"), "it would send another's browser");
    assert!(!answer.text().contains("innerHTML") && !answer.text().contains("eval("));
}

#[tokio::test]
async fn a_ticket_is_told_of_without_being_spent() {
    let instance = instance().await;
    name_both(&instance).await;
    let token = actor_token_with(&instance, json!({ "user_id": "named", "reason": "Ticket 4711" })).await;
    let answer = check(&instance, &format!("ticket={}", ticket(&token))).await;
    let mut told = answer.ok();
    assert!(told["now"].is_i64());
    told["now"] = json!(null);
    insta::assert_snapshot!(shown(told), @r#"{"actor":{"id":"admin","name":"Alice Support"},"expires_at":"[start+3600s]","now":null,"object":"ticket_check","reason":"Ticket 4711","session_max_duration_in_seconds":1800,"subject":{"id":"named","name":"bob@example.com"}}"#);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(token_status(&instance, &token).await, "pending");
    let told = check(&instance, &format!("ticket={}", ordinary_ticket(&instance).await)).await.ok();
    assert_eq!((&told["actor"], &told["subject"]["name"]), (&json!(null), &json!("subject")));
}

#[tokio::test]
async fn an_actor_is_told_by_name_or_by_id_and_never_by_address() {
    let instance = instance().await;
    name_both(&instance).await;
    for (actor, name) in [("named", "named"), ("agent-7", "agent-7")] {
        let token = actor_token_with(&instance, json!({ "actor": { "sub": actor } })).await;
        let told = check(&instance, &format!("ticket={}", ticket(&token))).await.ok();
        assert_eq!(told["actor"], json!({ "id": actor, "name": name }));
    }
}

#[tokio::test]
async fn a_dead_ticket_is_refused_as_its_redemption_would_be() {
    let instance = instance_with(|plan| plan.http.failed_authentications_per_minute = 2).await;
    let token = actor_token(&instance).await;
    Browser::new(&instance).sign_in(&ticket(&token)).await;
    for _ in 0..3 {
        let answer = check(&instance, &format!("ticket={}", ticket(&token))).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "actor_token_already_used_code"));
    }
    let missing = check(&instance, "").await;
    assert_eq!((missing.status.as_u16(), missing.code().as_str()), (422, "form_param_missing"));
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(check(&instance, "ticket=forged").await.code());
    }
    assert_eq!(codes, ["ticket_invalid_code", "ticket_invalid_code", "too_many_requests"]);
}

#[tokio::test]
async fn a_browser_is_told_who_acts_in_it_until_it_ends() {
    let instance = instance().await;
    name_both(&instance).await;
    let mut browser = Browser::new(&instance);
    let none = json!({ "impersonation": null });
    assert_eq!(browser.get("/v1/client/impersonation").await.ok(), none);
    browser.sign_in(&ordinary_ticket(&instance).await).await;
    assert_eq!(browser.get("/v1/client/impersonation").await.ok(), none);
    let token = actor_token_with(&instance, json!({ "user_id": "named", "reason": "Ticket 4711" })).await;
    let session = browser.sign_in(&ticket(&token)).await;
    let mut told = browser.get("/v1/client/impersonation").await.ok();
    told["impersonation"]["now"] = json!(null);
    insta::assert_snapshot!(shown(told), @r#"{"impersonation":{"actor":{"id":"admin","name":"Alice Support"},"expire_at":"[start+1800s]","idle_end_at":"[start+600s]","now":null,"object":"impersonation","reason":"Ticket 4711","session_id":"[sess]","subject":{"id":"named","name":"bob@example.com"}}}"#);
    browser.post(&format!("/v1/client/sessions/{session}/end"), "").await.ok();
    assert_eq!(browser.get("/v1/client/impersonation").await.ok()["impersonation"], json!(null));
}
