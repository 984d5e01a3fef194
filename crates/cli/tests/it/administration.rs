//! Administrative commands: through the running server, and without one.

use crate::process::{Server, answer, one_line, run, stdout};
use serde_json::Value;
use std::{io::Write as _, os::unix::net::UnixStream, path::Path};

const DEV: [&str; 3] = ["dev", "--listen", "127.0.0.1:0"];

/// Runs a command that succeeds and prints JSON.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn keys_are_the_same_through_the_server_and_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    let through = json(folder.path(), &["keys", "list"]);
    let statuses: Vec<_> =
        through.as_array().unwrap().iter().map(|key| key["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["current", "next"]);
    assert_eq!(server.stop().0, Some(0));
    assert_eq!(json(folder.path(), &["keys", "list"]), through);
    assert!(stdout(&run(folder.path(), &["keys", "list"])).starts_with("ID  "));
}

#[test]
fn a_rotation_waits_an_hour_unless_told_not_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    let before = json(folder.path(), &["keys", "list"]);
    let told = one_line(&run(folder.path(), &["keys", "rotate"]), 1);
    assert!(told.contains("next"), "{told}");
    assert_eq!(json(folder.path(), &["keys", "list"]), before);
    let promoted = json(folder.path(), &["keys", "rotate", "--now"]);
    assert_eq!((&promoted["id"], &promoted["status"]), (&before[1]["id"], &"current".into()));
    assert_eq!(server.stop().0, Some(0));
    let again = json(folder.path(), &["keys", "rotate", "--now"]);
    let after = json(folder.path(), &["keys", "list"]);
    let statuses: Vec<_> =
        after.as_array().unwrap().iter().map(|key| key["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["retired", "retired", "current", "next"]);
    assert_eq!(after[2]["id"], again["id"]);
}

#[test]
fn a_secret_key_opens_the_running_server_at_once_and_once_revoked_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    let output = run(folder.path(), &["secret-keys", "create", "--name", "shop"]);
    let secret_key = stdout(&output).trim().to_owned();
    assert!(secret_key.starts_with("sk_test_"), "the key alone is on the standard output");
    assert_eq!(server.status_with(&secret_key), 200);
    let listed = json(folder.path(), &["secret-keys", "list"]);
    assert_eq!((&listed[1]["name"], &listed[1]["prefix"]), (&"shop".into(), &"sk_test_".into()));
    assert!(!listed.to_string().contains(&secret_key));
    let id = listed[1]["id"].as_str().unwrap();
    assert!(json(folder.path(), &["secret-keys", "revoke", id])["revoked_at"].is_string());
    assert_eq!(server.status_with(&secret_key), 401);
}

#[test]
fn a_secret_key_made_without_a_server_opens_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let created = json(folder.path(), &["secret-keys", "create"]);
    let server = Server::start(folder.path(), &DEV);
    assert_eq!(server.status_with(created["secret_key"].as_str().unwrap()), 200);
}

#[test]
fn the_last_secret_key_goes_only_when_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    let id = json(folder.path(), &["secret-keys", "list"])[0]["id"].as_str().unwrap().to_owned();
    let told = one_line(&run(folder.path(), &["secret-keys", "revoke", &id]), 1);
    assert!(told.contains("last valid secret key"), "{told}");
    assert_eq!(server.stop().0, Some(0));
    let told = one_line(&run(folder.path(), &["secret-keys", "revoke", &id]), 1);
    assert!(told.contains("last valid secret key"), "{told}");
    assert!(
        json(folder.path(), &["secret-keys", "revoke", &id, "--even-the-last"])["revoked_at"].is_string()
    );
    let told = one_line(&run(folder.path(), &["secret-keys", "revoke", "key_none"]), 1);
    assert!(told.contains("key_none"), "{told}");
}

#[test]
fn the_socket_refuses_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Server::start(folder.path(), &DEV);
    let ask = |head: &str, body: &str| {
        let mut stream = UnixStream::connect(folder.path().join(".actas/actas.sock")).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        answer(stream).0
    };
    assert_eq!(ask("GET /status", ""), 200);
    assert_eq!(ask("GET /nowhere", ""), 404);
    assert_eq!(ask("DELETE /keys", ""), 404);
    for body in ["", "{", "[]", "{\"now\":1}", "{\"now\":true,\"more\":true}"] {
        assert_eq!(ask("POST /keys/rotate", body), 400, "{body}");
    }
    assert_eq!(ask("POST /secret-keys", "{\"name\":\"\"}"), 422);
}

#[test]
fn without_an_instance_there_is_nothing_to_administer() {
    let folder = tempfile::tempdir().unwrap();
    let told = one_line(&run(folder.path(), &["keys", "list", "--data-dir", "nowhere"]), 4);
    assert!(told.contains("there is no instance in nowhere"), "{told}");
    assert!(!folder.path().join("nowhere").exists());
}
