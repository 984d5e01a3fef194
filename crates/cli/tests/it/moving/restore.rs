//! `actas restore`: back in time, without what a time machine would break.

use super::{DEV, Instance, json_of, names, redeem};
use crate::process::{Server, one_line, run, stderr, stdout};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
};

/// A backup with a pending token in it, which was used after it; and a secret key that was revoked after it.
struct Trial {
    folder: tempfile::TempDir,
    instance: Instance,
    token: Value,
}

impl Trial {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), &DEV);
        let instance = Instance::of(folder.path());
        let token = instance.actor_token(&server);
        run(folder.path(), &["secret-keys", "create", "--name", "leaked"]);
        json_of(folder.path(), &["backup", "--to", "a.db"]);
        let keys = json_of(folder.path(), &["secret-keys", "list"]);
        json_of(folder.path(), &["secret-keys", "revoke", keys[1]["id"].as_str().unwrap()]);
        assert_eq!(redeem(&server, &token), 200);
        assert_eq!(redeem(&server, &token), 400);
        assert_eq!(server.stop().0, Some(0));
        Self { folder, instance, token }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[test]
fn a_ticket_that_was_used_since_is_not_used_again() {
    let trial = Trial::new();
    let restored = json_of(trial.path(), &["restore", "a.db", "--replace"]);
    assert_eq!(restored["revoked_actor_tokens"], 1, "{restored}");
    let keys = restored["valid_secret_keys"].as_array().unwrap();
    assert!(keys.iter().any(|key| key["name"] == "leaked"), "{restored}");
    assert!(restored["master_key"].as_str().unwrap().ends_with("master.key"), "{restored}");
    let replaced = restored["replaced"].as_str().unwrap();
    assert!(trial.path().join(replaced).exists(), "{replaced}");
    let server = Server::start(trial.path(), &DEV);
    assert_ne!(redeem(&server, &trial.token), 200);
    assert_eq!(trial.instance.status_of(&server, &trial.token), "revoked");
    let (status, entries) = trial.instance.get(&server, "/v1/audit_entries?limit=100");
    assert_eq!(status, 200, "{entries}");
    let text = entries.to_string();
    assert!(text.contains("\"restored\"") && text.contains("instance.restored"), "{text}");
}

#[test]
fn as_it_was_leaves_it_open_and_says_so() {
    let trial = Trial::new();
    let output = run(trial.path(), &["restore", "a.db", "--replace", "--as-it-was"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.contains("can be used once more") && told.contains("leaked"), "{told}");
    assert!(told.contains("actas keys rotate --now --withdraw"), "{told}");
    let server = Server::start(trial.path(), &DEV);
    assert_eq!(redeem(&server, &trial.token), 200);
}

#[test]
fn live_sessions_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    let instance = Instance::of(folder.path());
    let token = instance.actor_token(&server);
    assert_eq!(redeem(&server, &token), 200);
    json_of(folder.path(), &["backup", "--to", "a.db"]);
    assert_eq!(server.stop().0, Some(0));
    let restored = json_of(folder.path(), &["restore", "a.db", "--replace"]);
    assert_eq!((&restored["revoked_actor_tokens"], &restored["ended_sessions"]), (&0.into(), &1.into()));
    let server = Server::start(folder.path(), &DEV);
    let (_, sessions) =
        instance.get(&server, &format!("/v1/sessions?user_id={}", token["user_id"].as_str().unwrap()));
    assert!(sessions.to_string().contains("\"revoked\""), "{sessions}");
}

#[test]
fn a_folder_of_another_machine_needs_only_the_master_key() {
    let trial = Trial::new();
    let other = tempfile::tempdir().unwrap();
    let backup = trial.path().join("a.db").display().to_string();
    let restored = json_of(other.path(), &["restore", &backup, "--data-dir", "data"]);
    assert_eq!((&restored["replaced"], &restored["master_key"]), (&json!(null), &json!(null)));
    let folder = other.path().join("data");
    assert_eq!(names(&folder), ["actas.db", "actas.lock"]);
    let line = one_line(&run(other.path(), &["keys", "list", "--data-dir", "data"]), 5);
    assert!(line.contains("put that file back"), "{line}");
    fs::copy(trial.path().join(".actas/master.key"), folder.join("master.key")).unwrap();
    assert_eq!(json_of(other.path(), &["keys", "list", "--data-dir", "data"]).as_array().unwrap().len(), 2);
}

