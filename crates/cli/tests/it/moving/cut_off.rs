//! Killed in the midst: nothing half is taken for whole, and all of it can be done again.

use super::{DEV, Instance, json_of, names};
use crate::process::{Server, actas, one_line, run};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

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
    // As where it is kept elsewhere: none may be made.
    fs::rename(data.join("master.key"), folder.path().join("kept.key")).unwrap();
    let before = names(&data);
    let serve =
        ["serve", "--public-url", "http://127.0.0.1", "--listen", "127.0.0.1:0", "--data-dir", ".actas"];
    for arguments in [&serve[..], &DEV, &["backup", "--to", "b.db"], &["keys", "list"]] {
        let arguments =
            [arguments, if arguments[0] == "serve" { &[] } else { &["--data-dir", ".actas"][..] }];
        let line = one_line(&run(folder.path(), &arguments.concat()), 4);
        assert_eq!(names(&data), before, "{line}");
    }
    let line = one_line(&run(folder.path(), &serve), 4);
    assert!(line.contains("actas restore") && line.contains("replaced-1"), "{line}");
    fs::rename(folder.path().join("kept.key"), data.join("master.key")).unwrap();
    let restored = json_of(folder.path(), &["restore", "a.db", "--data-dir", ".actas"]);
    assert_eq!(restored["replaced"], ".actas/actas.db.replaced-1");
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

/// What it made would be in the way of the second run.
#[test]
fn no_server_begins_anew_where_a_copy_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(other.join("actas.db.unfinished"), "half of it").unwrap();
    let serve = ["serve", "--public-url", "http://127.0.0.1", "--listen", "127.0.0.1:0"];
    let line = one_line(&run(folder.path(), &[&serve[..], &["--data-dir", "other"]].concat()), 4);
    assert!(line.contains("run it again") && line.contains("actas.db.unfinished"), "{line}");
    assert_eq!(names(&other), ["actas.db.unfinished", "actas.lock"]);
    json_of(folder.path(), &["store", "copy", "--from", "sqlite:.actas", "--to", "sqlite:other"]);
    assert_eq!(names(&other), ["actas.db", "actas.lock"]);
}

#[test]
fn a_second_restore_goes_on_where_the_first_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    json_of(folder.path(), &["backup", "--to", "a.db"]);
    let data = folder.path().join(".actas");
    // As it is when only the -wal of a server that was killed is moved.
    fs::write(data.join("actas.db.replaced-1-wal"), "the newest of it").unwrap();
    fs::write(data.join("actas.db.replacing"), "/of/before/actas.db.replaced-1").unwrap();
    let old = fs::read(data.join("actas.db")).unwrap();
    let restore = ["restore", "a.db", "--data-dir", ".actas", "--replace"];
    assert_eq!(json_of(folder.path(), &restore)["replaced"], ".actas/actas.db.replaced-1");
    let aside = ["actas.db.replaced-1", "actas.db.replaced-1-wal"];
    let replaced =
        || names(&data).into_iter().filter(|name| name.contains(".replaced-") && !name.ends_with("-shm"));
    assert_eq!(replaced().collect::<Vec<_>>(), aside);
    assert_eq!(fs::read(data.join(aside[0])).unwrap(), old);
    assert_eq!(fs::read_to_string(data.join(aside[1])).unwrap(), "the newest of it");
    // As it is when the new one has its name and the mark is there yet: the old one stays where it is.
    fs::write(data.join("actas.db.replacing"), ".actas/actas.db.replaced-1").unwrap();
    assert_eq!(json_of(folder.path(), &restore)["replaced"], ".actas/actas.db.replaced-1");
    assert_eq!(fs::read(data.join(aside[0])).unwrap(), old);
    assert_eq!(replaced().count(), 3);
}

/// As an init system or `timeout` ends it: a file of full size that nobody asks for would stay.
#[test]
fn what_is_told_to_end_leaves_nothing_half() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    let copy = ["store", "copy", "--from", "sqlite:.actas", "--to", "sqlite:other"];
    for (arguments, made) in [(&["backup", "--to", "a.db"][..], "a.db"), (&copy[..], "other/actas.db")] {
        let made = folder.path().join(made);
        let unfinished = made.with_extension("db.unfinished");
        for name in ["-TERM", "-INT"] {
            let mut command = actas(folder.path(), arguments);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while !unfinished.exists() && child.try_wait().unwrap().is_none() {
                std::hint::spin_loop();
            }
            // It may have ended by now.
            let _ = Command::new("kill").args([name, &child.id().to_string()]).output().unwrap();
            let code = child.wait().unwrap().code();
            assert_eq!(code, Some(if made.exists() { 0 } else { 130 }), "{arguments:?} {name}");
            assert!(!unfinished.exists());
            let _ = fs::remove_file(&made);
        }
    }
}

/// Once it has begun to change the folder it goes on, and tells what it did.
#[test]
fn a_restore_is_not_interrupted_while_it_replaces() {
    let folder = tempfile::tempdir().unwrap();
    instance(folder.path());
    json_of(folder.path(), &["backup", "--to", "a.db"]);
    let marker = folder.path().join(".actas/actas.db.replacing");
    for _ in 0..3 {
        let mut command = actas(folder.path(), &["restore", "a.db", "--replace", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        while !marker.exists() && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        // It may have ended by now.
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(folder.path().join(told["replaced"].as_str().unwrap()).exists(), "{told}");
    }
}
