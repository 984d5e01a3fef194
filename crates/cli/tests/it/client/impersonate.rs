//! `actas impersonate`: links, who acts, and what is told of it.

use super::instance::{Instance, answering, assert_shown, succeeded};
use crate::process::{actas, one_line, stderr};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

#[test]
fn the_link_alone_is_printed_and_all_else_is_told_beside_it() {
    let instance = Instance::start();
    let arguments =
        ["impersonate", "bob.customer@example.com", "--actor", &instance.alice, "--reason", "order 4711"];
    let output = instance.run(&[&arguments[..], &["--expires-in", "10m", "--session-max", "5m"]].concat());
    let link = succeeded(&output);
    assert!(link.starts_with(&format!("{}/v1/tickets/accept?ticket=", instance.url)), "{link}");
    assert_eq!(link.lines().count(), 1);
    let told = stderr(&output);
    assert!(!told.contains("acttkt_"), "the ticket is told nowhere else: {told}");
    assert_shown!("impersonate", told);
    let ticket = link.trim().split_once("ticket=").unwrap().1;
    let session = instance.json(&["sessions", "show", &instance.redeem(ticket)]);
    assert_eq!(
        (&session["user_id"], &session["actor"]),
        (&json!(instance.bob), &json!({ "sub": instance.alice }))
    );
    let lasts = session["expire_at"].as_i64().unwrap() - session["created_at"].as_i64().unwrap();
    assert_eq!(lasts, 300_000);
}

#[test]
fn json_has_all_of_it() {
    let instance = Instance::start();
    let printed = instance.ok(&["impersonate", &instance.bob, "--actor", "staff:7", "--json"]);
    assert_shown!("impersonate_json", printed);
}

#[test]
fn nobody_acts_who_was_not_named() {
    let instance = Instance::start();
    let told = one_line(&instance.run(&["impersonate", &instance.bob]), 2);
    assert!(told.contains("--actor ID") && told.contains("no profile"), "{told}");
    let told = one_line(&instance.run(&["impersonate", &instance.bob, "--actor", ""]), 2);
    assert!(told.contains("--actor is empty"), "{told}");
    assert_eq!(instance.json(&["tokens", "list"]), json!([]));
}

#[test]
fn without_a_terminal_nobody_is_picked() {
    let instance = Instance::start();
    let told = one_line(&instance.run(&["impersonate", "--actor", "staff:7"]), 2);
    assert!(told.contains("actas impersonate USER"), "{told}");
}

#[test]
fn an_address_must_be_whole_and_a_stranger_is_told_how_to_search() {
    let instance = Instance::start();
    let told = one_line(&instance.run(&["impersonate", "bob.custom@example.com", "--actor", "a"]), 9);
    assert!(
        told.contains("no user at http") && told.contains("actas users list --query bob.custom"),
        "{told}"
    );
    let told = one_line(&instance.run(&["impersonate", "user_nobody", "--actor", "a"]), 9);
    assert!(told.contains("has the id user_nobody"), "{told}");
    assert_eq!(instance.json(&["tokens", "list"]), json!([]));
}

#[test]
fn an_address_that_is_also_an_id_is_told_and_not_guessed() {
    let instance = Instance::start();
    instance.create_user(&json!({ "id": "bob.customer@example.com" }));
    let told = one_line(&instance.run(&["impersonate", "bob.customer@example.com", "--actor", "a"]), 2);
    assert!(told.contains("any of several users") && told.contains(&instance.bob), "{told}");
}

#[test]
fn limits_are_told_by_the_flags_that_were_typed() {
    let instance = Instance::start();
    let refused = |arguments: &[&str]| {
        let all = [&["impersonate", instance.bob.as_str(), "--actor", "a"], arguments].concat();
        one_line(&instance.run(&all), 10).replace(&instance.url, "URL")
    };
    assert_shown!("refused_expires_in", refused(&["--expires-in", "31d"]));
    assert_shown!("refused_session_max", refused(&["--session-max", "25h"]));
    assert_shown!("refused_reason", refused(&["--reason", &"x".repeat(501)]));
    assert_eq!(
        instance.run(&["impersonate", "x", "--actor", "a", "--expires-in", "soon"]).status.code(),
        Some(2)
    );
}

