//! Whom a message speaks of, and at which server its next step is.

use super::instance::{Instance, succeeded};
use crate::process::{actas, one_line, stderr};
use serde_json::{Value, json};
use std::{
    fs::{self, OpenOptions},
    os::unix::fs::PermissionsExt as _,
    process::Output,
};

/// A command to whose standard output nothing can be written.
fn into_full_disk(instance: &Instance, arguments: &[&str]) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    instance.command(arguments).stdout(full).output().unwrap()
}

#[test]
fn what_could_not_be_written_is_no_success() {
    let instance = Instance::start();
    for arguments in [
        &["users", "list"][..],
        &["users", "list", "--json"],
        &["audit", "list"],
        &["audit", "follow", "--after", "0", "--json"],
        &["audit", "follow", "--after", "0"],
        &["audit", "export"],
        &["completions", "bash"],
    ] {
        let told = one_line(&into_full_disk(&instance, arguments), 1);
        assert!(told.contains("cannot be written: No space left"), "{told}");
    }
    for more in [&[][..], &["--json"]] {
        let arguments = [&["impersonate", &instance.bob, "--actor", "a"], more].concat();
        let told = one_line(&into_full_disk(&instance, &arguments), 1);
        let id = instance.json(&["tokens", "list"])[0]["id"].as_str().unwrap().to_owned();
        assert!(told.contains(&format!("actas impersonate revoke {id}")), "{told}");
    }
}

#[test]
fn next_steps_are_at_the_server_that_a_flag_named() {
    let instance = Instance::start();
    let key = instance.folder.path().join("key");
    fs::write(&key, &instance.key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let flags = ["--url", &instance.url, "--secret-key-file", "key"];
    let run = |arguments: &[&str]| {
        actas(instance.folder.path(), &[arguments, &flags[..]].concat()).output().unwrap()
    };
    let repeated = format!(" --url {} --secret-key-file key", instance.url);
    let made = run(&["impersonate", &instance.bob, "--actor", "a"]);
    let id = instance.json(&["tokens", "list"])[0]["id"].as_str().unwrap().to_owned();
    assert!(
        stderr(&made).contains(&format!("actas impersonate revoke {id}{repeated}\n")),
        "{}",
        stderr(&made)
    );
    let banned = succeeded(&run(&["users", "ban", &instance.bob]));
    assert!(banned.contains(&format!("actas users unban {}{repeated}\n", instance.bob)), "{banned}");
    let told = one_line(&run(&["tokens", "show", "act_none"]), 9);
    assert!(told.contains(&format!("actas tokens list{repeated} shows")), "{told}");
    let told = one_line(&run(&["users", "show", "nobody@example.com"]), 9);
    assert!(told.ends_with(&format!("actas users list --query nobody{repeated}")), "{told}");
    let add = ["profiles", "add", "here", "--url", &instance.url, "--secret-key-file", "key"];
    succeeded(&actas(instance.folder.path(), &add).output().unwrap());
    let locked = ["users", "lock", &instance.alice, "--profile", "here"];
    let locked = succeeded(&actas(instance.folder.path(), &locked).output().unwrap());
    assert!(locked.contains(&format!("actas users unlock {} --profile here\n", instance.alice)), "{locked}");
}

#[test]
fn a_banned_user_is_named_and_whoever_asked_is_not_meant() {
    let instance = Instance::start();
    instance.ok(&["users", "ban", &instance.bob]);
    let told = one_line(&instance.run(&["impersonate", &instance.bob, "--actor", &instance.alice]), 10);
    assert!(told.contains(&format!("the user {} is banned", instance.bob)), "{told}");
    assert!(told.contains(&format!("actas users unban {}", instance.bob)) && !told.contains("You"), "{told}");
    let told = one_line(&instance.run(&["impersonate", &instance.alice, "--actor", &instance.bob]), 10);
    assert!(told.contains(&format!("the actor {} is banned", instance.bob)), "{told}");
}

#[test]
fn a_deleted_user_can_be_asked_for() {
    let instance = Instance::start();
    let (token, ticket) = instance.token(&[]);
    let session = instance.redeem(&ticket);
    instance.ok(&["users", "delete", &instance.bob, "--yes"]);
    let of_bob = |what: &str| instance.json(&[what, "list", "--user", &instance.bob]);
    assert_eq!(of_bob("tokens")[0]["id"], token.as_str());
    assert_eq!(of_bob("sessions")[0]["id"], session.as_str());
    let is_deletion = |entry: &Value| entry["action"] == "user.deleted";
    assert!(of_bob("audit").as_array().unwrap().iter().any(is_deletion));
    assert_eq!(instance.json(&["tokens", "list", "--user", "user_nobody"]), json!([]));
    one_line(&instance.run(&["audit", "list", "--user", "bob.customer@example.com"]), 9);
}

#[test]
fn an_actor_is_named_by_address_and_one_who_is_no_user_is_told() {
    let instance = Instance::start();
    let act = |actor: &str| {
        let output = instance.run(&["impersonate", &instance.bob, "--actor", actor]);
        succeeded(&output);
        let sub = instance.json(&["tokens", "list"])[0]["actor"]["sub"].as_str().unwrap().to_owned();
        (sub, stderr(&output))
    };
    assert_eq!(act("alice.support@example.com").0, instance.alice);
    let (sub, told) = act("carol@example.com");
    assert!(sub == "carol@example.com" && told.contains("carol@example.com is no user of"), "{told}");
    let (_, told) = act("staff:7");
    assert!(told.contains("no user of this server"), "{told}");
    let (_, told) = act(&instance.bob);
    assert!(told.contains("the actor is the user"), "{told}");
    let by = instance.json(&["tokens", "list", "--actor", "alice.support@example.com"]);
    assert_eq!(by.as_array().unwrap().len(), 1);
}

#[test]
fn a_link_that_cannot_be_used_any_more_is_expired_and_not_pending() {
    let instance = Instance::start();
    let (expires, _) = instance.token(&["--expires-in", "1s"]);
    let (lasts, _) = instance.token(&[]);
    let ids = |status: &str| {
        let tokens = instance.json(&["tokens", "list", "--status", status]);
        tokens
            .as_array()
            .unwrap()
            .iter()
            .map(|token| token["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // It ends by the clock.
    let begun = std::time::Instant::now();
    while ids("expired").is_empty() {
        assert!(begun.elapsed().as_secs() < 60);
    }
    assert_eq!((ids("expired"), ids("pending")), (vec![expires], vec![lasts]));
}

#[test]
fn why_something_was_denied_is_shown_also_where_room_is_scarce() {
    let instance = Instance::start();
    instance.token(&["--reason", "a reason that somebody gave at some length"]);
    instance.ok(&["users", "ban", &instance.bob]);
    one_line(&instance.run(&["impersonate", &instance.bob, "--actor", &instance.alice]), 10);
    let table = instance.table("100", &["audit", "list"]);
    assert!(table.lines().any(|row| row.contains("denied") && row.contains("user_banned")), "{table}");
}

#[test]
fn an_entry_is_shown_with_who_called() {
    let instance = Instance::start();
    let (id, _) = instance.token(&["--reason", "order 4711"]);
    let position = instance.json(&["audit", "list", "--limit", "1"])[0]["position"].to_string();
    let shown = instance.ok(&["audit", "show", &position]);
    for words in
        ["secret_key key_", "Bob Customer", &instance.bob, "Alice Support", &id, "order 4711", "127.0.0.1"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(instance.json(&["audit", "show", &position])["actor_token_id"], id.as_str());
    one_line(&instance.run(&["audit", "show", "4711"]), 9);
}
