//! `actas backup`: beside a running server, whole or not there.

use super::{DEV, Instance, json_of, names};
use crate::process::{Server, actas, one_line, run, stdout};
use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

#[test]
fn it_is_made_beside_the_running_server_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    Instance::of(folder.path()).actor_token(&server);
    let made = json_of(folder.path(), &["backup", "--to", "a.db"]);
    assert_eq!((&made["file"], &made["kinds"]["actor_tokens"]["rows"]), (&"a.db".into(), &1.into()));
    let file = folder.path().join("a.db");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(made["bytes"], fs::metadata(&file).unwrap().len());
    assert_eq!(server.stop().0, Some(0));
    // The same state, and so the same digest, also without a server.
    let again = json_of(folder.path(), &["backup", "--to", "b.db"]);
    assert_eq!(again["digest"], made["digest"]);
    let told = stdout(&run(folder.path(), &["backup", "--to", "c.db"]));
    assert!(told.contains(made["digest"].as_str().unwrap()) && told.contains("master key"), "{told}");
    assert_eq!(names(folder.path()), [".actas", "a.db", "b.db", "c.db"]);
}

#[test]
fn a_file_that_is_there_and_a_place_that_cannot_be_written_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |to: &str| one_line(&run(folder.path(), &["backup", "--to", to]), 4);
    assert!(refused("a.db").contains("no instance in"), "{}", refused("a.db"));
    let line = one_line(&run(folder.path(), &["backup", "--to", "-"]), 2);
    assert!(line.contains("standard output") && !folder.path().join("-").exists(), "{line}");
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    fs::write(folder.path().join("mine"), "mine").unwrap();
    assert!(refused("mine").contains("is there already"), "{}", refused("mine"));
    assert_eq!(fs::read_to_string(folder.path().join("mine")).unwrap(), "mine");
    assert!(
        refused("no/such/folder/a.db").contains("Create its folder"),
        "{}",
        refused("no/such/folder/a.db")
    );
    assert_eq!(names(folder.path()), [".actas", "mine"]);
    let mut postgres = actas(folder.path(), &["backup", "--to", "a.db"]);
    postgres.env("ACTAS_STORE", "postgres").env("ACTAS_DATABASE_URL", "postgresql://u:hidden@h/d");
    postgres.env("ACTAS_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let line = one_line(&postgres.output().unwrap(), 1);
    assert!(line.contains("pg_basebackup") && line.contains("pg_dump"), "{line}");
}

/// A limit on the size of files is as a disk that is full: writing fails in the midst.
#[test]
fn a_disk_that_is_full_is_told_and_nothing_stays() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let mut limited = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" backup --to a.db";
    limited.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_actas"));
    limited.current_dir(folder.path()).env("HOME", folder.path());
    let line = one_line(&limited.output().unwrap(), 4);
    assert!(line.contains("a.db.unfinished") && line.contains("free space"), "{line}");
    assert_eq!(names(folder.path()), [".actas"]);
}
