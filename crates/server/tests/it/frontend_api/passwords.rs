//! Ordinary sign-in with identifier and password, at once and in two steps, and what wrong passwords lead to.

use super::{
    actor_token,
    browser::{Browser, set_cookies},
    instance, instance_with, session_status, ticket,
};
use crate::harness::{Answer, Instance, StoreKind};
use actas_domain::ids::UserId;
use serde_json::{Value, json};

const PASSWORD: &str = "correct-horse-battery";

/// An instance with a user `ada`, who has a password, and the two others, who have none.
async fn with_ada(instance: Instance) -> Instance {
    let ada = json!({
        "id": "ada", "first_name": "Ada", "email_address": ["ada@example.com"], "username": "Ada_L",
        "phone_number": ["+15551234567"], "password": PASSWORD,
    });
    instance.post("/v1/users", ada).await.ok();
    instance
}

async fn at_once(browser: &mut Browser<'_>, identifier: &str, password: &str) -> Answer {
    let form = format!("strategy=password&identifier={identifier}&password={password}&locale=en");
    browser.post("/v1/client/sign_ins", &form).await
}

/// The id of an attempt for this identifier.
async fn begun(browser: &mut Browser<'_>, identifier: &str) -> String {
    let answer = browser.post("/v1/client/sign_ins", &format!("identifier={identifier}")).await.ok();
    answer["response"]["id"].as_str().expect("an id").to_owned()
}

async fn attempt(browser: &mut Browser<'_>, id: &str, password: &str) -> Answer {
    let path = format!("/v1/client/sign_ins/{id}/attempt_first_factor");
    browser.post(&path, &format!("strategy=password&password={password}")).await
}

async fn ada(instance: &Instance) -> Value {
    instance.get("/v1/users/ada").await.ok()
}

#[tokio::test]
async fn identifier_and_password_begin_an_ordinary_session() {
    for store in StoreKind::ALL {
        let instance = with_ada(instance_with(|plan| plan.store = store).await).await;
        for identifier in ["ada@example.com", "ADA@Example.com", "ada_l", "%2B15551234567"] {
            let mut browser = Browser::new(&instance);
            let answer = at_once(&mut browser, identifier, PASSWORD).await;
            let json = answer.ok();
            assert_eq!(json["response"]["status"], "complete", "{identifier}");
            assert_eq!(json["response"]["first_factor_verification"]["strategy"], "password");
            assert_eq!(json["client"]["sessions"][0]["user"]["id"], "ada");
            assert_eq!(json["client"]["sessions"][0]["actor"], Value::Null);
            assert_eq!(json["client"]["sign_in"], Value::Null);
            assert!(set_cookies(&answer).iter().any(|cookie| cookie.starts_with("__client=")));
            let session = json["response"]["created_session_id"].as_str().unwrap();
            assert_eq!(session_status(&instance, session).await, "active");
            let entry = instance.last_audit_entry().await;
            assert_eq!(entry["action"], "session.created");
            assert_eq!((&entry["user_id"], &entry["session_id"]), (&json!("ada"), &json!(session)));
        }
        assert!(ada(&instance).await["last_sign_in_at"].is_i64());
    }
}

#[tokio::test]
async fn the_password_can_come_in_a_second_step() {
    for store in StoreKind::ALL {
        let instance = with_ada(instance_with(|plan| plan.store = store).await).await;
        let mut browser = Browser::new(&instance);
        let id = begun(&mut browser, "ada@example.com").await;
        let path = format!("/v1/client/sign_ins/{id}");
        let client = browser.get("/v1/client").await.ok();
        assert_eq!(client["response"]["sign_in"]["id"], id.as_str(), "a reload loses the attempt");
        let shown = browser.get(&path).await.ok();
        assert_eq!(shown["response"], client["response"]["sign_in"]);
        let prepared = browser.post(&format!("{path}/prepare_first_factor"), "strategy=password").await.ok();
        assert_eq!(prepared["response"], shown["response"]);
        assert_eq!(
            attempt(&mut browser, &id, "wrong-password").await.code(),
            "form_password_or_identifier_incorrect"
        );
        let answer = attempt(&mut browser, &id, PASSWORD).await.ok();
        assert_eq!(answer["response"]["id"], id.as_str());
        assert_eq!(answer["response"]["status"], "complete");
        assert_eq!(answer["client"]["sign_in"], Value::Null);
        assert_eq!(answer["client"]["id"], client["response"]["id"]);
        assert_eq!(browser.get(&path).await.status, 404, "an attempt is completed once");
    }
}

