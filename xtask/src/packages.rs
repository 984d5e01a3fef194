//! What the tests need of Debian's packages. Installing one takes an administrator.

use crate::command;
use std::process::Command;

/// Installs the packages where `is_here` says that something is missing, and asks again.
///
/// # Errors
/// What went wrong, and the packages to install by hand.
pub(crate) fn ensure(what: &str, packages: &[&str], is_here: impl Fn() -> bool) -> Result<(), String> {
    if is_here() {
        return Ok(());
    }
    let names = packages.join(" ");
    println!("no {what} here: installing {names}");
    // A machine that is new may have no list of packages, or one that names versions that are gone.
    let installed = install(packages).or_else(|_| {
        command::run(Command::new("apt-get").args(["update", "--quiet"]))?;
        install(packages)
    });
    match (installed, is_here()) {
        (Ok(()), true) => Ok(()),
        (Err(problem), _) => Err(format!("{problem}; install {names} and run this again")),
        (Ok(()), false) => Err(format!("{names} was installed, but {what} is not found")),
    }
}

fn install(packages: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
    command::run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}
