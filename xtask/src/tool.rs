//! Programs of others that checks run, each in the one version that the check is written for.

use crate::{command, workshop::Workshop};
use std::{fs, path::PathBuf};

/// The folder of a package's programs; installed first where the package is absent or of another version.
pub(crate) fn installed(workshop: &Workshop, package: &str, version: &str) -> Result<PathBuf, String> {
    let tools = workshop.cache().join("tools");
    // What cargo keeps of what it has installed.
    let present = fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    if !present.lines().any(|line| line.starts_with(&format!("\"{package} {version} "))) {
        println!("installing {package} {version} into {}", tools.display());
        let mut install = workshop.cargo(&["install", "--locked", "--force", "--version", version, "--root"]);
        command::run(install.arg(&tools).arg(package))?;
    }
    Ok(tools.join("bin"))
}