/// Nothing of the first step says whether anybody has the identifier.
#[tokio::test]
async fn an_attempt_looks_the_same_for_any_identifier() {
    let instance = with_ada(instance().await).await;
    let mut answers = Vec::new();
    for identifier in ["ada@example.com", "eva@example.com", "admin", "nonsense"] {
        let answer = Browser::new(&instance)
            .post("/v1/client/sign_ins", &format!("strategy=password&identifier={identifier}"))
            .await;
        let mut sign_in = answer.ok()["response"].clone();
        assert_eq!(sign_in["identifier"].take(), identifier);
        sign_in["id"].take();
        answers.push(sign_in);
    }
    insta::assert_snapshot!(answers[0], @r#"{"abandon_at":1773493200000,"created_session_id":null,"first_factor_verification":null,"id":null,"identifier":null,"object":"sign_in_attempt","second_factor_verification":null,"status":"needs_first_factor","supported_first_factors":[{"strategy":"password"}],"supported_identifiers":["email_address","phone_number","username"],"supported_second_factors":null,"user_data":null}"#);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn an_attempt_belongs_to_its_client_and_dies() {
    let instance = with_ada(instance().await).await;
    let (mut browser, mut other) = (Browser::new(&instance), Browser::new(&instance));
    let id = begun(&mut browser, "ada@example.com").await;
    assert_eq!(attempt(&mut other, &id, PASSWORD).await.code(), "signed_out");
    begun(&mut other, "ada@example.com").await;
    let answer = attempt(&mut other, &id, PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "resource_not_found"));
    let second = begun(&mut browser, "ada@example.com").await;
    assert_eq!(attempt(&mut browser, &id, PASSWORD).await.status, 404, "a later attempt takes its place");
    instance.clock.advance_millis(3_599_999);
    assert_eq!(browser.get(&format!("/v1/client/sign_ins/{second}")).await.status, 200);
    instance.clock.advance_millis(1);
    assert_eq!(attempt(&mut browser, &second, PASSWORD).await.status, 404);
}

/// A wrong password, a user without one and nobody at all: one answer; only of somebody is it on record.
#[tokio::test]
async fn a_wrong_password_tells_nothing() {
    let instance = with_ada(instance().await).await;
    let mut answers = Vec::new();
    for (identifier, password) in [
        ("ada@example.com", "wrong-password"),
        ("eva@example.com", PASSWORD),
        ("admin", PASSWORD),
        ("a", PASSWORD),
        ("ada@example.com", "x"),
    ] {
        let answer = at_once(&mut Browser::new(&instance), identifier, password).await;
        assert!(set_cookies(&answer).is_empty());
        answers.push(answer.to_string());
    }
    insta::assert_snapshot!(answers[0], @"422 form_password_or_identifier_incorrect | Password or identifier is incorrect | The password or the identifier is incorrect. Try again.");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let denied = instance.get("/v1/audit_entries?outcome=denied").await.ok();
    let text = denied.to_string();
    assert_eq!(denied["data"].as_array().unwrap().len(), 2, "{denied:#}");
    assert!(!text.contains("eva@") && !text.contains(PASSWORD) && !text.contains("wrong-"), "{text}");
    assert_eq!(ada(&instance).await["verification_attempts_remaining"], 8);
}

