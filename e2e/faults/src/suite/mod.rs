//! The fault suite: real servers on real databases under a seeded load, faults, and a checker that reads afterwards what
//! was asked and answered, the record, and the state. See `e2e/README.md`.

mod checker;
mod deployment;
mod evidence;
mod faults;
mod folder;
mod guardian;
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
use folder::RunFolder;
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

/// Within which a replica refuses a secret key that was revoked at another, where nothing is changed: from the next request
/// on.
const KEY_BOUND: Duration = Duration::ZERO;
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
        outcome = run.go_on() => {
            run.has_failed = outcome.is_err() || !run.violated.is_empty();
            outcome
        }
        interrupted = interruption() => interrupted,
    };
    println!("{}", run.totals.report());
    // Those of a program that is broken on purpose show nothing new.
    let keeps_logs = run.has_failed && run.arguments.mutation.is_none();
    let violated = run.violated.len();
    if keeps_logs {
        println!("suite: the logs are in {}", run.folder.keep().display());
    }
    if let Err(fault) = outcome {
        return failed(seed, &fault);
    }
    println!("{} passed, {violated} failed", PROPERTIES.len() - violated);
    if violated == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn interruption() -> Result<(), Fault> {
    let mut terminated = signal(SignalKind::terminate())?;
    // Whoever started it with nohup wants it to go on.
    let mut hung_up = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    let hang_up = async {
        match &mut hung_up {
            Some(hung_up) => hung_up.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        interrupted = ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
        _ = hang_up => {}
    }
    Err("it was interrupted".into())
}

/// By what the kernel says: SIGHUP is the first of the signals.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
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
    folder: RunFolder,
    totals: Totals,
    violated: BTreeSet<&'static str>,
    intents: u64,
    /// Deployments so far.
    deployments: u64,
    /// By a violation, or because it could not go on.
    has_failed: bool,
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
            folder: RunFolder::make()?,
            totals: Totals::default(),
            violated: BTreeSet::new(),
            intents: 0,
            deployments: 0,
            has_failed: false,
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
                        self.epoch_with_logs(&mut stage, &epoch.kinds).await?;
                        on_postgres = Some(stage);
                    }
                    // One for each epoch, for its disk is small.
                    Place::Sqlite => {
                        let mut stage = self.stage(Place::Sqlite).await?;
                        self.epoch_with_logs(&mut stage, &epoch.kinds).await?;
                        let number = stage.number;
                        drop(stage);
                        if self.violated.is_empty() {
                            self.folder.remove_deployment(number);
                        }
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
        let folder = self.folder.of_deployment(self.deployments)?;
        let deployment = match place {
            Place::Postgres => Deployment::on_postgres(&self.plan, &folder).await?,
            Place::Sqlite => Deployment::on_sqlite(&self.plan, &folder).await?,
        };
        let key = deployment.make_key().await?;
        let position =
            Reader::new(&deployment, &key)?.behind(0).await?.last().map_or(0, |entry| entry.position);
        Ok(Stage { number: self.deployments, deployment, key, position })
    }

    /// One that fails leaves the logs of its databases beside those of its servers.
    async fn epoch_with_logs(&mut self, stage: &mut Stage, kinds: &[Kind]) -> Result<(), Fault> {
        let outcome = self.epoch(stage, kinds).await;
        if let Some(databases) = &stage.deployment.databases
            && (outcome.is_err() || !self.violated.is_empty())
        {
            databases.save_logs(&self.folder.of_deployment(stage.number)?)?;
        }
        outcome
    }

    /// Faults under load; then everything is read and checked, and forgotten.
    async fn epoch(&mut self, stage: &mut Stage, kinds: &[Kind]) -> Result<(), Fault> {
        let begun = Instant::now();
        let mut traces = Traces::default();
        let (program, key, recorder) =
            (self.plan.actas.clone(), stage.key.clone(), Arc::clone(&self.recorder));
        let load =
            Load::start(&stage.deployment, program, key, recorder, &mut self.random, self.intents).await?;
        let outcome = self.inject(stage, kinds, &mut traces).await;
        self.undisturbed().await;
        let (intents, storms) = load.stop().await?;
        self.intents = intents;
        if let Err(fault) = outcome {
            // What happened until then may say why.
            let told = match self.checked(stage, kinds, &traces, storms, begun).await {
                Ok(()) => String::new(),
                Err(other) => format!("; then: {other}"),
            };
            return Err(format!("{fault}{told}").into());
        }
        self.checked(stage, kinds, &traces, storms, begun).await
    }

    /// One fault after the other, until one cannot be injected or healed. Then what it left is taken back.
    async fn inject(&mut self, stage: &mut Stage, kinds: &[Kind], traces: &mut Traces) -> Result<(), Fault> {
        for kind in kinds {
            self.undisturbed().await;
            let mut injection = Injection {
                deployment: &mut stage.deployment,
                random: &mut self.random,
                recorder: Arc::clone(&self.recorder),
                traces,
            };
            if let Err(fault) = injection.carry_out(*kind).await {
                injection.take_back().await;
                return Err(format!("{}: {fault}", kind.name()).into());
            }
            self.totals.add_fault(*kind);
        }
        Ok(())
    }

    /// Reads what came of an epoch, and checks it.
    async fn checked(
        &mut self,
        stage: &mut Stage,
        kinds: &[Kind],
        traces: &Traces,
        storms: u64,
        begun: Instant,
    ) -> Result<(), Fault> {
        stage.deployment.await_health().await?;
        let epoch = self.evidence(stage, traces).await?;
        self.totals.add(&epoch, traces, storms);
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
            read_at: self.recorder.now(),
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
