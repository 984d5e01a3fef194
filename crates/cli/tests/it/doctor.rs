//! `actas doctor`.

use crate::process::{Server, run, stdout};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::{FileExt as _, PermissionsExt as _, chown},
    path::Path,
};

const DEV: [&str; 3] = ["dev", "--listen", "127.0.0.1:0"];

/// Exit code, and the verdict of each part.
fn examined(folder: &Path) -> (Option<i32>, Vec<(String, String)>) {
    let output = run(folder, &["doctor", "--json"]);
    let lines: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let text = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
    let verdicts = lines.iter().map(|line| (text(line, "part"), text(line, "verdict"))).collect();
    (output.status.code(), verdicts)
}

fn verdict(verdicts: &[(String, String)], part: &str) -> String {
    verdicts.iter().find(|(name, _)| name == part).unwrap_or_else(|| panic!("{part}: {verdicts:?}")).1.clone()
}

#[test]
fn a_healthy_instance_is_ok_in_every_part_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &DEV);
    let (code, running) = examined(folder.path());
    assert!(code == Some(0) && running.iter().all(|(_, verdict)| verdict == "ok"), "{running:?}");
    assert_eq!(server.stop().0, Some(0));
    let (code, alone) = examined(folder.path());
    assert_eq!((code, alone), (Some(0), running));
    let parts = stdout(&run(folder.path(), &["doctor"]));
    assert!(parts.lines().count() == 11 && parts.lines().all(|line| line.starts_with("ok ")), "{parts}");
}

#[test]
fn what_is_wrong_fails_and_the_rest_is_still_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let key = folder.path().join(".actas/master.key");
    fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let (code, verdicts) = examined(folder.path());
    assert_eq!(code, Some(1));
    assert_eq!(verdict(&verdicts, "signing keys"), "fail");
    assert_eq!(verdict(&verdicts, "database"), "ok");
    fs::set_permissions(folder.path().join(".actas"), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(verdict(&examined(folder.path()).1, "data folder"), "fail");
}

/// Root may give a folder away; to anybody else the judgement itself is tested beside it.
#[test]
fn whose_folder_and_files_they_are_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let data = folder.path().join(".actas");
    assert_eq!(verdict(&examined(folder.path()).1, "ownership"), "ok");
    let expected = if chown(data.join("actas.db"), Some(65_534), None).is_ok() { "warn" } else { "ok" };
    assert_eq!(verdict(&examined(folder.path()).1, "ownership"), expected);
    let _ = chown(&data, Some(65_534), None);
    let told = stdout(&run(folder.path(), &["doctor"]));
    assert_eq!(told.contains("which the server may not be able to use"), expected == "warn", "{told}");
}

#[test]
fn a_damaged_database_is_found() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let file = fs::OpenOptions::new().write(true).open(folder.path().join(".actas/actas.db")).unwrap();
    let length = file.metadata().unwrap().len();
    for page in 2..length / 4096 {
        file.write_all_at(&[0xFF; 64], page * 4096).unwrap();
    }
    let (code, verdicts) = examined(folder.path());
    assert_eq!((code, verdict(&verdicts, "database")), (Some(1), "fail".to_owned()), "{verdicts:?}");
}

#[test]
fn without_an_instance_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["doctor", "--data-dir", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("FAIL  store"), "{}", stdout(&output));
    assert!(!folder.path().join("nowhere").exists());
}
