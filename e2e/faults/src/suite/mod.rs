//! The fault suite: real servers on real databases under a seeded load, faults, and a checker that reads afterwards what
//! was asked and answered, the record, and the state. See `e2e/README.md`.

mod checker;
mod deployment;
mod evidence;
mod faults;
mod history;
mod injectors;
mod load;
pub(crate) mod mutations;
mod schedule;
mod snapshot;
mod totals;

use crate::{Fault, random::Random};
use checker::{Facts, PROPERTIES, Violation};
use deployment::{Deployment, Plan, SecretKey};
use faults::{Injection, Kind, Place, Traces};
use history::Recorder;
use load::Load;
use snapshot::Reader;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    },
    time::sleep,
};
use totals::Totals;

/// Within which a replica refuses a secret key that was revoked at another, where nothing is changed.
const KEY_BOUND: Duration = Duration::from_secs(1);
/// Of events and violations that are printed.
const SHOWN: usize = 60;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The `actas` binary
    #[arg(long)]
    actas: PathBuf,
    /// Goes on so long; without it every fault comes once
    #[arg(long)]
    minutes: Option<u64>,
    /// Repeats a run's choices (the timing stays the machine's)
    #[arg(long)]
    seed: Option<u64>,
    /// These kinds of faults alone
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    only: Vec<Kind>,
    /// Handed on to the servers as `ACTAS_MUTATION`; a build that knows it breaks a guard
    #[arg(long)]
    mutation: Option<OsString>,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    Kind::ALL
        .iter()
        .copied()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| format!("it is one of {}", names()))
}

/// Runs the suite and prints what came of it.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let seed = arguments.seed.unwrap_or_else(Random::fresh_seed);
    println!("suite: seed {seed}");
    let mut run = match Run::begin(arguments, seed) {
        Ok(run) => run,
        Err(fault) => return failed(seed, &fault),
    };
    // What was started ends with what is dropped here, also when somebody interrupts.
    let outcome = tokio::select! {
        outcome = run.go_on() => outcome,
        interrupted = interruption() => interrupted,
    };
    println!("{}", run.totals.report());
    if let Err(fault) = outcome {
        return failed(seed, &fault);
    }
    let violated = run.violated.len();
    println!("{} passed, {violated} failed", PROPERTIES.len() - violated);
    if violated == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn interruption() -> Result<(), Fault> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupted = ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
        _ = hung_up.recv() => {}
    }
    Err("it was interrupted".into())
}

fn failed(seed: u64, fault: &Fault) -> ExitCode {
    println!("FAIL suite: seed {seed}: {fault}\n0 passed, 1 failed");
    ExitCode::FAILURE
}

struct Run {
    arguments: Arguments,
    kinds: Vec<Kind>,
    plan: Plan,
    random: Random,
    recorder: Arc<Recorder>,
    folder: tempfile::TempDir,
    totals: Totals,
    violated: BTreeSet<&'static str>,
    intents: u64,
    /// Deployments so far.
    deployments: u64,
}

/// A deployment with the key that reads it, and how far its record was read.
struct Stage {
    number: u64,
    deployment: Deployment,
    key: SecretKey,
    position: u64,
}

impl Run {
    fn begin(arguments: Arguments, seed: u64) -> Result<Self, Fault> {
        let kinds = if arguments.only.is_empty() { Kind::ALL.to_vec() } else { arguments.only.clone() };
        let plan = Plan {
            actas: arguments.actas.canonicalize()?,
            mutation: arguments.mutation.clone(),
            moves_clocks: kinds.iter().any(|kind| kind.moves_clock()),
            seed,
        };
        Ok(Self {
            arguments,
            kinds,
            plan,
            random: Random::new(seed),
            recorder: Arc::new(Recorder::start()),
            folder: tempfile::tempdir()?,
            totals: Totals::default(),
            violated: BTreeSet::new(),
            intents: 0,
            deployments: 0,
        })
    }

    /// Round after round until the time is over, or one round; none after a violation.
    async fn go_on(&mut self) -> Result<(), Fault> {
        let minutes = self.arguments.minutes.unwrap_or_default();
        let until = Instant::now() + Duration::from_secs(60 * minutes);
        let mut on_postgres: Option<Stage> = None;
        for number in 0.. {
            for epoch in schedule::round(number, &self.kinds, &mut self.random) {
                let is_over = number > 0 && Instant::now() > until;
                if is_over || !self.violated.is_empty() {
                    break;
                }
                match epoch.place {
                    Place::Postgres => {
                        let mut stage = match on_postgres.take() {
                            Some(stage) => stage,
                            None => self.stage(Place::Postgres).await?,
                        };
                        self.epoch(&mut stage, &epoch.kinds).await?;
                        on_postgres = Some(stage);
                    }
                    // One for each epoch, for its disk is small.
                    Place::Sqlite => {
                        let mut stage = self.stage(Place::Sqlite).await?;
                        self.epoch(&mut stage, &epoch.kinds).await?;
                    }
                }
            }
            if Instant::now() > until || !self.violated.is_empty() {
                break;
            }
        }
        let unmet = self.totals.unmet();
        if self.arguments.only.is_empty() && self.violated.is_empty() && !unmet.is_empty() {
            return Err(format!("nothing of this succeeded in the whole run: {}", unmet.join(", ")).into());
        }
        let missing = self.totals.missing(&self.kinds);
        if minutes >= schedule::FULL_MINUTES && self.violated.is_empty() && !missing.is_empty() {
            return Err(format!("too few faults: {}", missing.join(", ")).into());
        }
        Ok(())
    }

