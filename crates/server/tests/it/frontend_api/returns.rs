//! The way back: whose session an impersonation set aside gets one in its place when it stops.

use super::{
    actor_token, actor_token_with,
    browser::{Browser, set_cookies},
    instance_with, session_status, ticket,
};
use crate::harness::{Answer, Instance, StoreKind};
use actas_domain::settings::InstanceKind;
use serde_json::{Value, json};

/// Production instances: on a development instance the client changes with the link.
async fn instance(store: StoreKind) -> Instance {
    instance_with(|plan| {
        plan.store = store;
        plan.settings.instance_kind = InstanceKind::Production;
    })
    .await
}

/// A browser in which `admin` is signed in, and that session.
async fn of_admin(instance: &Instance) -> (Browser<'_>, String) {
    of(instance, "admin").await
}

async fn of<'a>(instance: &'a Instance, user: &str) -> (Browser<'a>, String) {
    let token = instance.post("/v1/sign_in_tokens", json!({ "user_id": user })).await.ok();
    let mut browser = Browser::new(instance);
    let session = browser.sign_in(&ticket(&token)).await;
    (browser, session)
}

async fn stop(browser: &mut Browser<'_>, session: &str, how: &str) -> Answer {
    match how {
        "sign out" => browser.post("/v1/client/sessions?_method=DELETE", "").await,
        how => browser.post(&format!("/v1/client/sessions/{session}/{how}"), "").await,
    }
}

fn live(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let client = answer.ok()["client"].clone();
    let sessions = client["sessions"].as_array().unwrap();
    sessions.iter().map(|session| (text(&session["id"]), text(&session["user"]["id"]))).collect()
}

