//! Tables, what `show` shows, and the shapes of `--json`.

use super::instance::{Instance, assert_shown, succeeded};
use crate::process::stderr;
use serde_json::json;

/// A token of each kind: used, revoked, pending.
fn with_tokens() -> (Instance, String) {
    let instance = Instance::start();
    let (_, ticket) = instance.token(&["--reason", "order 4711"]);
    let session = instance.redeem(&ticket);
    let (revoked, _) = instance.token(&[]);
    instance.ok(&["tokens", "revoke", &revoked]);
    instance.token(&["--expires-in", "10m", "--reason", "a reason that goes on for quite a while"]);
    (instance, session)
}

#[test]
fn tokens_fit_their_terminal() {
    let (instance, _) = with_tokens();
    assert_shown!("tokens_80", instance.table("80", &["tokens", "list"]));
    assert_shown!("tokens_120", instance.table("120", &["tokens", "list"]));
    assert_shown!("tokens_200", instance.table("200", &["tokens", "list"]));
    assert_shown!("tokens_utc", instance.table("120", &["tokens", "list", "--utc", "--limit", "1"]));
    assert_shown!("tokens_json", instance.ok(&["tokens", "list", "--json"]));
}

#[test]
fn tokens_are_found_by_what_they_are() {
    let (instance, _) = with_tokens();
    let found = |arguments: &[&str]| {
        instance.json(&[&["tokens", "list"], arguments].concat()).as_array().unwrap().len()
    };
    assert_eq!(found(&[]), 3);
    assert_eq!(found(&["--status", "pending"]), 1);
    assert_eq!(found(&["--status", "accepted", "--user", "bob.customer@example.com"]), 1);
    assert_eq!(found(&["--user", &instance.alice]), 0);
    assert_eq!(found(&["--actor", &instance.alice, "--limit", "2"]), 2);
    assert_eq!(found(&["--actor", "nobody"]), 0);
    assert_eq!(found(&["--since", "1h"]), 3);
    assert_eq!(found(&["--since", "2100-01-01"]), 0);
}

#[test]
fn a_token_is_shown_without_its_ticket() {
    let (instance, session) = with_tokens();
    let accepted = instance.json(&["tokens", "list", "--status", "accepted"]);
    let id = accepted[0]["id"].as_str().unwrap();
    let shown = instance.ok(&["tokens", "show", id]);
    assert!(shown.contains(&session), "{shown}");
    assert_shown!("token_accepted", shown);
    let revoked = instance.json(&["tokens", "list", "--status", "revoked"]);
    assert_shown!("token_revoked", instance.ok(&["tokens", "show", revoked[0]["id"].as_str().unwrap()]));
}

#[test]
fn sessions_fit_their_terminal() {
    let (instance, session) = with_tokens();
    assert_shown!("sessions_80", instance.table("80", &["sessions", "list"]));
    assert_shown!("sessions_120", instance.table("120", &["sessions", "list", "--impersonated"]));
    assert_shown!("sessions_json", instance.ok(&["sessions", "list", "--json"]));
    assert_shown!("session", instance.ok(&["sessions", "show", &session]));
    assert_shown!("session_revoked", instance.ok(&["sessions", "revoke", &session]));
    assert_eq!(instance.json(&["sessions", "list", "--status", "active"]), json!([]));
    let listed = instance.json(&["sessions", "list", "--user", &instance.bob, "--status", "revoked"]);
    assert_eq!(listed[0]["id"], session.as_str());
}

#[test]
fn only_impersonated_sessions_are_impersonated() {
    let instance = Instance::start();
    let key = format!("Authorization: Bearer {}", instance.key);
    let headers = [key.as_str(), "Content-Type: application/json"];
    let body = json!({ "user_id": instance.bob }).to_string();
    assert_eq!(instance.server.request("POST", "/v1/sessions", &headers, &body).0, 200);
    assert_eq!(instance.json(&["sessions", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(instance.json(&["sessions", "list", "--impersonated"]), json!([]));
    let session = instance.redeem(&instance.token(&[]).1);
    let impersonated = instance.json(&["sessions", "list", "--impersonated"]);
    assert_eq!(impersonated.as_array().unwrap().len(), 1);
    assert_eq!(impersonated[0]["id"], session.as_str());
}

#[test]
fn the_record_fits_its_terminal() {
    let (instance, _) = with_tokens();
    let about = ["audit", "list", "--user", "bob.customer@example.com"];
    assert_shown!("audit_80", instance.table("80", &about));
    assert_shown!("audit_120", instance.table("120", &about));
    assert_shown!(
        "audit_json",
        instance.ok(&["audit", "list", "--action", "actor_token.accepted", "--json"])
    );
    let denied = instance.json(&["audit", "list", "--outcome", "denied"]);
    assert_eq!(denied, json!([]));
    let since = instance.json(&["audit", "list", "--since", "1h", "--until", "2100-01-01", "--limit", "2"]);
    assert_eq!(since.as_array().unwrap().len(), 2);
}

#[test]
fn more_rows_than_one_page_are_shown_and_more_are_told() {
    let instance = Instance::start();
    for _ in 0..3 {
        instance.token(&[]);
    }
    let output = instance.run(&["tokens", "list", "--limit", "2"]);
    assert_eq!(succeeded(&output).lines().count(), 3);
    let told = stderr(&output);
    assert!(told.contains("--limit shows more than 2"), "{told}");
    let told = stderr(&instance.run(&["tokens", "list", "--limit", "3"]));
    assert!(!told.contains("--limit"), "{told}");
    let json = instance.run(&["tokens", "list", "--limit", "2", "--json"]);
    assert!(stderr(&json).contains("--limit shows more than 2"), "{}", stderr(&json));
    let none = instance.run(&["sessions", "list"]);
    assert_eq!((succeeded(&none).as_str(), stderr(&none).as_str()), ("", "no sessions\n"));
}

#[test]
fn colours_come_when_they_are_wanted() {
    let (instance, _) = with_tokens();
    let with = |variables: &[(&str, &str)]| {
        let mut command = instance.command(&["tokens", "list"]);
        command.envs(variables.iter().copied());
        succeeded(&command.output().unwrap())
    };
    assert!(!with(&[]).contains('\u{1b}'), "there is no terminal");
    assert!(!with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]).contains('\u{1b}'));
    assert_shown!("tokens_colored", with(&[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn texts_of_strangers_cannot_speak_to_the_terminal() {
    let instance = Instance::start();
    let text = "\u{1b}]0;owned\u{7}Mal\u{202e}lory\u{9b}2J";
    let (id, _) = instance.token(&["--reason", text]);
    for arguments in
        [&["tokens", "list"][..], &["tokens", "show", &id], &["audit", "list"], &["audit", "list", "--json"]]
    {
        let shown = instance.table("200", arguments);
        let obeyed = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(shown.contains("owned") && !shown.contains(obeyed), "{shown:?}");
    }
    assert_eq!(instance.json(&["tokens", "show", &id])["reason"], text, "JSON can say it");
}