/// Also for an identifier that nobody has, so that a lockout tells nobody who exists.
#[tokio::test]
async fn repeated_failures_lock_out_of_password_sign_in_and_of_nothing_else() {
    for store in StoreKind::ALL {
        let instance = with_ada(
            instance_with(|plan| {
                plan.store = store;
                plan.settings.password_attempts_max = 3;
            })
            .await,
        )
        .await;
        let mut browser = Browser::new(&instance);
        let session = at_once(&mut browser, "ada_l", PASSWORD).await.ok();
        let session = session["response"]["created_session_id"].as_str().unwrap().to_owned();
        let wrong =
            async |identifier| at_once(&mut Browser::new(&instance), identifier, "wrong-password").await;
        for (identifier, other) in
            [("ada@example.com", "ADA_L"), ("eva@example.com", "%20EVA@example.com%20")]
        {
            for each in [identifier, other, identifier] {
                assert_eq!(wrong(each).await.code(), "form_password_or_identifier_incorrect", "{each}");
            }
            let answer = wrong(other).await;
            insta::allow_duplicates! {
                insta::assert_snapshot!(answer, @r#"403 user_locked | Account locked | Your account is locked. You will be able to try again in 60 minutes. For more information, please contact support. | {"lockout_expires_in_seconds":3600}"#);
            }
        }
        let right = at_once(&mut Browser::new(&instance), "ada@example.com", PASSWORD).await;
        assert_eq!(right.code(), "user_locked", "a lockout must not tell a right password");
        let user = ada(&instance).await;
        assert_eq!(user["lockout_expires_in_seconds"], 3_600);
        assert_eq!((&user["verification_attempts_remaining"], &user["locked"]), (&json!(0), &json!(false)));
        assert_eq!(session_status(&instance, &session).await, "active", "a lockout ends no session");
        instance.clock.advance_millis(3_600_000);
        assert_eq!(ada(&instance).await["verification_attempts_remaining"], 3);
        at_once(&mut Browser::new(&instance), "ada@example.com", PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn a_right_password_and_an_unlock_begin_to_count_anew() {
    let instance = with_ada(instance_with(|plan| plan.settings.password_attempts_max = 2).await).await;
    let try_it = async |password| at_once(&mut Browser::new(&instance), "ada_l", password).await;
    assert_eq!(try_it("wrong-password").await.status, 422);
    try_it(PASSWORD).await.ok();
    assert_eq!(ada(&instance).await["verification_attempts_remaining"], 2);
    assert_eq!(try_it("wrong-password").await.status, 422);
    assert_eq!(try_it("wrong-password").await.status, 422);
    assert_eq!(try_it(PASSWORD).await.code(), "user_locked");
    let unlocked = instance.post("/v1/users/ada/unlock", json!({})).await.ok();
    assert_eq!(unlocked["lockout_expires_in_seconds"], Value::Null);
    try_it(PASSWORD).await.ok();
}

/// Who knows the password is told of a ban or a lock; who does not is told nothing.
#[tokio::test]
async fn a_ban_and_a_lock_are_told_to_the_right_password_only() {
    for (act, code) in [("ban", "user_banned"), ("lock", "user_locked")] {
        let instance = with_ada(instance().await).await;
        instance.post(&format!("/v1/users/ada/{act}"), json!({})).await.ok();
        let mut browser = Browser::new(&instance);
        let wrong = at_once(&mut browser, "ada_l", "wrong-password").await;
        assert_eq!(wrong.code(), "form_password_or_identifier_incorrect");
        assert_eq!(at_once(&mut browser, "ada_l", PASSWORD).await.code(), code);
        let entry = instance.last_audit_entry().await;
        assert_eq!((&entry["action"], &entry["user_id"]), (&json!("session.created"), &json!("ada")));
    }
}

#[tokio::test]
async fn an_impersonation_is_no_place_for_an_ordinary_sign_in() {
    let instance = with_ada(instance().await).await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let answer = at_once(&mut browser, "ada_l", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "session_creation_not_allowed"));
    let answer = browser.post("/v1/client/sign_ins", "identifier=ada_l").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "session_creation_not_allowed"));
    assert_eq!(session_status(&instance, &session).await, "active");
}

#[tokio::test]
async fn an_address_that_guesses_is_not_told_of_a_right_password() {
    let instance =
        with_ada(instance_with(|plan| plan.http.failed_authentications_per_minute = 2).await).await;
    for _ in 0..2 {
        assert_eq!(at_once(&mut Browser::new(&instance), "eva", PASSWORD).await.status, 422);
    }
    let answer = at_once(&mut Browser::new(&instance), "eva", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "too_many_requests"));
    assert_eq!(at_once(&mut Browser::new(&instance), "ada_l", PASSWORD).await.status, 429);
    let mut browser = Browser::new(&instance);
    let id = begun(&mut browser, "ada_l").await;
    let answer = attempt(&mut browser, &id, PASSWORD).await;
    assert_eq!(answer.status, 429, "a second step is no way round it");
}

/// bcrypt looks at 72 bytes, and so do those who brought its digests along: what was right there stays right here.
#[tokio::test]
async fn no_sign_in_changes_which_password_is_right() {
    let of_71 = "$2b$04$abcdefghijklmnopqrstuuTYDowBoYf34KLYBHbWu7CBwc/8jbH1q";
    // Also of whatever is longer.
    let of_72 = "$2b$04$abcdefghijklmnopqrstuuNt.0ah97gHY3F7JC1Z6EXmQc0bQBhIO";
    for store in StoreKind::ALL {
        let instance = with_ada(instance_with(|plan| plan.store = store).await).await;
        let long = |bytes: usize, tail: &str| format!("{}{tail}", "p".repeat(bytes));
        for (digest, typed, owners, is_renewed) in [
            (of_71, long(71, ""), long(71, ""), true),
            (of_72, long(72, ""), long(72, "x"), false),
            (of_72, long(72, "x"), long(72, ""), false),
            (of_72, long(72, "typo"), long(72, "x"), false),
        ] {
            let brought = json!({ "password_digest": digest, "password_hasher": "bcrypt" });
            instance.patch("/v1/users/ada", brought).await.ok();
            for password in [&typed, &owners] {
                at_once(&mut Browser::new(&instance), "ada_l", password).await.ok();
            }
            let id = UserId::parse("ada").unwrap();
            let user = instance.app.world.store.user(&id).await.unwrap().unwrap();
            assert_eq!(user.password.unwrap().as_str() != digest, is_renewed, "{} bytes", typed.len());
        }
    }
}
