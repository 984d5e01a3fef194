//! Create, accept, mint and revoke, one after the other in one thread, between marks at which callgrind writes down
//! how many instructions there were: `cargo xtask bench instructions` reads them.
//!
//! Each is the real path of the product: the request's value through the entry, the routes, authentication,
//! validation, rules, record, store, metrics and the log's line. What is not in it is the connection (hyper and the
//! system), and what only a machine at rest has: one change is one transaction here.

mod instance;
mod operations;

use instance::{Instance, StoreKind};
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// As in `actas`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // The one thing that is printed; there is no log to write it to.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{problem}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [store, count] = arguments else {
        return Err("actas-instructions memory|sqlite COUNT".to_owned());
    };
    let store = StoreKind::parse(store)?;
    let count: usize = count.parse().map_err(|_| format!("{count} is not a count"))?;
    // Logs at info, as `actas serve` writes them by default, to nowhere.
    let filter = tracing_subscriber::EnvFilter::new("warn,actas=info");
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    lines.with_writer(std::io::sink).try_init().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let instance = Instance::start(store).await?;
        operations::run(&instance, count).await
    })
}
