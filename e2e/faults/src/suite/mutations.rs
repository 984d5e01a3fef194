//! The suite against programs in which one guard is broken: each must be found out, and the program with none broken must
//! pass. A suite that cannot fail shows nothing.

use super::faults::{Kind, Place};
use crate::{Fault, random::Random};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};
use tokio::process::Command;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The `actas` binary, built with the feature `mutations`
    #[arg(long)]
    actas: PathBuf,
    /// Repeats a run's choices (the timing stays the machine's)
    #[arg(long)]
    seed: Option<u64>,
    /// Those alone whose name contains one of the words
    words: Vec<String>,
}

/// How the suite begins the line of a property that did not hold.
const VIOLATED: &str = "VIOLATED ";

/// One short form of the suite.
struct Trial {
    /// As the program knows it; none for the program as it is.
    mutation: Option<&'static str>,
    /// The faults that it takes to see it, or the least trouble where it takes none.
    kinds: &'static [Kind],
    /// The properties that it breaks: any of them finds it out, and no other does.
    breaks: &'static [&'static str],
}

impl Trial {
    fn place(&self) -> &'static str {
        let is_there = |place| self.kinds.iter().any(|kind| kind.place() == place);
        match (is_there(Place::Postgres), is_there(Place::Sqlite)) {
            (true, true) => "both",
            (true, false) => "PostgreSQL",
            _ => "SQLite",
        }
    }
}

const fn broken(mutation: &'static str, kinds: &'static [Kind], breaks: &'static [&'static str]) -> Trial {
    Trial { mutation: Some(mutation), kinds, breaks }
}

/// What a change that is told and not there breaks.
const LOST: &[&str] = &["acknowledged-kept", "record-complete", "reads-go-forward"];
/// What a decision on what was so a moment ago breaks.
const LATE: &[&str] = &["accepted-once", "acknowledged-kept", "record-complete", "revoked-refused"];

/// Trouble that leaves the load the time to come across what shows without any.
const SOME: &[Kind] = &[Kind::StopReplica, Kind::SlowDatabase, Kind::CutCommit];

const TRIALS: &[Trial] = &[
    Trial { mutation: None, kinds: Kind::ALL, breaks: &[] },
    broken("token-moved-from-anywhere", &[Kind::KillReplica], LATE),
    broken("token-moved-from-anywhere", &[Kind::KillServer], LATE),
    broken("key-guard-left-out", SOME, &["key-refused"]),
    broken("key-from-cache", SOME, &["key-refused"]),
    broken("session-from-cache", SOME, &["ended-mints-nothing", "token-truthful"]),
    broken("token-outlives-session", SOME, &["token-truthful"]),
    broken("ban-keeps-sessions", SOME, &["ended-mints-nothing", "record-complete"]),
    broken("answer-kept-apart", SOME, &["idempotent"]),
    broken("accept-off-record", &[Kind::KillReplica], &["record-complete"]),
    broken("accept-off-record", &[Kind::KillServer], &["record-complete"]),
    broken("answered-before-commit", &[Kind::CutCommit], LOST),
    broken("answered-before-commit", &[Kind::SlowServer], LOST),
    broken("unknown-fate-believed", &[Kind::CutCommit], LOST),
    broken("unknown-fate-repeated", &[Kind::CutCommit], &["idempotent", "record-complete"]),
    broken("fate-unconfirmed", &[Kind::PromoteBehind], LOST),
    broken("warning-believed", &[Kind::PromoteBehind], LOST),
    // Not each death comes between an answer and the disk.
    broken("commit-unsynchronised", &[Kind::KillDatabase; 4], LOST),
    broken("reads-before-head", &[Kind::KillReplica], LATE),
    broken(
        "reads-from-standby",
        &[Kind::LateStandby],
        &["ended-mints-nothing", "key-refused", "reads-go-forward", "token-truthful"],
    ),
];

/// What came of one short form.
struct Verdict {
    has_passed: bool,
    took: Duration,
    printed: String,
}

impl Verdict {
    fn violations(&self) -> impl Iterator<Item = &str> {
        self.printed.lines().filter(|line| line.starts_with(VIOLATED))
    }

    fn properties(&self) -> BTreeSet<&str> {
        let of_line = |line| Some(str::strip_prefix(line, VIOLATED)?.split_once(':')?.0);
        self.violations().filter_map(of_line).collect()
    }

    /// Whether one of the properties that the mutation breaks did not hold.
    fn is_caught(&self, trial: &Trial) -> bool {
        self.properties().iter().any(|property| trial.breaks.contains(property))
    }

