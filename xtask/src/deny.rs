//! Licences, sources and duplicates of the dependencies, by cargo-deny in the one version that `deny.toml` is
//! written for.

use crate::{command, tool, workshop::Workshop};
use std::process::Command;

const VERSION: &str = "0.20.2";

pub(crate) fn check(workshop: &Workshop) -> Result<(), String> {
    run(workshop, &["bans", "licenses", "sources"])
}

/// Apart from [`check`], because it downloads a database that not every machine can reach.
pub(crate) fn check_advisories(workshop: &Workshop) -> Result<(), String> {
    run(workshop, &["advisories"])
}

fn run(workshop: &Workshop, checks: &[&str]) -> Result<(), String> {
    let programs = tool::installed(workshop, "cargo-deny", VERSION)?;
    let mut arguments = vec!["--locked", "--all-features", "check", "--hide-inclusion-graph"];
    arguments.extend(checks);
    command::run(Command::new(programs.join("cargo-deny")).current_dir(workshop.root()).args(arguments))
}
