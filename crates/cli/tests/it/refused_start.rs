//! Starts that cannot be: each has one clear line and its exit code.

use crate::process::{Server, actas, one_line, run};
use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::Path,
};

const SERVE: [&str; 7] =
    ["serve", "--public-url", "https://clerk.example.com", "--listen", "127.0.0.1:0", "--data-dir", "data"];

/// A folder in which an instance was made, and stopped.
fn with_instance() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &SERVE).stop().0, Some(0));
    folder
}

fn refused(folder: &Path, code: i32) -> String {
    one_line(&run(folder, &SERVE), code)
}

#[test]
fn a_used_port() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = one_line(&run(folder.path(), &[&SERVE[..4], &[&address], &SERVE[5..]].concat()), 3);
    assert!(told.contains(&format!("cannot listen on {address} (listen): Address already in use")), "{told}");
    for key in ["--backend-listen", "--metrics-listen"] {
        let told = one_line(&run(folder.path(), &[&SERVE[..], &[key, &address]].concat()), 3);
        assert!(told.contains(&address), "{told}");
    }
}

#[test]
fn a_data_folder_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "a file").unwrap();
    let told = refused(folder.path(), 4);
    assert!(told.contains("the data folder data cannot be"), "{told}");
    let told = one_line(&run(folder.path(), &[&SERVE[..6], &["data/below"]].concat()), 4);
    assert!(told.contains("the data folder data/below cannot be made"), "{told}");
}

#[test]
fn a_data_folder_whose_path_is_too_long_for_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let told = one_line(&run(folder.path(), &[&SERVE[..6], &[&"d".repeat(120)]].concat()), 3);
    assert!(told.contains("control socket") && told.contains("shorter than 108 bytes"), "{told}");
}

#[test]
fn a_corrupt_database() {
    let folder = with_instance();
    fs::write(
        folder.path().join("data/actas.db"),
        "this is no database, and it is long enough to be looked at",
    )
    .unwrap();
    let told = refused(folder.path(), 4);
    assert!(told.contains("data/actas.db cannot be read as a database"), "{told}");
}

#[test]
fn a_master_key_that_is_wrong_open_to_others_malformed_or_lost() {
    let folder = with_instance();
    let file = folder.path().join("data/master.key");
    let own = fs::read(&file).unwrap();
    fs::write(&file, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let told = refused(folder.path(), 5);
    assert!(told.contains("the master key does not open the signing key"), "{told}");
    fs::write(&file, &own).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(folder.path(), 5).contains("chmod 600 data/master.key"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "short").unwrap();
    assert!(refused(folder.path(), 5).contains("32 bytes"));
    fs::remove_file(&file).unwrap();
    let told = refused(folder.path(), 5);
    assert!(told.contains("put that file back") && !file.exists(), "{told}");
    fs::write(&file, &own).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(Server::start(folder.path(), &SERVE).stop().0, Some(0));
}

#[test]
fn a_master_key_from_the_environment_serves_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let with_key = |key: &str| {
        let mut command = actas(folder.path(), &SERVE);
        command.env("ACTAS_MASTER_KEY", key);
        command
    };
    assert_eq!(Server::start_with(with_key(&"ab".repeat(32))).stop().0, Some(0));
    assert!(!folder.path().join("data/master.key").exists());
    let told = one_line(&with_key(&"cd".repeat(32)).output().unwrap(), 5);
    assert!(told.contains("does not open") && !told.contains("cdcd"), "{told}");
    let told = one_line(&with_key("hunter2").output().unwrap(), 5);
    assert!(told.contains("ACTAS_MASTER_KEY is not a master key") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_second_server() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(folder.path(), &SERVE);
    let told = refused(folder.path(), 6);
    assert!(told.contains(&format!("another actas (process {})", first.process_id())), "{told}");
    assert_eq!(first.stop().0, Some(0));
    assert_eq!(Server::start(folder.path(), &SERVE).stop().0, Some(0));
}

#[test]
fn a_socket_that_a_dead_server_left_is_no_hindrance() {
    let folder = with_instance();
    let socket = folder.path().join("data/actas.sock");
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let keys = run(folder.path(), &["keys", "list", "--data-dir", "data"]);
    assert_eq!(keys.status.code(), Some(0));
    drop(UnixListener::bind(&socket).unwrap_or_else(|_| {
        fs::remove_file(&socket).unwrap();
        UnixListener::bind(&socket).unwrap()
    }));
    let server = Server::start(folder.path(), &SERVE);
    assert_eq!(run(folder.path(), &["keys", "list", "--data-dir", "data"]).status.code(), Some(0));
    assert_eq!(server.stop().0, Some(0));
}
