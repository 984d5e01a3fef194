//! Licences, sources and duplicates of the dependencies, by cargo-deny in the one version that `deny.toml` is
//! written for.

use crate::{command, workshop::Workshop};
use std::{path::PathBuf, process::Command};

const VERSION: &str = "0.20.2";

pub(crate) fn check(workshop: &Workshop) -> Result<(), String> {
    run(workshop, &["bans", "licenses", "sources"])
}

/// Apart from [`check`], because it downloads a database that not every machine can reach.
pub(crate) fn check_advisories(workshop: &Workshop) -> Result<(), String> {
    run(workshop, &["advisories"])
}

fn run(workshop: &Workshop, checks: &[&str]) -> Result<(), String> {
    let program = installed(workshop)?;
    let mut arguments = vec!["--locked", "--all-features", "check", "--hide-inclusion-graph"];
    arguments.extend(checks);
    command::run(Command::new(program).current_dir(workshop.root()).args(arguments))
}

/// The program in the cache; installed first where it is absent or of another version.
fn installed(workshop: &Workshop) -> Result<PathBuf, String> {
    let tools = workshop.cache().join("tools");
    let program = tools.join("bin").join("cargo-deny");
    let present = command::output(Command::new(&program).arg("--version")).unwrap_or_default();
    if present.trim() != format!("cargo-deny {VERSION}") {
        println!("installing cargo-deny {VERSION} into {}", tools.display());
        let mut install = workshop.cargo(&["install", "--locked", "--force", "--version", VERSION, "--root"]);
        command::run(install.arg(&tools).arg("cargo-deny"))?;
    }
    Ok(program)
}