#[test]
fn what_must_not_be_restored_is_refused_and_nothing_is_changed() {
    let trial = Trial::new();
    let data = trial.path().join(".actas");
    let before = (names(&data), fs::read(data.join("actas.db")).unwrap());
    let refused = |arguments: &[&str], code| {
        let line = one_line(&run(trial.path(), &[&["restore"], arguments].concat()), code);
        assert_eq!((names(&data), fs::read(data.join("actas.db")).unwrap()), before, "{line}");
        line
    };
    assert!(refused(&["a.db"], 4).contains("--replace"));
    assert!(refused(&["none.db", "--replace"], 4).contains("no backup at"));
    fs::write(trial.path().join("text.db"), "this is no database").unwrap();
    assert!(refused(&["text.db", "--replace"], 4).contains("text.db is no whole backup"));
    let whole = fs::read(trial.path().join("a.db")).unwrap();
    fs::write(trial.path().join("cut.db"), &whole[..whole.len() - 4_096]).unwrap();
    let line = refused(&["cut.db", "--replace"], 4);
    assert!(line.contains("cut.db is no whole backup"), "{line}");
    fs::write(trial.path().join("other.key"), "A".repeat(43) + "=\n").unwrap();
    fs::set_permissions(trial.path().join("other.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let line = refused(&["a.db", "--replace", "--master-key-file", "other.key"], 5);
    assert!(line.contains("other.key") && line.contains("nothing was changed"), "{line}");
    let server = Server::start(trial.path(), &DEV);
    let line = one_line(&run(trial.path(), &["restore", "a.db", "--replace"]), 6);
    assert!(line.contains("in use"), "{line}");
    assert_eq!(server.stop().0, Some(0));
}

/// Whoever had it could sign session tokens again, and nobody would know.
#[test]
fn a_signing_key_that_was_withdrawn_since_is_named() {
    let trial = Trial::new();
    let before = json_of(trial.path(), &["keys", "list"]);
    let current = before.as_array().unwrap().iter().find(|key| key["status"] == "current").unwrap();
    json_of(trial.path(), &["keys", "rotate", "--now", "--withdraw"]);
    let restored = json_of(trial.path(), &["restore", "a.db", "--replace"]);
    let keys = restored["signing_keys"].as_array().unwrap();
    assert_eq!(keys.len(), before.as_array().unwrap().len());
    assert!(keys.iter().any(|key| key["id"] == current["id"] && key["status"] == "current"), "{restored}");
}

/// What is moved aside is then not an earlier state of what is put there.
#[test]
fn the_backup_of_another_instance_is_told_of() {
    let (trial, other) = (Trial::new(), tempfile::tempdir().unwrap());
    assert_eq!(Server::start(other.path(), &DEV).stop().0, Some(0));
    let backup = trial.path().join("a.db").display().to_string();
    let key = trial.path().join(".actas/master.key").display().to_string();
    let restore = ["restore", &backup, "--replace", "--master-key-file", &key];
    let told = stdout(&run(other.path(), &restore));
    assert!(told.contains("That one was of another instance, ins_"), "{told}");
    let again = json_of(other.path(), &restore);
    assert_eq!(again["replaced_instance_id"], again["instance_id"]);
    let told = stdout(&run(other.path(), &restore));
    assert!(told.contains("is now") && !told.contains("another instance"), "{told}");
}

#[test]
fn the_file_of_a_server_is_refused_by_whatever_name() {
    let trial = Trial::new();
    let server = Server::start(trial.path(), &DEV);
    let database = trial.path().join(".actas/actas.db");
    std::os::unix::fs::symlink(&database, trial.path().join("link.db")).unwrap();
    fs::copy(&database, trial.path().join("copied.db")).unwrap();
    for file in ["link.db", "copied.db"] {
        let line = one_line(&run(trial.path(), &["restore", file, "--data-dir", "other"]), 4);
        assert!(line.contains(file) && line.contains("actas backup --data-dir"), "{line}");
        assert!(!trial.path().join("other").exists());
    }
    assert_eq!(server.stop().0, Some(0));
}

/// As root, on the folder of the user that the server runs as. Nobody else can give a folder away.
#[test]
fn what_root_restores_is_of_the_owner_of_the_folder() {
    let trial = Trial::new();
    let data = trial.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let owner = if chown(&data, Some(65_534), Some(65_534)).is_ok() {
        65_534
    } else {
        fs::metadata(&data).unwrap().uid()
    };
    json_of(trial.path(), &["restore", "a.db", "--data-dir", "data"]);
    for name in ["actas.db", "actas.lock"] {
        assert_eq!(fs::metadata(data.join(name)).unwrap().uid(), owner, "{name}");
    }
}
