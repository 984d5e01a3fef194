//! Races, crashes, power losses and cut connections. Each run prints its seed and its counts and ends `N passed, N failed`.

#![expect(clippy::print_stdout, reason = "this program's output is its report")]

mod crash;
mod cutting_proxy;
mod load;
mod power_loss;
mod race;
mod random;
mod record;
mod replicas;
mod secrets;
mod server;
mod storm;
mod suite;
mod trace;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// What goes wrong in a run; the text says what and where.
type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(about = "Races, crashes and power losses against Actas")]
struct Arguments {
    #[command(subcommand)]
    run: Run,
}

#[derive(Subcommand)]
enum Run {
    /// Many redemptions of one ticket at once, many tickets over: one session each
    Race {
        /// The `actas` binary
        #[arg(long)]
        actas: PathBuf,
        #[arg(long, default_value_t = 1_000)]
        tickets: usize,
        #[arg(long, default_value_t = 200)]
        redemptions: usize,
    },
    /// `kill -9` under load, again and again: what was acknowledged is there, and the record has no gap
    Crash {
        #[arg(long)]
        actas: PathBuf,
        #[arg(long, default_value_t = 100)]
        kills: usize,
        /// Repeats a run's choices (the timing stays the machine's)
        #[arg(long)]
        seed: Option<u64>,
    },
    /// The disk as it is when only synced writes survive: everything acknowledged is on it
    PowerLoss,
    /// Planted secrets are searched for in logs, answers and files
    Secrets {
        #[arg(long)]
        actas: PathBuf,
    },
    /// Connections are cut after the request was delivered; with retries each act happens exactly once
    Storm {
        /// The `actas` binary
        #[arg(long)]
        actas: PathBuf,
        #[arg(long, default_value_t = 2_000)]
        creates: usize,
        /// Repeats a run's cuts (the timing stays the machine's)
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Three servers on one PostgreSQL database: what is done on one holds on the others
    Replicas {
        /// The `actas` binary
        #[arg(long)]
        actas: PathBuf,
        #[arg(long, default_value_t = 2)]
        rounds: usize,
    },
    /// Servers on PostgreSQL and SQLite under a seeded load and every kind of fault; a checker reads the history
    Suite(suite::Arguments),
    /// The suite against programs in which a guard is broken: each is found out
    Mutations(suite::mutations::Arguments),
    /// The traced half of `power-loss`
    #[command(hide = true)]
    PowerLossChild { data: PathBuf, synchronous: power_loss::Synchronous },
}

/// How long work on a database that was interrupted may go on. What guards its servers ends them then.
const INTERRUPTED_LIMIT: Duration = Duration::from_secs(40);

fn main() -> ExitCode {
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let code = runtime.block_on(carry_out());
            // What blocks cannot be cancelled, and must not hold up the end for ever.
            runtime.shutdown_timeout(INTERRUPTED_LIMIT);
            code
        }
        Err(error) => {
            println!("FAIL: no runtime can be started: {error}\n0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out() -> ExitCode {
    let (name, outcome) = match Arguments::parse().run {
        Run::Race { actas, tickets, redemptions } => ("race", race::run(&actas, tickets, redemptions).await),
        Run::Crash { actas, kills, seed } => ("crash", crash::run(&actas, kills, seed).await),
        Run::PowerLoss => ("power-loss", power_loss::run().await),
        Run::Secrets { actas } => ("secrets", secrets::run(&actas).await),
        Run::Storm { actas, creates, seed } => ("storm", storm::run(&actas, creates, seed).await),
        Run::Replicas { actas, rounds } => ("replicas", replicas::run(&actas, rounds).await),
        Run::Suite(arguments) => return suite::run(arguments).await,
        Run::Mutations(arguments) => return suite::mutations::run(arguments).await,
        Run::PowerLossChild { data, synchronous } => {
            return match power_loss::child(&data, synchronous).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(fault) => {
                    println!("FAIL power-loss-child: {fault}");
                    ExitCode::FAILURE
                }
            };
        }
    };
    match outcome {
        Ok(report) => {
            println!("ok {name}: {report}\n1 passed, 0 failed");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            println!("FAIL {name}: {fault}\n0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}
