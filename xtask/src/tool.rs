//! Programs of others that checks run, each in the one version that the check is written for.

use crate::{command, workshop::Workshop};
use std::{path::PathBuf, process::Command};

/// The program in the cache; installed first where it is absent or of another version.
pub(crate) fn installed(workshop: &Workshop, name: &str, version: &str) -> Result<PathBuf, String> {
    let tools = workshop.cache().join("tools");
    let program = tools.join("bin").join(name);
    let present = command::output(Command::new(&program).arg("--version")).unwrap_or_default();
    if present.trim() != format!("{name} {version}") {
        println!("installing {name} {version} into {}", tools.display());
        let mut install = workshop.cargo(&["install", "--locked", "--force", "--version", version, "--root"]);
        command::run(install.arg(&tools).arg(name))?;
    }
    Ok(program)
}
