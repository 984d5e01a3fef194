//! What goes wrong, under which exit code, and with which next step.

use super::instance::{Answers, Instance, answering, assert_shown};
use crate::process::{actas, one_line, run};
use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
};

const LIST: [&str; 2] = ["tokens", "list"];

#[test]
fn without_a_server_the_ways_to_name_one_are_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_shown!("no_server", one_line(&run(folder.path(), &LIST), 2));
    let key_alone = actas(folder.path(), &LIST).env("CLERK_SECRET_KEY", "sk_test_x").output().unwrap();
    one_line(&key_alone, 2);
    let url_alone = actas(folder.path(), &LIST).env("ACTAS_URL", "http://127.0.0.1:1").output().unwrap();
    assert_shown!("no_key", one_line(&url_alone, 2));
}

fn ask(url: &str, key: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    actas(folder.path(), &[&LIST[..], &["--url", url]].concat())
        .env("CLERK_SECRET_KEY", key)
        .output()
        .unwrap()
}

#[test]
fn a_server_that_is_not_there_is_told_with_who_named_it() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = one_line(&ask(&format!("http://{free}"), "sk_test_x"), 7);
    assert!(told.contains("(--url) cannot be reached: ") && told.contains("Connection refused"), "{told}");
    assert!(told.contains("actas dev"), "{told}");
}

#[test]
fn a_key_that_is_refused_is_told_by_where_it_came_from() {
    let instance = Instance::start();
    let output = instance.command(&LIST).env("CLERK_SECRET_KEY", "sk_test_wrong").output().unwrap();
    let told = one_line(&output, 8);
    assert!(!told.contains("sk_test_wrong"), "{told}");
    assert_shown!("key_refused", told);
}

#[test]
fn keys_that_can_be_none_are_not_sent() {
    let instance = Instance::start();
    for (key, why) in [
        ("pk_test_x", "publishable key"),
        ("sk_test x", "a space"),
        ("whsec_x", "begins with sk_"),
        (" \n", "is empty"),
    ] {
        let told = one_line(&instance.command(&LIST).env("CLERK_SECRET_KEY", key).output().unwrap(), 2);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn plain_http_to_another_machine_is_asked_for() {
    let told = one_line(&ask("http://192.0.2.1", "sk_test_x"), 2);
    assert!(told.contains("add --allow-http") && !told.contains("Server::"), "{told}");
    for url in ["actas.example.com", "ftp://x", "http://u:secret@127.0.0.1"] {
        let told = one_line(&ask(url, "sk_test_x"), 2);
        assert!(!told.contains("secret@"), "{told}");
    }
}

#[test]
fn a_wrong_url_does_not_look_like_a_user_who_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let url = answering(&[("", "404 Not Found", PAGE)]);
    for arguments in
        [&["users", "show", "user_1"][..], &["users", "show", "a@b.c"], &["tokens", "show", "act_1"]]
    {
        let mut command = actas(folder.path(), &[arguments, &["--url", &url]].concat());
        let told = one_line(&command.env("CLERK_SECRET_KEY", "sk_test_x").output().unwrap(), 7);
        assert!(told.contains("is the URL that of"), "{told}");
    }
}

#[test]
fn a_length_that_is_none_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["impersonate", "user_1", "--actor", "a", "--expires-in", "0s"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("at least 1s"), "{told}");
}

#[test]
fn a_variable_that_is_misspelled_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = one_line(&actas(folder.path(), &LIST).env("ACTAS_PROFIL", "prod").output().unwrap(), 2);
    assert!(told.contains("ACTAS_PROFIL means nothing"), "{told}");
}

const PAGE: &str = "<p>\u{1b}[31mhello";

#[test]
fn a_url_of_something_else_is_told() {
    let pages: [(Answers, i32, &str); 5] = [
        (&[("", "200 OK\r\nContent-Type: text/html", PAGE)], 7, "does not answer as an Actas does"),
        (&[("", "404 Not Found", PAGE)], 7, "is the URL that of an Actas?"),
        (&[("", "302 Found\r\nLocation: http://127.0.0.1:1/", PAGE)], 7, "Check the URL"),
        (&[("", "500 Internal Server Error", PAGE)], 7, "500"),
        (&[("", "418 No", PAGE)], 10, "is the URL that of an Actas?"),
    ];
    for (answers, code, words) in pages {
        let told = one_line(&ask(&answering(answers), "sk_test_x"), code);
        assert!(told.contains(words) && !told.contains('\u{1b}') && !told.contains("hello"), "{told}");
    }
}

#[test]
fn too_many_requests_are_told_with_when_to_come_back() {
    let limited = &[("", "429 Too Many Requests\r\nRetry-After: 3600", "")];
    let told = one_line(&ask(&answering(limited), "sk_test_x"), 10);
    assert!(told.contains("try again in 3600 s"), "{told}");
}

#[test]
fn what_is_not_there_is_told_by_its_id() {
    let instance = Instance::start();
    let told = |arguments: &[&str]| one_line(&instance.run(arguments), 9);
    assert_shown!("no_token", told(&["tokens", "show", "act_none"]));
    assert_shown!("no_session", told(&["sessions", "show", "sess_none"]));
    assert_shown!("no_user", told(&["users", "show", "user_none"]));
    told(&["tokens", "revoke", "act_none"]);
    told(&["sessions", "revoke", "sess_none"]);
    told(&["tokens", "show", "../users/count"]);
}

#[test]
fn what_the_server_refuses_is_told_by_its_flag() {
    let instance = Instance::start();
    let told = one_line(&instance.run(&["audit", "list", "--action", "actor_token.made"]), 10);
    assert!(told.contains("--action"), "{told}");
    let told = one_line(&instance.run(&["audit", "list", "--token", "nonsense"]), 10);
    assert!(told.contains("--token"), "{told}");
}

#[test]
fn a_key_comes_from_a_file_of_its_owner_or_from_the_standard_input() {
    let instance = Instance::start();
    let file = instance.folder.path().join("key");
    fs::write(&file, format!("{}\n", instance.key)).unwrap();
    let ask = |mode: u32| {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let arguments = [&LIST[..], &["--url", &instance.url, "--secret-key-file", "key"]].concat();
        run(instance.folder.path(), &arguments)
    };
    assert_eq!(ask(0o600).status.code(), Some(0));
    let told = one_line(&ask(0o644), 2);
    assert!(told.contains("chmod 600 key") && !told.contains(&instance.key), "{told}");
    let arguments = [&LIST[..], &["--url", &instance.url, "--secret-key-file", "-"]].concat();
    let mut command = actas(instance.folder.path(), &arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", instance.key).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let missing = [&LIST[..], &["--url", &instance.url, "--secret-key-file", "none"]].concat();
    assert!(one_line(&run(instance.folder.path(), &missing), 2).contains("none does not exist"));
}

#[test]
fn there_is_no_flag_for_the_key_itself() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &[&LIST[..], &["--secret-key", "sk_test_x"]].concat());
    assert_eq!(output.status.code(), Some(2));
}
