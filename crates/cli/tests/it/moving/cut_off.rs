//! Killed in the midst: nothing half is taken for whole, and all of it can be done again.

use super::{DEV, Instance, json_of, names};
use crate::process::{Server, actas, one_line, run};
use std::{fs, path::Path, process::Stdio};

/// An instance with a database of some size.
fn instance(folder: &Path) {
    let server = Server::start(folder, &DEV);
    let instance = Instance::of(folder);
    for _ in 0..5 {
        instance.actor_token(&server);
    }
    assert_eq!(server.stop().0, Some(0));
}

/// Runs a command and kills it as soon as this file is there. It may have ended by then.
fn killed_at(folder: &Path, arguments: &[&str], file: &Path) {
    let mut command = actas(folder, arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !file.exists() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_backup_that_was_killed_is_none() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    let unfinished = folder.path().join("a.db.unfinished");
    for _ in 0..5 {
        killed_at(folder.path(), &["backup", "--to", "a.db"], &unfinished);
        if folder.path().join("a.db").exists() {
            // It was quicker, and then it is whole.
            json_of(folder.path(), &["restore", "a.db", "--data-dir", "other", "--replace"]);
            fs::remove_file(folder.path().join("a.db")).unwrap();
        }
    }
    json_of(folder.path(), &["backup", "--to", "a.db"]);
    assert!(!unfinished.exists());
}

#[test]
fn a_restore_that_was_killed_leaves_the_old_database_the_new_one_or_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    json_of(folder.path(), &["backup", "--to", "a.db"]);
    let keys = json_of(folder.path(), &["keys", "list"]);
    let data = folder.path().join(".actas");
    let restore = ["restore", "a.db", "--data-dir", ".actas", "--replace"];
    for at in ["actas.db.unfinished", "actas.db.unfinished-wal", "actas.db.replacing"] {
        for _ in 0..3 {
            killed_at(folder.path(), &restore, &data.join(at));
            let listed = run(folder.path(), &["keys", "list", "--data-dir", ".actas", "--json"]);
            if data.join("actas.db.replacing").exists() || !data.join("actas.db").exists() {
                let line = one_line(&listed, 4);
                assert!(line.contains("actas restore") || line.contains("no instance"), "{line}");
                assert!(data.join("actas.db.replacing").exists(), "{:?}", names(&data));
            } else {
                assert_eq!(serde_json::from_slice::<serde_json::Value>(&listed.stdout).unwrap(), keys);
            }
            json_of(folder.path(), &restore);
            assert_eq!(json_of(folder.path(), &["keys", "list"]), keys);
        }
    }
}

#[test]
fn no_server_starts_where_a_restore_was_cut_off_between_two_databases() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    json_of(folder.path(), &["backup", "--to", "a.db"]);
    let data = folder.path().join(".actas");
    // As it is when the old one is moved and the new one has no name yet.
    fs::rename(data.join("actas.db"), data.join("actas.db.replaced-1")).unwrap();
    fs::write(data.join("actas.db.replacing"), ".actas/actas.db.replaced-1").unwrap();
    let serve =
        ["serve", "--public-url", "http://127.0.0.1", "--listen", "127.0.0.1:0", "--data-dir", ".actas"];
    for arguments in [&serve[..], &DEV, &["backup", "--to", "b.db"], &["keys", "list"]] {
        let arguments =
            [arguments, if arguments[0] == "serve" { &[] } else { &["--data-dir", ".actas"][..] }];
        let line = one_line(&run(folder.path(), &arguments.concat()), 4);
        assert!(!data.join("actas.db").exists(), "a new database was made: {line}");
    }
    let line = one_line(&run(folder.path(), &serve), 4);
    assert!(line.contains("actas restore") && line.contains("replaced-1"), "{line}");
    json_of(folder.path(), &["restore", "a.db", "--data-dir", ".actas"]);
    assert!(!data.join("actas.db.replacing").exists());
    assert!(data.join("actas.db.replaced-1").exists());
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
}

#[test]
fn a_copy_that_was_killed_is_no_instance_and_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    let copy = ["store", "copy", "--from", "sqlite:.actas", "--to", "sqlite:other"];
    let other = folder.path().join("other");
    for _ in 0..3 {
        killed_at(folder.path(), &copy, &other.join("actas.db.unfinished"));
        if other.join("actas.db").exists() {
            fs::remove_file(other.join("actas.db")).unwrap();
        }
        let line = one_line(&run(folder.path(), &["keys", "list", "--data-dir", "other"]), 4);
        assert!(line.contains("no instance"), "{line}");
    }
    json_of(folder.path(), &copy);
    assert_eq!(names(&other), ["actas.db", "actas.lock"]);
}
