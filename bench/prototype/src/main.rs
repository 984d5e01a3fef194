//! What the design could reach at most on this machine: HTTP, one writer with group commit and RS256 signatures, and
//! nothing else. No users, no rules, no policy, no revocation, no limits: not a model of how to write a server.
//!
//! `actas-prototype store PORT FOLDER` serves creations, acceptances and session tokens; `actas-prototype floor PORT`
//! parses and answers the same JSON and keeps nothing.

mod answers;
mod http;
mod moment;
mod tokens;
mod writer;

use std::{path::Path, process::ExitCode};

/// An outcome whose problem is only ever printed.
pub(crate) type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // The one thing that is printed; there is no log to write it to.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{problem}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Fallible<()> {
    let app = match arguments {
        ["store", _, folder] => answers::App::store(Path::new(folder))?,
        ["floor", _] => answers::App::floor()?,
        _ => return Err("actas-prototype store PORT FOLDER, or actas-prototype floor PORT".into()),
    };
    let port = arguments[1].parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(http::serve(port, app))
}