#[tokio::test]
async fn whoever_stops_is_back_in_a_session_of_their_own() {
    for store in StoreKind::ALL {
        for (how, status) in [("end", "ended"), ("remove", "removed"), ("sign out", "removed")] {
            for opens_link in [false, true] {
                let instance = instance(store).await;
                let (mut browser, own) = of_admin(&instance).await;
                let ticket = ticket(&actor_token(&instance).await);
                if opens_link {
                    browser.open(&ticket).await;
                }
                let impersonated = browser.sign_in(&ticket).await;
                assert_eq!(session_status(&instance, &own).await, "replaced");
                let before = browser.cookies["__client"].clone();
                let answer = stop(&mut browser, &impersonated, how).await;
                assert_eq!(session_status(&instance, &impersonated).await, status);
                let [(session, user)] = &live(&answer)[..] else { panic!("{how}: {answer}") };
                assert_eq!(user, "admin");
                assert_ne!(*session, own);
                assert_eq!(session_status(&instance, session).await, "active");
                assert!(set_cookies(&answer).iter().any(|cookie| cookie.starts_with("__client_uat=1")));
                assert_ne!(browser.cookies["__client"], before, "the cookie of an impersonation lives on");
                let back = instance.get(&format!("/v1/audit_entries?session_id={session}")).await.ok();
                assert_eq!(back["data"][0]["action"], "session.created");
                assert_eq!(back["data"][0]["cause"], "returned");
                // Once: what ends now ends for good.
                let answer = stop(&mut browser, session, how).await;
                assert!(live(&answer).is_empty(), "{how}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_elses_session_comes_back() {
    let instance = instance(StoreKind::Memory).await;
    for user in ["subject", "other"] {
        if user == "other" {
            instance.add_user(user).await;
        }
        let (mut browser, _) = of(&instance, user).await;
        let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        let answer = stop(&mut browser, &impersonated, "end").await;
        assert!(live(&answer).is_empty(), "{user}: {answer}");
    }
}

/// The first session that was set aside counts, as long as the actor is the same.
#[tokio::test]
async fn a_second_ticket_keeps_the_return_of_the_same_actor() {
    for (actor, comes_back) in [("admin", true), ("subject", false)] {
        let instance = instance(StoreKind::Memory).await;
        let (mut browser, _) = of_admin(&instance).await;
        browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        let second = actor_token_with(&instance, json!({ "actor": { "sub": actor } })).await;
        browser.open(&ticket(&second)).await;
        let impersonated = browser.sign_in(&ticket(&second)).await;
        let answer = stop(&mut browser, &impersonated, "end").await;
        assert_eq!(live(&answer).len(), usize::from(comes_back), "{actor}: {answer}");
    }
}

/// A ban that is lifted again, a lock likewise, a sign-out everywhere.
#[tokio::test]
async fn a_return_falls_with_all_sessions_of_its_user() {
    let everywhere = json!({ "password": "another-long-password", "sign_out_of_other_sessions": true });
    for store in StoreKind::ALL {
        let instance = instance(store).await;
        let (mut browser, _) = of_admin(&instance).await;
        let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        instance.patch("/v1/users/admin", everywhere.clone()).await.ok();
        let answer = stop(&mut browser, &impersonated, "end").await;
        assert!(live(&answer).is_empty(), "{answer}");
        assert_eq!(session_status(&instance, &impersonated).await, "ended");
        // Between the link and its ticket nobody is signed in, and a ban finds the return alone.
        for (fall, rise) in [("ban", "unban"), ("lock", "unlock")] {
            let (mut browser, _) = of_admin(&instance).await;
            let first = actor_token(&instance).await;
            browser.open(&ticket(&first)).await;
            instance.post(&format!("/v1/users/admin/{fall}"), json!({})).await.ok();
            instance.post(&format!("/v1/users/admin/{rise}"), json!({})).await.ok();
            let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
            let answer = stop(&mut browser, &impersonated, "end").await;
            assert!(live(&answer).is_empty(), "{fall}: {answer}");
        }
    }
}

/// Whoever opens a link and signs out instead of redeeming it does not come back by another one later.
#[tokio::test]
async fn a_sign_out_between_link_and_ticket_takes_the_return_along() {
    for store in StoreKind::ALL {
        for (method, path) in [("DELETE", "/v1/client/sessions"), ("DELETE", "/v1/client")] {
            let instance = instance(store).await;
            let (mut browser, _) = of_admin(&instance).await;
            let link = ticket(&actor_token(&instance).await);
            browser.open(&link).await;
            let cookie = browser.cookies["__client"].clone();
            let call = browser.call(method, path);
            browser.send(call).await.ok();
            browser.cookies.insert("__client".to_owned(), cookie);
            assert_eq!(instance.last_audit_entry().await["action"], "client.signed_out");
            let impersonated = browser.sign_in(&link).await;
            let answer = stop(&mut browser, &impersonated, "end").await;
            assert!(live(&answer).is_empty(), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_return_lasts_no_longer_than_the_session_it_stands_for() {
    for (seconds, comes_back) in [(899, true), (900, false)] {
        let instance = instance_with(|plan| {
            plan.settings.instance_kind = InstanceKind::Production;
            plan.settings.ordinary_session_seconds = 1_000;
            plan.settings.impersonated_idle_seconds = 10_000;
        })
        .await;
        let (mut browser, _) = of_admin(&instance).await;
        instance.clock.advance_millis(100_000);
        let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        instance.clock.advance_millis(seconds * 1_000);
        let answer = stop(&mut browser, &impersonated, "end").await;
        assert_eq!(live(&answer).len(), usize::from(comes_back), "{seconds}: {answer}");
        if comes_back {
            let session = &answer.ok()["client"]["sessions"][0];
            assert_eq!(session["expire_at"], 1_773_489_600_000_i64 + 1_000_000, "a way to live longer");
            let minutes = (100 + seconds) / 60;
            assert_eq!(session["factor_verification_age"], json!([minutes, -1]), "a proof made anew");
        }
    }
}

/// Only the client that stops its impersonation itself is given its actor's session.
#[tokio::test]
async fn an_end_by_others_opens_nothing() {
    let instance = instance(StoreKind::Memory).await;
    let (mut browser, _) = of_admin(&instance).await;
    let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.post(&format!("/v1/sessions/{impersonated}/revoke"), json!({})).await.ok();
    for how in ["end", "sign out"] {
        let answer = stop(&mut browser, &impersonated, how).await;
        assert!(live(&answer).is_empty(), "{how}: {answer}");
    }
    let (mut browser, _) = of_admin(&instance).await;
    let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.clock.advance_millis(600_000);
    let answer = stop(&mut browser, &impersonated, "end").await;
    assert!(live(&answer).is_empty(), "{answer}");
}

/// A backend that revokes the session that was set aside, another of its user's, or the impersonation itself leaves
/// no way back.
#[tokio::test]
async fn a_backends_revocation_takes_the_return_along() {
    for store in StoreKind::ALL {
        let instance = instance(store).await;
        for revoked in ["what was set aside", "another of the user's"] {
            let (mut browser, own) = of_admin(&instance).await;
            let (_elsewhere, another) = of_admin(&instance).await;
            let impersonated = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
            let id = if revoked == "what was set aside" { own } else { another };
            instance.post(&format!("/v1/sessions/{id}/revoke"), json!({})).await.ok();
            let answer = stop(&mut browser, &impersonated, "end").await;
            assert!(live(&answer).is_empty(), "{revoked}: {answer}");
        }
        let (mut browser, _) = of_admin(&instance).await;
        let first = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        instance.post(&format!("/v1/sessions/{first}/revoke"), json!({})).await.ok();
        let second = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
        let answer = stop(&mut browser, &second, "end").await;
        assert!(live(&answer).is_empty(), "{answer}");
    }
}
