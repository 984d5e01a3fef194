//! `cargo xtask example`: the example app beside an instance of its own, to be tried by hand.

use super::{
    clients, emptied,
    node::Node,
    server::{Server, Store},
};
use crate::{command, workshop::Workshop};
use std::process::Command;

pub(super) const FOLDER: &str = "examples/express";

/// Runs until the app ends, or somebody ends all of it with Ctrl-C. The instance begins anew each time.
pub(crate) fn run(workshop: &Workshop) -> Result<(), String> {
    let actas = workshop.build("actas-cli", "actas")?;
    let node = Node::find(workshop)?;
    let folder = workshop.root().join(FOLDER);
    clients::install_node_packages(&node, &folder, &folder.join("node_modules"), &[])?;
    let data = emptied(workshop.cache().join("example"))?;
    let server = Server::start(&actas, Store::Sqlite, &data)?;
    println!("Actas runs; its log is {}. Ctrl-C ends both.", data.join("server.log").display());
    let program = node.node().get_program().to_owned();
    let mut app = Command::new(program);
    app.arg("server.mjs")
        .current_dir(&folder)
        .envs(server.environment())
        .env("CLERK_TELEMETRY_DISABLED", "1");
    let outcome = command::run(&mut app);
    server.stop()?;
    outcome
}
