//! The browser run: Chromium against Actas's own page, its banner, and apps made of Clerk's packages. Its checks start
//! their servers themselves, because each way in which an app and Actas can lie to each other needs others.

use super::{
    clients, emptied, example,
    script::{self, Shown},
    version,
};
use crate::{command, packages, workshop::Workshop};
use std::{path::Path, process::Command};

pub(super) const NAME: &str = "browser";

/// Clerk's packages name each other as peers, most of which no browser needs.
const NPM_FLAGS: &[&str] = &["--legacy-peer-deps"];
const CHROMIUM: &str = "chromium";

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

/// The machine's own, or the one of its packages.
fn find_chromium() -> Result<(), String> {
    packages::ensure(CHROMIUM, &[CHROMIUM, "fonts-dejavu-core"], || version(Path::new(CHROMIUM)).is_some())
}
