//! `actas dev`: first start, later starts, and what it leaves alone.

use crate::process::{Server, env_file, one_line, run};
use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _, path::Path};

const FREE_PORT: [&str; 3] = ["dev", "--listen", "127.0.0.1:0"];

/// The words of a printed line that are no label.
fn printed(server: &Server, label: &str) -> String {
    let line = server.printed.lines().find_map(|line| line.trim().strip_prefix(label));
    line.unwrap_or_else(|| panic!("no {label:?}: {}", server.printed)).trim().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_first_start_makes_everything_private_and_the_second_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(folder.path(), &FREE_PORT);
    let data = folder.path().join(".actas");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(fs::read_to_string(data.join(".gitignore")).unwrap(), "*\n");
    for file in ["actas.db", "actas.lock", "actas.sock", "dev.env", "master.key"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let kept = ["Secret key", "Publishable key", "Alice Support", "Bob Customer"];
    let of_first = kept.map(|label| printed(&first, label));
    let key_set = |server: &Server| server.request("GET", "/v1/jwks", &[&bearer(&of_first[0])], "");
    let first_keys = key_set(&first);
    assert_eq!((first.status_with(&of_first[0]), first_keys.0), (200, 200));
    assert_eq!(first.stop().0, Some(0));
    assert!(!data.join("actas.sock").exists());
    let second = Server::start(folder.path(), &FREE_PORT);
    assert_eq!(kept.map(|label| printed(&second, label)), of_first);
    assert_eq!(key_set(&second), first_keys);
    let count = second.request("GET", "/v1/users/count", &[&bearer(&of_first[0])], "").1;
    assert!(count.contains("\"total_count\":2"), "{count}");
}

fn bearer(secret_key: &str) -> String {
    format!("Authorization: Bearer {secret_key}")
}

#[test]
fn dev_env_says_where_it_really_listens_and_a_lost_one_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(folder.path(), &FREE_PORT);
    let variables = env_file(folder.path());
    let url = format!("http://{}", first.address);
    for name in ["CLERK_API_URL", "CLERK_PROXY_URL", "ACTAS_URL"] {
        assert_eq!(variables[name], url, "{name}");
    }
    assert_eq!(variables["CLERK_PUBLISHABLE_KEY"], "pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA==");
    let names: BTreeSet<_> = variables.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let old = variables["CLERK_SECRET_KEY"].clone();
    assert_eq!((first.status_with(&old), first.stop().0), (200, Some(0)));
    fs::remove_file(folder.path().join(".actas/dev.env")).unwrap();
    let second = Server::start(folder.path(), &FREE_PORT);
    let new = env_file(folder.path())["CLERK_SECRET_KEY"].clone();
    assert_ne!(new, old);
    assert_eq!((second.status_with(&new), second.status_with(&old)), (200, 200));
}

#[test]
fn the_printed_command_creates_an_actor_token_and_its_ticket_is_redeemed_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &FREE_PORT);
    let command = server.printed.lines().find(|line| line.contains("/v1/actor_tokens ")).unwrap();
    let quoted: Vec<_> = command.split('\'').collect();
    assert!(quoted[0].trim() == format!("curl -s http://{}/v1/actor_tokens -H", server.address), "{command}");
    let (status, body) = server.request("POST", "/v1/actor_tokens", &[quoted[1], quoted[3]], quoted[5]);
    let created: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, created.as_object().unwrap().len()), (200, 9), "{body}");
    assert_eq!(created["user_id"], printed(&server, "Bob Customer").as_str());
    assert_eq!(created["actor"]["sub"], printed(&server, "Alice Support").as_str());
    let command = server.printed.lines().find(|line| line.contains("/v1/client/sign_ins")).unwrap();
    let path = command.split('\'').nth(1).unwrap().split_once(&server.address.to_string()).unwrap().1;
    let form = format!("strategy=ticket&ticket={}", created["token"].as_str().unwrap());
    let content_type = ["Content-Type: application/x-www-form-urlencoded"];
    let (status, body) = server.request("POST", path, &content_type, &form);
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("\"status\":\"complete\""), "{body}");
    let (status, body) = server.request("POST", path, &content_type, &form);
    assert!(status == 400 && body.contains("actor_token_already_used_code"), "{status} {body}");
}

#[test]
fn an_ephemeral_instance_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["dev", "--ephemeral", "--listen", "127.0.0.1:0"]);
    assert_eq!(server.status_with(&printed(&server, "Secret key")), 200);
    assert_eq!(server.stop().0, Some(0));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn live_keys_make_a_production_instance() {
    let folder = tempfile::tempdir().unwrap();
    let server =
        Server::start(folder.path(), &["dev", "--live-keys", "--ephemeral", "--listen", "127.0.0.1:0"]);
    let secret_key = printed(&server, "Secret key");
    assert!(
        secret_key.starts_with("sk_live_") && printed(&server, "Publishable key").starts_with("pk_live_")
    );
    let user = printed(&server, "Bob Customer");
    let body = format!("{{\"user_id\":\"{user}\"}}");
    let headers = [bearer(&secret_key), "Content-Type: application/json".to_owned()];
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    let (status, body) = server.request("POST", "/v1/sessions", &headers, &body);
    assert!(status == 400 && body.contains("request_invalid_for_environment"), "{status} {body}");
}

#[test]
fn an_instance_that_dev_did_not_make_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let url = ["--public-url", "https://clerk.example.com"];
    let serve = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0", url[0], url[1]];
    assert_eq!(Server::start(folder.path(), &serve).stop().0, Some(0));
    let output = run(folder.path(), &["dev", "--data-dir", "data", "--listen", "127.0.0.1:0"]);
    let told = one_line(&output, 4);
    assert!(
        told.contains("actas dev did not make") && !folder.path().join("data/.gitignore").exists(),
        "{told}"
    );
}

#[test]
fn a_gitignore_that_is_there_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".gitignore"), "target\n").unwrap();
    Server::start(folder.path(), &["dev", "--data-dir", ".", "--listen", "127.0.0.1:0"]).stop();
    assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "target\n");
}

#[test]
fn a_wrong_app_url_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let told = one_line(&run(folder.path(), &["dev", "--app-url", "localhost:3000"]), 2);
    assert!(told.contains("--app-url is \"localhost:3000\""), "{told}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}
