//! The browser run: Chromium against Actas's own page, its banner, and apps made of Clerk's packages. Its checks start
//! their servers themselves, because each way in which an app and Actas can lie to each other needs others.

use super::{
    clients, emptied, example,
    script::{self, Shown},
    version,
};
use crate::{command, workshop::Workshop};
use std::{path::Path, process::Command};

pub(super) const NAME: &str = "browser";

/// Clerk's packages name each other as peers, most of which no browser needs.
const NPM_FLAGS: &[&str] = &["--legacy-peer-deps"];
const CHROMIUM: &str = "chromium";
const INSTALL: &[&str] =
    &["install", "--yes", "--quiet", "--no-install-recommends", CHROMIUM, "fonts-dejavu-core"];

/// Pictures of what failed, and of how pages look, are in `.cache/e2e/browser/shots` afterwards.
pub(super) fn drive(workshop: &Workshop, actas: &Path) -> Result<String, String> {
    find_chromium()?;
    let checks = clients::node_checks(workshop, NAME, NPM_FLAGS)?;
    for part in ["", "public"] {
        let example = workshop.cache().join("e2e").join(NAME).join("example");
        clients::copy_all(&workshop.root().join(example::FOLDER).join(part), &example.join(part))?;
    }
    let shots = emptied(workshop.cache().join("e2e").join(NAME).join("shots"))?;
    let mut command = checks.command();
    command.env("ACTAS_PROGRAM", actas).env("SHOTS", &shots);
    let chromium = command::output(Command::new("which").arg(CHROMIUM))?;
    command.env("CHROMIUM", chromium.trim());
    script::run(&mut command, Shown::Failures)
        .map_err(|problem| format!("{problem}; pictures: {}", shots.display()))
}

/// The machine's own, or the one of its packages, which takes an administrator to install.
fn find_chromium() -> Result<(), String> {
    if version(Path::new(CHROMIUM)).is_some() {
        return Ok(());
    }
    println!("no {CHROMIUM} here: installing it");
    let install =
        command::run(Command::new("apt-get").args(INSTALL).env("DEBIAN_FRONTEND", "noninteractive"));
    match (install, version(Path::new(CHROMIUM))) {
        (Ok(()), Some(_)) => Ok(()),
        (Err(problem), _) => Err(format!("{problem}; install {CHROMIUM} and run this again")),
        (Ok(()), None) => Err(format!("{CHROMIUM} was installed but does not run")),
    }
}
