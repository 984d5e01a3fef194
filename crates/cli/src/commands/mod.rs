//! The commands: each parses what it was given, calls, and prints.

mod config;
mod doctor;
mod keys;
mod secret_keys;
mod serve;

use crate::{
    args::{Command, TargetArguments},
    dev,
    door::Door,
    exit::ExitError,
    load,
};
use std::{future::Future, process::ExitCode};

/// Runs a command to its end. The exit code is success, or what a check found.
pub(crate) fn run(command: Command) -> Result<ExitCode, ExitError> {
    match command {
        Command::Dev(arguments) => done(in_runtime(dev::run(arguments))),
        Command::Serve(arguments) => done(in_runtime(serve::run(arguments))),
        Command::Config { command } => config::run(&command),
        Command::Keys { command } => done(in_runtime(keys::run(command))),
        Command::SecretKeys { command } => done(in_runtime(secret_keys::run(command))),
        Command::Doctor(arguments) => in_runtime(doctor::run(arguments)),
    }
}

fn done(result: Result<(), ExitError>) -> Result<ExitCode, ExitError> {
    result.map(|()| ExitCode::SUCCESS)
}

fn in_runtime<T>(work: impl Future<Output = Result<T, ExitError>>) -> Result<T, ExitError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| ExitError::Refused(format!("threads cannot be started: {error}")))?.block_on(work)
}

/// Opens the way to the instance, lets `work` use it, and closes it whatever became of the work.
async fn administer<T>(
    target: &TargetArguments,
    work: impl AsyncFnOnce(&Door) -> Result<T, ExitError>,
) -> Result<T, ExitError> {
    let door = Door::open(&load::target(target)?.configuration).await?;
    let result = work(&door).await;
    door.close().await;
    result
}
