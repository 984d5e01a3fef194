//! `cargo xtask faults`: the fault suite, for as long as is wanted.

use crate::{command, fault_tools, postgres, workshop::Workshop};
use std::process::Command;

/// Builds what the suite drives, installs what it needs, and hands the arguments on (`--minutes`, `--seed`, `--only`).
pub(crate) fn run(workshop: &Workshop, arguments: &[&str]) -> Result<(), String> {
    ensure()?;
    let suite = workshop.build("actas-faults", "actas-faults")?;
    let actas = workshop.build("actas-cli", "actas")?;
    let mut command = Command::new(suite);
    command.arg("suite").arg("--actas").arg(actas).args(arguments).current_dir(workshop.root());
    command::run(&mut command)
}

/// What the suite takes besides its programs.
pub(crate) fn ensure() -> Result<(), String> {
    postgres::ensure()?;
    fault_tools::ensure()
}
