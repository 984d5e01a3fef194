//! `actas users`.

use super::instance::{Instance, assert_shown};
use crate::process::one_line;
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt as _};

#[test]
fn users_fit_their_terminal() {
    let instance = Instance::start();
    instance.create_user(&json!({
        "first_name": "Maximiliane", "last_name": "von Hohenstein-Customer", "external_id": "crm-4711",
        "email_address": ["maximiliane.customer@example.com"],
    }));
    let one = ["users", "list", "--query", "Maximiliane"];
    assert_shown!("users_80", instance.table("80", &one));
    assert_shown!("users_120", instance.table("120", &one));
    assert_shown!("user", instance.ok(&["users", "show", "alice.support@example.com"]));
    assert_shown!("user_json", instance.ok(&["users", "show", &instance.bob, "--json"]));
}

#[test]
fn users_are_found_by_what_is_known_of_them() {
    let instance = Instance::start();
    let found = |arguments: &[&str]| {
        let users = instance.json(&[&["users", "list"], arguments].concat());
        let ids = users.as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(&["--query", "customer"]), instance.bob);
    assert_eq!(found(&["--email", "alice.support@example.com"]), instance.alice);
    assert_eq!(found(&["--email", "alice.support@example"]), "");
    assert_eq!(found(&["--banned"]), "");
    assert_eq!(found(&["customer"]), instance.bob);
    assert_eq!(found(&["--locked"]), "");
    assert_eq!(found(&["--limit", "1"]).split(' ').count(), 1);
}

#[test]
fn a_user_is_created_with_what_is_given() {
    let instance = Instance::start();
    let file = instance.folder.path().join("password");
    fs::write(&file, "correct horse battery staple\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let arguments = [
        "users",
        "create",
        "--id",
        "crm:42",
        "--email",
        "carol@example.com",
        "--username",
        "carol_c",
        "--first-name",
        "Carol",
        "--last-name",
        "Customer",
        "--external-id",
        "x42",
        "--password-file",
        "password",
    ];
    assert_shown!("user_created", instance.ok(&arguments));
    let told = one_line(&instance.run(&["users", "create", "--email", "carol@example.com"]), 10);
    assert!(told.contains("--email"), "{told}");
    let told = one_line(&instance.run(&["users", "create", "--id", "a b"]), 10);
    assert!(told.contains("--id"), "{told}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = ["users", "create", "--id", "open", "--password-file", "password"];
    let told = one_line(&instance.run(&open), 2);
    assert!(!told.contains("secret key"), "{told}");
    let told_nobody = one_line(&instance.run(&["users", "create", "--first-name", "Nobody"]), 2);
    assert!(told_nobody.contains("who is it?"), "{told_nobody}");
    assert!(told.contains("chmod 600 password"), "{told}");
}

#[test]
fn a_deletion_is_meant_or_refused() {
    let instance = Instance::start();
    let told = one_line(&instance.run(&["users", "delete", &instance.bob]), 2);
    assert!(told.contains("--yes"), "{told}");
    assert_eq!(instance.json(&["users", "list"]).as_array().unwrap().len(), 2);
    assert_shown!("user_deleted", instance.ok(&["users", "delete", "bob.customer@example.com", "--yes"]));
    assert_eq!(instance.json(&["users", "list"]).as_array().unwrap().len(), 1);
    one_line(&instance.run(&["users", "delete", &instance.bob, "--yes"]), 9);
}

#[test]
fn bans_and_locks_come_and_go() {
    let instance = Instance::start();
    let session = instance.redeem(&instance.token(&[]).1);
    assert_shown!("user_banned", instance.ok(&["users", "ban", &instance.bob]));
    assert_eq!(instance.json(&["sessions", "show", &session])["status"], "revoked");
    assert_eq!(instance.json(&["users", "list", "--banned"]).as_array().unwrap().len(), 1);
    assert_shown!("user_unbanned", instance.ok(&["users", "unban", &instance.bob]));
    assert_eq!(instance.json(&["users", "lock", &instance.bob])["locked"], json!(true));
    let told = one_line(&instance.run(&["impersonate", &instance.bob, "--actor", "a"]), 10);
    assert!(told.contains("lock"), "{told}");
    assert_eq!(instance.json(&["users", "unlock", &instance.bob])["locked"], json!(false));
}