#[test]
fn a_link_is_withdrawn_and_a_used_one_leads_to_its_session() {
    let instance = Instance::start();
    let (id, _) = instance.token(&[]);
    assert_shown!("revoke", instance.ok(&["impersonate", "revoke", &id]));
    let told = one_line(&instance.run(&["impersonate", "revoke", &id]), 10);
    assert!(told.contains("status is revoked"), "{told}");
    let (id, ticket) = instance.token(&[]);
    let session = instance.redeem(&ticket);
    let told = one_line(&instance.run(&["tokens", "revoke", &id]), 10);
    assert!(told.contains(&format!("actas sessions revoke {session}")), "{told}");
    instance.ok(&["sessions", "revoke", &session]);
}

#[test]
fn in_an_open_directory_users_need_not_be_known() {
    let instance = Instance::start_with(&[("ACTAS_DIRECTORY_MODE", "open")]);
    let token = instance.json(&["impersonate", "crm:42@example.com", "--actor", "staff:7"]);
    assert_eq!(token["user_id"], "crm:42@example.com");
}

const JSON: &str = "200 OK\r\nContent-Type: application/json";
const NOT_FOUND: &str = "404 Not Found\r\nContent-Type: application/json";
const NO_RESOURCE: &str =
    r#"{"errors":[{"message":"not found","long_message":"Resource not found","code":"resource_not_found"}]}"#;
const TOKEN: &str = r#"{"object":"actor_token","id":"act_x","status":"pending","user_id":"user_x","actor":{"sub":"a"},
    "token":"ticket","url":"https://x.example/t","created_at":1000000,"updated_at":1000000}"#;

#[test]
fn a_server_without_lists_of_tokens_will_do() {
    let url = answering(&[
        ("GET /v1/users/user_x", JSON, r#"{"object":"user","id":"user_x","created_at":1,"updated_at":1}"#),
        ("POST /v1/actor_tokens", JSON, TOKEN),
        ("", NOT_FOUND, NO_RESOURCE),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let made = |more: &[&str]| -> Value {
        let all = [&["impersonate", "user_x", "--actor", "a", "--json", "--url", &url], more].concat();
        let output = actas(folder.path(), &all).env("CLERK_SECRET_KEY", "sk_test_x").output().unwrap();
        serde_json::from_str(&succeeded(&output)).unwrap()
    };
    let token = made(&[]);
    assert_eq!((&token["expires_at"], &token["url"]), (&json!(4_600_000), &json!("https://x.example/t")));
    assert_eq!(token["session_max_duration_in_seconds"], 1800);
    let token = made(&["--expires-in", "1m", "--session-max", "2m"]);
    assert_eq!(
        (&token["expires_at"], &token["session_max_duration_in_seconds"]),
        (&json!(1_060_000), &json!(120))
    );
}

/// A browser that writes into a pipe what it is to open.
fn browser(folder: &Path) -> std::path::PathBuf {
    let (bin, pipe) = (folder.join("bin"), folder.join("opened"));
    fs::create_dir(&bin).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = bin.join("xdg-open");
    fs::write(&script, format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", pipe.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    pipe
}

#[test]
#[cfg(target_os = "linux")]
fn an_opened_link_is_printed_nowhere() {
    let instance = Instance::start();
    let pipe = browser(instance.folder.path());
    let path = format!("{}:/usr/bin:/bin", instance.folder.path().join("bin").display());
    let opened = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    let mut command =
        instance.command(&["impersonate", &instance.bob, "--actor", "staff:7", "--open", "--json"]);
    let output = command.env("PATH", path).output().unwrap();
    let printed: Value = serde_json::from_str(&succeeded(&output)).unwrap();
    let link = opened.join().unwrap();
    assert!(link.contains("/v1/tickets/accept?ticket=acttkt_"), "{link}");
    assert!(!format!("{printed}{}", stderr(&output)).contains("acttkt_"));
    assert!(stderr(&output).contains("opened in the browser"));
    instance.redeem(link.split_once("ticket=").unwrap().1);
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_browser_the_link_stays_secret_and_can_be_withdrawn() {
    let instance = Instance::start();
    let mut command = instance.command(&["impersonate", &instance.bob, "--actor", "staff:7", "--open"]);
    let output = command.env("PATH", instance.folder.path()).output().unwrap();
    let told = one_line(&output, 1);
    assert!(!format!("{output:?}").contains("acttkt_"));
    let id = told.rsplit(' ').next().unwrap();
    instance.ok(&["impersonate", "revoke", id]);
}
