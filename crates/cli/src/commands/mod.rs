//! The commands: each parses what it was given, calls, and prints.

mod audit;
mod audit_export;
mod backup;
mod config;
mod doctor;
mod entries;
mod impersonate;
mod keys;
mod pick;
mod profiles;
mod restore;
mod secret_keys;
mod serve;
mod sessions;
mod shell;
mod store_copy;
mod store_withdraw;
mod taken_back;
mod tokens;
mod transferring;
mod user_import;
mod users;

pub(crate) use audit_export::Format as ExportFormat;
pub(crate) use store_copy::Endpoint;
pub(crate) use user_import::Format as ImportFormat;

use crate::{
    args::{Command, StoreCommand, TargetArguments},
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
        Command::Backup(arguments) => done(in_runtime(backup::run(arguments))),
        Command::Restore(arguments) => done(in_runtime(restore::run(arguments))),
        Command::Store { command: StoreCommand::Copy(arguments) } => {
            done(in_runtime(store_copy::run(arguments)))
        }
        Command::Store { command: StoreCommand::Withdraw(arguments) } => {
            done(in_runtime(store_withdraw::run(arguments)))
        }
        Command::Impersonate(arguments) => done(in_runtime(impersonate::run(*arguments))),
        Command::Tokens { command } => done(in_runtime(tokens::run(command))),
        Command::Sessions { command } => done(in_runtime(sessions::run(command))),
        Command::Users { command } => done(in_runtime(users::run(*command))),
        Command::Audit { command } => done(in_runtime(audit::run(command))),
        Command::Profiles { command } => done(in_runtime(profiles::run(command))),
        Command::Completions(arguments) => done(shell::completions(&arguments)),
        Command::Man(arguments) => done(shell::man(&arguments)),
    }
}

fn done(result: Result<(), ExitError>) -> Result<ExitCode, ExitError> {
    result.map(|()| ExitCode::SUCCESS)
}

/// After so many of its own tasks a thread looks at what others have woken, which is what the store has answered. By
/// default it looks seldom, and under an overload those who are nearly done starve behind those who have just come; if it
/// always looked there first, those would.
const TASKS_BETWEEN_LOOKS_AT_WOKEN: u32 = 2;

fn in_runtime<T>(work: impl Future<Output = Result<T, ExitError>>) -> Result<T, ExitError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .global_queue_interval(TASKS_BETWEEN_LOOKS_AT_WOKEN)
        .enable_all()
        .build();
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
