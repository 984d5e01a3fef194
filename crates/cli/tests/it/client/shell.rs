//! Completions and manual pages.

use super::instance::succeeded;
use crate::process::run;
use std::{fs, process::Command};

#[test]
fn completions_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = succeeded(&run(folder.path(), &["completions", shell]));
        for word in ["impersonate", "sessions", "secret-key-file", "profiles"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let told = run(folder.path(), &["completions", "cmd"]);
    assert_eq!(told.status.code(), Some(2));
}

#[test]
fn bash_completes_what_was_begun() {
    let folder = tempfile::tempdir().unwrap();
    let script = succeeded(&run(folder.path(), &["completions", "bash"]));
    fs::write(folder.path().join("actas.bash"), script).unwrap();
    let ask = ". ./actas.bash; COMP_WORDS=(actas sess); COMP_CWORD=1; _actas actas sess actas; echo ${COMPREPLY[*]}";
    let output = Command::new("bash").current_dir(folder.path()).args(["-c", ask]).output().unwrap();
    assert_eq!(succeeded(&output).trim(), "sessions");
}

#[test]
fn there_is_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    succeeded(&run(folder.path(), &["man", "--out", "pages/man1"]));
    let page = |name: &str| fs::read_to_string(folder.path().join("pages/man1").join(name)).unwrap();
    assert!(page("actas.1").contains("\n  10  the server refused what was asked\n"), "{}", page("actas.1"));
    assert!(page("actas-impersonate.1").contains("\\-\\-session\\-max"));
    assert!(page("actas-impersonate-revoke.1").contains("actas impersonate revoke"));
    assert!(page("actas-secret-keys-create.1").contains("actas secret\\-keys create"));
    assert!(page("actas-audit-follow.1").contains("\\-\\-after"));
    assert!(!folder.path().join("pages/man1/actas-help.1").exists());
}
