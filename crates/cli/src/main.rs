//! The one binary of Actas: parses, assembles, runs and prints.

mod args;
mod assemble;
mod background;
mod commands;
mod data_folder;
mod dev;
mod door;
mod exit;
mod load;
mod logging;
mod output;
mod private_file;
mod profiles;
mod prompt;
mod records;
mod remote;
mod running;

use crate::args::Arguments;
use clap::Parser as _;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A request is some hundreds of small allocations.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "mutations")]
    if let Err(error) = load::mutation() {
        output::error(&error);
        return ExitCode::from(error.code());
    }
    let arguments = Arguments::parse();
    // Whatever this process makes is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::from_bits_retain(0o077));
    match commands::run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::from(error.code())
        }
    }
}