    async fn stage(&mut self, place: Place) -> Result<Stage, Fault> {
        self.deployments += 1;
        let folder = self.folder.path().join(format!("deployment-{}", self.deployments));
        std::fs::create_dir_all(&folder)?;
        let deployment = match place {
            Place::Postgres => Deployment::on_postgres(&self.plan, &folder).await?,
            Place::Sqlite => Deployment::on_sqlite(&self.plan, &folder).await?,
        };
        let key = deployment.make_key().await?;
        let position =
            Reader::new(&deployment, &key)?.behind(0).await?.last().map_or(0, |entry| entry.position);
        Ok(Stage { number: self.deployments, deployment, key, position })
    }

    /// Faults under load; then everything is read and checked, and forgotten.
    async fn epoch(&mut self, stage: &mut Stage, kinds: &[Kind]) -> Result<(), Fault> {
        let begun = Instant::now();
        let mut traces = Traces::default();
        let (program, key, recorder) =
            (self.plan.actas.clone(), stage.key.clone(), Arc::clone(&self.recorder));
        let load =
            Load::start(&stage.deployment, program, key, recorder, &mut self.random, self.intents).await?;
        let mut outcome = Ok(());
        for kind in kinds {
            self.undisturbed().await;
            let mut injection = Injection {
                deployment: &mut stage.deployment,
                random: &mut self.random,
                recorder: Arc::clone(&self.recorder),
                traces: &mut traces,
            };
            outcome = injection.carry_out(*kind).await.map_err(|fault| format!("{}: {fault}", kind.name()));
            if outcome.is_err() {
                break;
            }
            self.totals.add_fault(*kind);
        }
        self.undisturbed().await;
        let (intents, storms) = load.stop().await?;
        self.intents = intents;
        outcome?;
        stage.deployment.await_health().await?;
        let epoch = self.evidence(stage, &traces).await?;
        self.totals.add(&epoch, &traces, storms);
        let mut violations = checker::check(&epoch);
        violations.extend(self.totals.told_before(stage.number, &epoch));
        self.show(&violations, &epoch);
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        println!(
            "suite: {} in {:.1} s: {} requests, {} entries, {} violations",
            names.join(", "),
            begun.elapsed().as_secs_f64(),
            epoch.events.len(),
            epoch.record.len(),
            violations.len()
        );
        if let Some(databases) = &stage.deployment.databases {
            databases.check_cancel_requests()?;
            self.totals.commits = databases.commits();
        }
        stage.deployment.check_logs()
    }

    async fn undisturbed(&mut self) {
        sleep(Duration::from_millis(300 + self.random.below(700))).await;
    }

    async fn evidence(&self, stage: &mut Stage, traces: &Traces) -> Result<checker::Epoch, Fault> {
        let (record, state) = Reader::new(&stage.deployment, &stage.key)?.evidence(stage.position).await?;
        let before = stage.position;
        stage.position = record.last().map_or(before, |entry| entry.position);
        let facts = Facts {
            origin_millis: self.recorder.origin_millis,
            moved_clocks: traces.moved_clocks.clone(),
            main_key: stage.key.id.clone(),
            idle_seconds: deployment::IDLE_SECONDS,
            token_seconds: deployment::TOKEN_SECONDS,
            key_bound: u64::try_from(KEY_BOUND.as_micros())?,
            fenced: traces.fenced.clone(),
        };
        Ok(checker::Epoch { events: self.recorder.take(), record, before, state, facts })
    }

    /// Each violation with all that is known of its object.
    fn show(&mut self, violations: &[Violation], epoch: &checker::Epoch) {
        for violation in violations.iter().take(SHOWN) {
            let Violation { property, object, what } = violation;
            let is_first = self.violated.insert(property);
            println!("VIOLATED {property}: {object} {what} (seed {})", self.plan.seed);
            if !is_first || object.is_empty() {
                continue;
            }
            let mut about: Vec<_> = epoch.events.iter().filter(|event| event.is_about(object)).collect();
            about.sort_by_key(|event| event.begin);
            for event in about.iter().take(SHOWN) {
                println!("    {event:?}");
            }
            for entry in epoch.record.iter().filter(|entry| entry.is_about(object)).take(SHOWN) {
                println!("    {entry:?}");
            }
        }
        self.violated.extend(violations.iter().map(|violation| violation.property));
    }
}
