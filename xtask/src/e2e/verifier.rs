//! The verifier runs: the SDK's verifier and that of `@clerk/backend` judge the same tokens, and the SDK's example app is
//! driven.

use super::{
    clients, emptied,
    script::{self, Shown},
    server::{APP_URL, Server, Store},
};
use crate::workshop::Workshop;
use std::{path::Path, process::Command};

pub(super) const NAME: &str = "verifier";
pub(super) const APP_NAME: &str = "verifier-axum-app";

pub(super) fn drive(workshop: &Workshop) -> Result<String, String> {
    let clerk = clients::node_checks(workshop, NAME, &[])?.command();
    let mut command = Command::new(workshop.build("actas-verifier", "actas-verifier")?);
    command.arg(clerk.get_program()).args(clerk.get_args());
    if let Some(folder) = clerk.get_current_dir() {
        command.current_dir(folder);
    }
    script::run(&mut command, Shown::Failures)
}

/// The SDK's example app beside an Actas of its own.
pub(super) fn drive_app(workshop: &Workshop, actas: &Path) -> Result<String, String> {
    let app = workshop.build_example("actas-sdk", "axum_app", "axum")?;
    let mut command = clients::node_checks(workshop, NAME, &[])?.command_for("app.mjs");
    let folder = emptied(workshop.cache().join("e2e").join("runs").join(APP_NAME))?;
    let server = Server::start(actas, Store::Memory, &folder)?;
    command.envs(server.environment()).env("AXUM_APP", app).env("APP_ORIGIN", APP_URL);
    let outcome = script::run(&mut command, Shown::Failures);
    server.stop()?;
    outcome
}
