//! The end-to-end runs against the built program: programs of other people, unmodified, and faults. `e2e/README.md`
//! tells of them; this drives them. What is absent is a failure, never a skip.

mod browser;
mod clients;
pub(crate) mod example;
mod node;
mod script;
mod server;
mod verifier;

use crate::{command, faults, postgres, workshop::Workshop};
use clients::{Client, Prepared};
use script::Shown;
use server::{Server, Store};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

pub(crate) use clients::RUST_CLIENT_MANIFEST;

/// What `e2e/faults` makes go wrong, by the names of its commands, and whether it starts servers of the program.
const FAULTS: &[(&str, bool)] = &[
    ("secrets", true),
    ("power-loss", false),
    ("crash", true),
    ("race", true),
    ("storm", true),
    (REPLICAS, true),
    (SUITE, true),
];
/// Which needs a PostgreSQL.
const REPLICAS: &str = "replicas";
/// Which takes more than the machine has.
const SUITE: &str = "suite";

/// Runs every client on every store, then the verifier, the browser and every fault; or only the runs whose name contains
/// one of the words.
pub(crate) fn run(workshop: &Workshop, words: &[&str]) -> Result<(), String> {
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let actas = workshop.build("actas-cli", "actas")?;
    let mut report = Report::default();
    for client in Client::ALL {
        let name = |store: Store| format!("{}-{}", client.name(), store.name());
        let stores: Vec<Store> = Store::ALL.iter().copied().filter(|store| wanted(&name(*store))).collect();
        if stores.is_empty() {
            continue;
        }
        let begun = Instant::now();
        let prepared = client.prepare(workshop);
        println!("--- {} prepared in {:.1} s", client.name(), begun.elapsed().as_secs_f64());
        for store in stores {
            let name = name(store);
            report.add(&name, || {
                drive(workshop, &actas, &name, prepared.as_ref().map_err(Clone::clone)?, store)
            });
        }
    }
    if wanted(verifier::NAME) {
        report.add(verifier::NAME, || verifier::drive(workshop));
    }
    if wanted(verifier::APP_NAME) {
        report.add(verifier::APP_NAME, || verifier::drive_app(workshop, &actas));
    }
    if wanted(browser::NAME) {
        report.add(browser::NAME, || browser::drive(workshop, &actas));
    }
    for (fault, needs_program) in FAULTS {
        let name = format!("faults-{fault}");
        if wanted(&name) {
            report.add(&name, || inject(workshop, fault, needs_program.then_some(&actas)));
        }
    }
    report.close(words)
}

#[derive(Default)]
struct Report {
    runs: usize,
    failed: Vec<String>,
}

impl Report {
    fn add(&mut self, name: &str, run: impl FnOnce() -> Result<String, String>) {
        let begun = Instant::now();
        let outcome = run();
        let seconds = begun.elapsed().as_secs_f64();
        self.runs += 1;
        match outcome {
            Ok(closing) => println!("--- {name}: {closing} in {seconds:.1} s"),
            Err(problem) => {
                println!("--- {name}: FAILED in {seconds:.1} s: {problem}");
                self.failed.push(name.to_owned());
            }
        }
    }

    fn close(&self, words: &[&str]) -> Result<(), String> {
        match (self.runs, self.failed.as_slice()) {
            (0, _) => Err(format!("no end-to-end run has a name with {words:?} in it")),
            (_, []) => Ok(()),
            (runs, failed) => Err(format!("{} of {runs} runs failed: {}", failed.len(), failed.join(", "))),
        }
    }
}

/// One client against a server of its own, so that no run sees what another left behind.
fn drive(
    workshop: &Workshop,
    actas: &Path,
    name: &str,
    client: &Prepared,
    store: Store,
) -> Result<String, String> {
    let folder = emptied(workshop.cache().join("e2e").join("runs").join(name))?;
    let server = Server::start(actas, store, &folder)?;
    let outcome = script::run(client.command().envs(server.environment()), Shown::Failures);
    let stopped = server.stop();
    let log = folder.join("server.log");
    let closing = outcome.map_err(|problem| format!("{problem}; the server's log: {}", log.display()))?;
    stopped?;
    Ok(closing)
}

/// One kind of fault. Its seeds and counts are printed, so that a failure can be looked at again.
fn inject(workshop: &Workshop, fault: &str, actas: Option<&PathBuf>) -> Result<String, String> {
    if fault == REPLICAS {
        postgres::ensure()?;
    }
    if fault == SUITE {
        faults::ensure()?;
    }
    let mut command = Command::new(workshop.build("actas-faults", "actas-faults")?);
    command.arg(fault).current_dir(workshop.root());
    if let Some(actas) = actas {
        command.arg("--actas").arg(actas);
    }
    script::run(&mut command, Shown::All)
}

fn emptied(folder: PathBuf) -> Result<PathBuf, String> {
    let described = |error: std::io::Error| format!("{}: {error}", folder.display());
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(described(error)),
        _ => {}
    }
    fs::create_dir_all(&folder).map_err(described)?;
    Ok(folder)
}

/// The first line that a program prints with `--version`; none where it cannot be run.
fn version(program: &Path) -> Option<String> {
    let printed = command::output(Command::new(program).arg("--version")).ok()?;
    printed.lines().next().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_run_is_named_and_no_run_at_all_is_a_failure() {
        let mut report = Report::default();
        assert!(report.close(&["none"]).unwrap_err().contains("none"));
        report.add("good", || Ok("1 passed, 0 failed".to_owned()));
        assert_eq!(report.close(&[]), Ok(()));
        report.add("bad", || Err("why".to_owned()));
        assert_eq!(report.close(&[]), Err("1 of 2 runs failed: bad".to_owned()));
    }
}
