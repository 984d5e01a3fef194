//! Profiles, and which server is spoken to where nobody names one.

use super::instance::{Instance, assert_shown, succeeded};
use crate::process::{Server, actas, env_file, one_line, run, stderr, stdout};
use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// A command that nobody tells of a server.
fn untold(instance: &Instance, arguments: &[&str]) -> Command {
    actas(instance.folder.path(), arguments)
}

/// `actas profiles add`, with the key on the standard input.
fn add(instance: &Instance, arguments: &[&str]) -> Output {
    let all = [&["profiles", "add"], arguments].concat();
    let mut command = untold(instance, &all);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may have ended without reading the key.
    let _ = writeln!(child.stdin.take().unwrap(), "{}", instance.key);
    child.wait_with_output().unwrap()
}

fn file(instance: &Instance) -> PathBuf {
    instance.folder.path().join(".config/actas/profiles.toml")
}

#[test]
fn a_profile_is_all_that_a_command_needs() {
    let instance = Instance::start();
    let added = add(&instance, &["here", "--url", &instance.url, "--actor", &instance.alice]);
    succeeded(&added);
    assert!(stderr(&added).contains("it works: development instance"), "{}", stderr(&added));
    assert_eq!(file(&instance).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(file(&instance).parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let made = untold(&instance, &["impersonate", &instance.bob, "--json"]).output().unwrap();
    let token: Value = serde_json::from_str(&succeeded(&made)).unwrap();
    assert_eq!(token["actor"]["sub"], instance.alice.as_str());
    assert!(stderr(&made).contains(&format!("using {} (profile here)", instance.url)), "{}", stderr(&made));
    let named = untold(&instance, &["tokens", "list", "--profile", "here"]).output().unwrap();
    succeeded(&named);
    assert!(!stderr(&named).contains("using"), "{}", stderr(&named));
    let by_variable = untold(&instance, &["tokens", "list"]).env("ACTAS_PROFILE", "here").output().unwrap();
    succeeded(&by_variable);
    assert!(!stderr(&by_variable).contains("using"), "{}", stderr(&by_variable));
}

#[test]
fn the_actor_of_a_command_is_stronger_than_that_of_the_profile() {
    let instance = Instance::start();
    succeeded(&add(&instance, &["here", "--url", &instance.url, "--actor", &instance.alice]));
    let made = untold(&instance, &["impersonate", &instance.bob, "--actor", "staff:7", "--json"]);
    let token: Value = serde_json::from_str(&succeeded(&{ made }.output().unwrap())).unwrap();
    assert_eq!(token["actor"]["sub"], "staff:7");
    succeeded(&add(&instance, &["bare", "--url", &instance.url]));
    let refused = untold(&instance, &["impersonate", &instance.bob, "--profile", "bare"]).output().unwrap();
    let told = one_line(&refused, 2);
    assert!(told.contains("the profile bare names none"), "{told}");
}

#[test]
fn profiles_are_listed_without_their_keys_and_changed_by_name() {
    let instance = Instance::start();
    succeeded(&add(&instance, &["here", "--url", &instance.url, "--actor", "staff:7"]));
    succeeded(&add(&instance, &["there", "--url", "http://127.0.0.1:1"]));
    let list = || run(instance.folder.path(), &["profiles", "list"]);
    assert!(!stdout(&list()).contains(&instance.key));
    assert_shown!("profiles", stdout(&list()));
    let told = one_line(&add(&instance, &["here", "--url", "http://127.0.0.1:1"]), 2);
    assert!(told.contains("--replace"), "{told}");
    succeeded(&run(instance.folder.path(), &["profiles", "use", "there"]));
    let json = run(instance.folder.path(), &["profiles", "list", "--json"]);
    assert!(!stdout(&json).contains(&instance.key));
    assert_shown!("profiles_json", stdout(&json));
    succeeded(&run(instance.folder.path(), &["profiles", "remove", "there"]));
    let told = one_line(&run(instance.folder.path(), &["profiles", "use", "there"]), 2);
    assert!(told.contains("there are here"), "{told}");
    let told = one_line(&run(instance.folder.path(), &["tokens", "list"]), 2);
    assert!(told.contains("there are here: say --profile NAME"), "{told}");
    for name in ["", "a b", "-x", "é"] {
        let output = add(&instance, &["--url", "http://127.0.0.1:1", "--", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn a_key_that_the_server_refuses_is_not_saved() {
    let mut instance = Instance::start();
    instance.key = "sk_test_wrong".to_owned();
    let told = one_line(&add(&instance, &["here", "--url", &instance.url]), 8);
    assert!(told.contains("refused the secret key") && !told.contains("sk_test_wrong"), "{told}");
    assert!(!file(&instance).exists());
    instance.key = "whsec_1".to_owned();
    let told = one_line(&add(&instance, &["here", "--url", &instance.url]), 2);
    assert!(told.contains("begins with sk_"), "{told}");
}

#[test]
fn the_actor_of_a_profile_is_changed_without_its_key() {
    let instance = Instance::start();
    let own = |arguments: &[&str]| run(instance.folder.path(), &[&["profiles"], arguments].concat());
    let actor = || {
        let listed: Value = serde_json::from_str(&succeeded(&own(&["list", "--json"]))).unwrap();
        listed[0]["actor"].clone()
    };
    let added = add(&instance, &["here", "--url", &instance.url, "--actor", "staff:7"]);
    assert!(stderr(&added).contains("its actor staff:7 is no user"), "{}", stderr(&added));
    succeeded(&own(&["set", "here", "--actor", "alice.support@example.com"]));
    assert_eq!(actor(), instance.alice.as_str());
    succeeded(&own(&["set", "here", "--url", &format!("{}/", instance.url)]));
    assert_eq!(actor(), instance.alice.as_str());
    succeeded(&run(instance.folder.path(), &["tokens", "list"]));
    succeeded(&own(&["set", "here", "--actor", ""]));
    assert!(actor().is_null());
    one_line(&own(&["set", "there", "--actor", "a"]), 2);
    assert_eq!(own(&["set", "here"]).status.code(), Some(2));
}

#[test]
fn without_a_home_no_profile_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let list = ["tokens", "list", "--profile", "one"];
    let told = one_line(&actas(folder.path(), &list).env_remove("HOME").output().unwrap(), 2);
    assert!(told.contains("set HOME") && !told.contains("there are none"), "{told}");
}

#[test]
fn a_profile_file_that_is_open_to_others_is_refused() {
    let instance = Instance::start();
    succeeded(&add(&instance, &["here", "--url", &instance.url]));
    fs::set_permissions(file(&instance), fs::Permissions::from_mode(0o640)).unwrap();
    for arguments in
        [&["tokens", "list"][..], &["profiles", "list"], &["tokens", "list", "--profile", "here"]]
    {
        let told = one_line(&run(instance.folder.path(), arguments), 2);
        assert!(told.contains(&format!("chmod 600 {}", file(&instance).display())), "{told}");
    }
    // Whoever names another server needs no profiles.
    instance.ok(&["tokens", "list"]);
}

#[test]
fn profiles_are_where_xdg_says() {
    let instance = Instance::start();
    let place = instance.folder.path().join("elsewhere");
    let all = ["profiles", "add", "here", "--url", &instance.url, "--secret-key-file", "key"];
    fs::write(instance.folder.path().join("key"), &instance.key).unwrap();
    fs::set_permissions(instance.folder.path().join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    succeeded(&untold(&instance, &all).env("XDG_CONFIG_HOME", &place).output().unwrap());
    assert!(place.join("actas/profiles.toml").exists());
    let relative =
        untold(&instance, &["profiles", "list"]).env("XDG_CONFIG_HOME", "elsewhere").output().unwrap();
    assert!(stderr(&relative).contains("no profiles"), "a relative path counts for nothing");
}

#[test]
fn a_development_server_of_this_folder_is_found_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["dev", "--listen", "127.0.0.1:0"]);
    let output = run(folder.path(), &["users", "list"]);
    assert!(succeeded(&output).contains("Bob Customer"));
    assert_eq!(stderr(&output), format!("using http://{} (./.actas/dev.env)\n", server.address));
    // The key of some app is not sent there.
    let mut command = actas(folder.path(), &["users", "list"]);
    succeeded(&command.env("CLERK_SECRET_KEY", "sk_test_of_an_app").output().unwrap());
    let file = folder.path().join(".actas/dev.env");
    let kept = fs::read_to_string(&file).unwrap();
    fs::write(&file, kept.replace("ACTAS_URL=http://127.0.0.1", "ACTAS_URL=http://192.0.2.1")).unwrap();
    let told = one_line(&run(folder.path(), &["users", "list"]), 2);
    assert!(told.contains("not on this machine"), "{told}");
    fs::write(&file, kept).unwrap();
    // Beside a default profile, neither is taken.
    let url = format!("http://{}", server.address);
    let key = env_file(folder.path()).remove("CLERK_SECRET_KEY").unwrap();
    fs::write(folder.path().join("key"), key).unwrap();
    fs::set_permissions(folder.path().join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    succeeded(&run(folder.path(), &["profiles", "add", "prod", "--url", &url, "--secret-key-file", "key"]));
    let told = one_line(&run(folder.path(), &["users", "delete", "bob.customer@example.com", "--yes"]), 2);
    assert!(told.contains("--profile prod or --url http://127.0.0.1"), "{told}");
    succeeded(&run(folder.path(), &["users", "list", "--url", &url]));
    succeeded(&run(folder.path(), &["profiles", "remove", "prod"]));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let told = one_line(&run(folder.path(), &["users", "list"]), 2);
    assert!(told.contains("chmod 600 ./.actas/dev.env"), "{told}");
}