    /// The properties that did not hold.
    fn caught_by(&self, trial: &Trial) -> String {
        let properties = self.properties();
        match (properties.is_empty(), trial.mutation, self.has_passed) {
            (false, ..) => properties.into_iter().collect::<Vec<_>>().join(", "),
            (true, None, true) => "nothing, as it should be".to_owned(),
            (true, _, true) => "NOTHING".to_owned(),
            (true, _, false) => "something else than a property".to_owned(),
        }
    }
}

/// Runs all trials, or those that the words name, and prints a table.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let seed = arguments.seed.unwrap_or_else(Random::fresh_seed);
    println!("mutations: seed {seed}");
    match all(&arguments, seed).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(fault) => {
            println!("FAIL mutations: {fault}\n0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

/// How many failed.
async fn all(arguments: &Arguments, seed: u64) -> Result<usize, Fault> {
    every_one_is_tried(&arguments.actas).await?;
    let name = |trial: &Trial| trial.mutation.unwrap_or("none");
    let is_wanted = |trial: &&Trial| {
        arguments.words.is_empty() || arguments.words.iter().any(|word| name(trial).contains(word.as_str()))
    };
    let mut rows = Vec::new();
    let mut failed = 0;
    for trial in TRIALS.iter().filter(is_wanted) {
        let verdict = short_form(&arguments.actas, trial, seed).await?;
        let is_as_wanted =
            if trial.mutation.is_some() { verdict.is_caught(trial) } else { verdict.has_passed };
        let (name, place) = (name(trial), trial.place());
        let row = format!(
            "{name:<27} {place:<11} {:>6.1} s  {}",
            verdict.took.as_secs_f64(),
            verdict.caught_by(trial)
        );
        if is_as_wanted {
            println!("ok   {row}");
            verdict.violations().take(1).for_each(|line| println!("     {line}"));
        } else {
            failed += 1;
            println!("{}\nFAIL {row}", verdict.printed.trim_end());
        }
        rows.push(row);
    }
    println!("\n{:<27} {:<11} {:>8}  caught by", "mutation", "on", "took");
    println!("{}", rows.join("\n"));
    println!("{} passed, {failed} failed", rows.len() - failed);
    Ok(failed)
}

/// The program names its mutations where it is asked for one that it does not have.
async fn every_one_is_tried(actas: &Path) -> Result<(), Fault> {
    let output = Command::new(actas).arg("--version").env("ACTAS_MUTATION", "?").output().await?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let names = told.split_once("one of ").map(|(_, names)| names.trim());
    let names = names.ok_or("this actas was not built with the feature `mutations`")?;
    let known: BTreeSet<&str> = names.split(", ").collect();
    let tried: BTreeSet<&str> = TRIALS.iter().filter_map(|trial| trial.mutation).collect();
    if known == tried {
        return Ok(());
    }
    let differing: Vec<_> = known.symmetric_difference(&tried).copied().collect();
    Err(format!("the suite and the program do not know the same mutations: {}", differing.join(", ")).into())
}

async fn short_form(actas: &Path, trial: &Trial, seed: u64) -> Result<Verdict, Fault> {
    let begun = Instant::now();
    let kinds: Vec<_> = trial.kinds.iter().map(|kind| kind.name()).collect();
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("suite").arg("--actas").arg(actas);
    command.args(["--seed", &seed.to_string(), "--only", &kinds.join(",")]);
    if let Some(mutation) = trial.mutation {
        command.args(["--mutation", mutation]);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output().await?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Verdict { has_passed: output.status.success(), took: begun.elapsed(), printed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::checker::PROPERTIES;

    #[test]
    fn each_mutation_breaks_properties_that_there_are() {
        for trial in TRIALS {
            assert_eq!(trial.breaks.is_empty(), trial.mutation.is_none());
            let is_known = |property: &&str| PROPERTIES.iter().any(|(known, _)| known == property);
            assert!(trial.breaks.iter().all(is_known), "{:?}", trial.mutation);
        }
    }

    #[test]
    fn another_property_finds_nothing_out() {
        let trial = broken("key-from-cache", SOME, &["key-refused"]);
        let verdict =
            |printed: &str| Verdict { has_passed: false, took: Duration::ZERO, printed: printed.to_owned() };
        assert!(verdict("VIOLATED key-refused: key was").is_caught(&trial));
        assert!(!verdict("VIOLATED record-complete: act is").is_caught(&trial));
        assert!(!verdict("").is_caught(&trial));
    }
}
