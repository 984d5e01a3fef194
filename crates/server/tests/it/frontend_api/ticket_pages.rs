//! `GET /v1/tickets/accept`: what a person sees who does not get on to the app.

use super::{
    actor_token,
    browser::{Browser, accept_path},
    instance, instance_with, session_status, ticket,
};
use crate::harness::Answer;

const CHROMIUM: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

async fn open(browser: &Browser<'_>, path: &str) -> Answer {
    browser.navigation("GET", path).header("accept", CHROMIUM).send().await
}

/// The page, with the trace id left out.
fn page(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!answer.text().contains("<script"), "{}", answer.text());
    answer.text().replace(answer.header("x-clerk-trace-id").expect("a trace id"), "[trace]")
}

#[tokio::test]
async fn a_dead_ticket_has_the_same_status_for_a_person_and_a_program() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let token = actor_token(&instance).await;
    let session = browser.sign_in(&ticket(&token)).await;
    let path = accept_path(&ticket(&token));
    let answer = open(&browser, &path).await;
    assert_eq!(answer.status, 400);
    insta::assert_snapshot!(page(&answer), @r#"
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>This link does not work</title>
    <style>:root{color-scheme:light dark}body{margin:0;background:light-dark(#f4f3ef,#131318);color:light-dark(#1c1b22,#ecebf2);font:1rem/1.5 system-ui,sans-serif}main{max-width:40rem;margin:3rem auto;padding:1.75rem;box-sizing:border-box;background:light-dark(#fff,#1d1d24);border:1px solid light-dark(#dddad2,#363640);border-radius:14px;overflow-wrap:anywhere}h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}p{margin:0 0 .75rem}small{color:light-dark(#5d5a66,#a9a7b6)}@media(max-width:42rem){main{margin:1rem}}</style>
    <main>
    <h1>This link does not work</h1>
    <p>This actor token has already been used. Each token can only be used once.</p>
    <p>Ask whoever gave you this link for a new one.</p>
    <p><small>Code: actor_token_already_used_code. Trace id: [trace]</small></p>
    </main>
    "#);
    for accept in ["*/*", "application/json", "text/*", "text/html-not", ""] {
        let answer = browser.navigation("GET", &path).header("accept", accept).send().await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.code(), "actor_token_already_used_code", "{accept}");
    }
    assert_eq!(session_status(&instance, &session).await, "active");
}

#[tokio::test]
async fn a_page_says_nothing_of_what_it_was_asked() {
    let instance = instance().await;
    let browser = Browser::new(&instance);
    for planted in
        ["%3Cscript%3Ealert(1)%3C/script%3E", "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E", "planted"]
    {
        let answer = open(&browser, &accept_path(planted)).await;
        assert_eq!(answer.status, 400);
        let page = page(&answer);
        for trace in ["alert", "planted", "onerror"] {
            assert!(!page.contains(trace), "{page}");
        }
    }
}

#[tokio::test]
async fn whoever_comes_too_often_is_told_when_to_come_back() {
    let instance = instance_with(|plan| plan.http.failed_authentications_per_minute = 1).await;
    let browser = Browser::new(&instance);
    open(&browser, &accept_path("forged")).await;
    let answer = open(&browser, &accept_path("forged")).await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").is_some());
    insta::assert_snapshot!(page(&answer), @r#"
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>This link does not work</title>
    <style>:root{color-scheme:light dark}body{margin:0;background:light-dark(#f4f3ef,#131318);color:light-dark(#1c1b22,#ecebf2);font:1rem/1.5 system-ui,sans-serif}main{max-width:40rem;margin:3rem auto;padding:1.75rem;box-sizing:border-box;background:light-dark(#fff,#1d1d24);border:1px solid light-dark(#dddad2,#363640);border-radius:14px;overflow-wrap:anywhere}h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}p{margin:0 0 .75rem}small{color:light-dark(#5d5a66,#a9a7b6)}@media(max-width:42rem){main{margin:1rem}}</style>
    <main>
    <h1>This link does not work</h1>
    <p>Too many requests, retry later</p>
    <p>Wait a moment and open the link again.</p>
    <p><small>Code: too_many_requests. Trace id: [trace]</small></p>
    </main>
    "#);
}
