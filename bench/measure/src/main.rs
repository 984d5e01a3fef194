//! Measures what wrk cannot. Each command prints its figures, a name and a number in a line; `cargo xtask bench` runs
//! them, each on the processor that it is about.

mod figures;
mod limits;
mod load;

use std::{path::Path, process::ExitCode, time::Duration};

/// An outcome whose problem is only ever printed.
pub(crate) type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HELP: &str = "\
actas-measure COMMAND

  sign SECONDS                               RSA-2048 signatures with aws-lc-rs
  verify SECONDS                             RSA-2048 verifications with aws-lc-rs
  verify-token KEYS TOKEN SECONDS            session tokens verified by the SDK, with the keys of a file
  sync FOLDER SECONDS                        fdatasync after an append
  sqlite FOLDER BATCH SECONDS                rows and entries inserted, so many in a transaction
  postgres URL BATCH SECONDS                 the same on PostgreSQL
  collect ADDRESS REQUESTS COUNT FILE        sends the requests of a file, COUNT in all, and keeps the bodies answered
  overload ADDRESS REQUEST RATE SECONDS      sends so many requests in a second, whatever is answered
  fill FOLDER COUNT                          creates tokens in the store of a data folder whose server does not run";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let printed = match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(figures) => figures.print(),
        Err(problem) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{problem}\n").as_bytes());
            return ExitCode::FAILURE;
        }
    };
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(arguments: &[&str]) -> Fallible<figures::Figures> {
    match arguments {
        ["sign", seconds] => limits::signature::sign(duration(seconds)?),
        ["verify", seconds] => limits::signature::verify(duration(seconds)?),
        ["sync", folder, seconds] => limits::sync::measure(Path::new(folder), duration(seconds)?),
        ["sqlite", folder, batch, seconds] => {
            limits::sqlite::measure(Path::new(folder), batch.parse()?, duration(seconds)?)
        }
        ["postgres", url, batch, seconds] => {
            block_on(limits::postgres::measure(url, batch.parse()?, duration(seconds)?))
        }
        ["verify-token", keys, token, seconds] => {
            load::session_token::measure(Path::new(keys), Path::new(token), duration(seconds)?)
        }
        ["collect", address, requests, count, file] => {
            block_on(load::collect::run(address, Path::new(requests), count.parse()?, Path::new(file)))
        }
        ["overload", address, request, rate, seconds] => {
            block_on(load::overload::run(address, Path::new(request), rate.parse()?, duration(seconds)?))
        }
        ["fill", folder, count] => block_on(load::fill::run(Path::new(folder), count.parse()?)),
        _ => Err(HELP.into()),
    }
}

fn duration(seconds: &str) -> Fallible<Duration> {
    Ok(Duration::try_from_secs_f64(seconds.parse()?)?)
}

fn block_on<T>(work: impl Future<Output = Fallible<T>>) -> Fallible<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
