//! `actas users import`: as many users as a file has, each row once, however often it is interrupted.
//!
//! One thread reads and makes batches; several requests are in flight; what they bring is taken in the order of the
//! source, so that there is always one position before which everything is done. That position is kept in a file. Rows
//! behind it may have been sent already: they have ids, so the server finds their users and makes no others.

mod columns;
mod progress;
mod reading;
mod refusal;
mod report;
mod row;
mod sending;

pub(crate) use reading::Format;

use crate::{
    args::ImportUsersArguments,
    exit::ExitError,
    output::{self, Done, Meter, grouped, rough},
    private_file,
    records::Position,
    remote::{End, Remote},
};
use actas_sdk::{CallOptions, Error, RetryPolicy};
use progress::{Counts, Progress, beside};
use reading::{Batch, BatchLimits, Source};
use report::Report;
use sending::{BATCH_BYTES, Sender, Sent};
use serde_json::json;
use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// An interruption makes so much work at most to be done again.
const SAVE_EVERY: Duration = Duration::from_secs(1);
const SAVE_EVERY_ROWS: u64 = 10_000;
/// A server that restarts is waited for. One request takes much less.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 7;

pub(crate) async fn run(arguments: ImportUsersArguments) -> Result<(), ExitError> {
    let stdin = Path::new("-");
    if arguments.file == stdin && arguments.server.secret_key_file.as_deref() == Some(stdin) {
        let text =
            "the standard input cannot give both the rows and the secret key: name a file for one of them";
        return Err(ExitError::Configuration(text.to_owned()));
    }
    let remote = Remote::open(&arguments.server)?;
    let source_name = arguments.file.display().to_string();
    let format = arguments.format.unwrap_or_else(|| Format::of_name(&arguments.file));
    let mut source = Source::open(&arguments.file, format)
        .map_err(|problem| ExitError::Configuration(format!("{source_name}: {problem}")))?;
    let path = arguments.progress.clone().unwrap_or_else(|| beside(&arguments.file, ".import-progress"));
    let _alone = private_file::try_lock(&path)
        .map_err(|error| unusable("the progress", &path, &error))?
        .ok_or_else(|| in_use(&path))?;
    let instance_id = remote.client.instance().get().await.map_err(|error| remote.explain(&error))?.id;
    let progress = if arguments.resume {
        resumed(&arguments, &path, &instance_id, format, &mut source)?
    } else {
        begun(&arguments, &path, instance_id, format, &source.position())?
    };
    let report = Report::open(&progress.report, progress.report_bytes)
        .map_err(|error| unusable("the report", &progress.report, &error))?;
    let length = source.length;
    let batch_bytes = Arc::new(AtomicUsize::new(BATCH_BYTES));
    let limits = BatchLimits { rows_max: arguments.batch as usize, bytes: Arc::clone(&batch_bytes) };
    let batches = source.read(progress.import(), limits);
    let batches =
        batches.map_err(|error| ExitError::Refused(format!("a thread cannot be started: {error}")))?;
    let options = CallOptions::new()
        .timeout(CALL_TIMEOUT)
        .attempt_timeout(ATTEMPT_TIMEOUT)
        .retry(RetryPolicy::default().max_attempts(ATTEMPTS_MAX));
    let sender = Sender { client: remote.client.with(options), batch_bytes };
    let meter = Meter::start("rows", length, done(&progress));
    let (saved_at, saved_rows) = (Instant::now(), progress.counts.rows());
    let mut importing = Importing { progress, path, report, meter, saved_at, saved_rows };
    let ended = importing.carry_out(batches, &sender, arguments.concurrency as usize).await;
    importing.meter.end();
    importing.tell(ended, &remote, &arguments)
}

/// A new import, which nothing of an earlier one is in the way of.
fn begun(
    arguments: &ImportUsersArguments,
    path: &Path,
    instance_id: String,
    format: Format,
    from: &Position,
) -> Result<Progress, ExitError> {
    if path.exists() {
        return Err(ExitError::Configuration(format!(
            "{} is the progress of an import that was interrupted: go on with --resume, or remove it to begin anew",
            path.display()
        )));
    }
    let report = arguments.report.clone().unwrap_or_else(|| beside(&arguments.file, ".refused.jsonl"));
    if report.exists() {
        return Err(ExitError::Configuration(format!(
            "{} exists, and the report of refused rows would replace it: name another with --report, or remove it",
            report.display()
        )));
    }
    let report = std::path::absolute(&report).unwrap_or(report);
    let progress = Progress::begin(instance_id, format.name(), report, from);
    progress.save(path).map_err(|error| unusable("the progress", path, &error))?;
    Ok(progress)
}

fn resumed(
    arguments: &ImportUsersArguments,
    path: &Path,
    instance_id: &str,
    format: Format,
    source: &mut Source,
) -> Result<Progress, ExitError> {
    let (kept, file) = (path.display(), arguments.file.display());
    let wrong = |text: String| Err(ExitError::Configuration(text));
    let Some(progress) = Progress::read(path)? else {
        return wrong(format!(
            "there is nothing to go on with: {kept} does not exist. If the import has ended, it is removed; else begin \
             one without --resume"
        ));
    };
    if progress.instance_id != instance_id {
        return wrong(format!(
            "{kept} is of an import into {}, and this server is {instance_id}: name that server, or begin anew without \
             --resume",
            progress.instance_id
        ));
    }
    if progress.format != format.name() {
        return wrong(format!(
            "{kept} is of an import of {}: add --format {}",
            progress.format, progress.format
        ));
    }
    let report =
        arguments.report.as_ref().map(|report| std::path::absolute(report).unwrap_or(report.clone()));
    if report.is_some_and(|report| report != progress.report) {
        return wrong(format!("this import reports to {}: leave --report away", progress.report.display()));
    }
    let is_same = source.go_to(&progress.position());
    match is_same.map_err(|error| unusable("the source", &arguments.file, &error))? {
        true => Ok(progress),
        false => wrong(format!(
            "{file} is not what was imported until now, or was changed: give the same file, or begin anew without \
             --resume (and with another --progress, or without {kept})"
        )),
    }
}

fn in_use(path: &Path) -> ExitError {
    ExitError::Configuration(format!(
        "another import keeps its progress in {}: wait for it, or name another file with --progress",
        path.display()
    ))
}

fn unusable(what: &str, path: &Path, error: &io::Error) -> ExitError {
    ExitError::Refused(format!("{what} {} cannot be used: {error}", path.display()))
}

fn done(progress: &Progress) -> Done {
    Done { part: progress.position().bytes, count: progress.counts.rows(), refused: progress.counts.refused }
}

/// Why an import does not go on.
enum Ended {
    /// All rows are done.
    Complete,
    /// By Ctrl-C.
    Interrupted,
    Server(Error),
    File(ExitError),
}

/// An import that goes on.
struct Importing {
    progress: Progress,
    path: PathBuf,
    report: Report,
    meter: Meter,
    saved_at: Instant,
    saved_rows: u64,
}

type InFlight = JoinHandle<Result<(Sent, Position), Error>>;

impl Importing {
    /// Sends what the source has, and keeps how far it is, whatever comes in between.
    async fn carry_out(
        &mut self,
        mut batches: mpsc::Receiver<io::Result<Batch>>,
        sender: &Sender,
        concurrency: usize,
    ) -> Ended {
        let mut in_flight = VecDeque::<InFlight>::new();
        let ended = self.exchange(&mut batches, &mut in_flight, sender, concurrency).await;
        for sending in &in_flight {
            sending.abort();
        }
        match self.save() {
            Ok(()) => ended,
            Err(error) => Ended::File(error),
        }
    }

    async fn exchange(
        &mut self,
        batches: &mut mpsc::Receiver<io::Result<Batch>>,
        in_flight: &mut VecDeque<InFlight>,
        sender: &Sender,
        concurrency: usize,
    ) -> Ended {
        let mut stop = match End::watch() {
            Ok(stop) => stop,
            Err(error) => return Ended::File(error),
        };
        let (mut is_read, mut is_stopped) = (false, false);
        loop {
            let takes_more = !is_read && !is_stopped && in_flight.len() < concurrency;
            tokio::select! {
                biased;
                () = stop.comes() => {
                    if is_stopped {
                        return Ended::Interrupted;
                    }
                    is_stopped = true;
                    self.meter.note("stopping when what was sent is answered; Ctrl-C again stops at once");
                }
                answered = first(in_flight), if !in_flight.is_empty() => {
                    if let Err(ended) = self.account(answered) {
                        return ended;
                    }
                }
                batch = batches.recv(), if takes_more => match batch {
                    Some(Ok(batch)) => in_flight.push_back(tokio::spawn(sender.clone().send(batch))),
                    Some(Err(error)) => {
                        return Ended::File(ExitError::Refused(format!("the source cannot be read: {error}")));
                    }
                    None => is_read = true,
                },
            }
            if in_flight.is_empty() && (is_read || is_stopped) {
                return if is_read { Ended::Complete } else { Ended::Interrupted };
            }
        }
    }

    fn account(&mut self, answered: Result<(Sent, Position), Error>) -> Result<(), Ended> {
        let (sent, after) = answered.map_err(Ended::Server)?;
        for row in &sent.refused {
            let added = self.report.add(row.line, row.id.as_deref(), &row.refusal);
            added.map_err(|error| Ended::File(unusable("the report", self.report.path(), &error)))?;
        }
        let counts = &mut self.progress.counts;
        *counts = Counts {
            created: counts.created + sent.counts.created,
            exists: counts.exists + sent.counts.exists,
            refused: counts.refused + sent.counts.refused,
        };
        self.progress.go_to(after);
        self.meter.show(done(&self.progress));
        let rows = self.progress.counts.rows() - self.saved_rows;
        if rows >= SAVE_EVERY_ROWS || self.saved_at.elapsed() >= SAVE_EVERY {
            self.save().map_err(Ended::File)?;
        }
        Ok(())
    }

    /// First the report, then the position up to which it is whole.
    fn save(&mut self) -> Result<(), ExitError> {
        let kept = self.report.keep();
        self.progress.report_bytes =
            kept.map_err(|error| unusable("the report", self.report.path(), &error))?;
        self.progress.save(&self.path).map_err(|error| unusable("the progress", &self.path, &error))?;
        (self.saved_at, self.saved_rows) = (Instant::now(), self.progress.counts.rows());
        Ok(())
    }

    fn tell(self, ended: Ended, remote: &Remote, arguments: &ImportUsersArguments) -> Result<(), ExitError> {
        let is_complete = matches!(ended, Ended::Complete);
        if is_complete {
            std::fs::remove_file(&self.path).map_err(|error| unusable("the progress", &self.path, &error))?;
        }
        let counts = self.progress.counts;
        let report = (counts.refused > 0).then(|| self.report.path().display().to_string());
        let told = if arguments.json {
            output::json(&json!({
                "object": "user_import",
                "complete": is_complete,
                "rows": counts.rows(),
                "created": counts.created,
                "exists": counts.exists,
                "refused": counts.refused,
                "report": report,
            }))
        } else {
            output::line(summary(counts, self.meter.elapsed(), arguments.resume))
        };
        let go_on = format!("the same command with --resume goes on ({} says where)", self.path.display());
        match (ended, report) {
            (Ended::Complete, None) => told,
            (Ended::Complete, Some(report)) => {
                let count = grouped(counts.refused);
                Err(ExitError::Refused(format!(
                    "{count} rows were refused: {report} tells the line and why of each"
                )))
            }
            (Ended::Interrupted, _) => Err(ExitError::Stopped(format!("interrupted; {go_on}"))),
            (Ended::Server(error), _) => {
                output::note(go_on);
                Err(remote.explain(&error))
            }
            (Ended::File(error), _) => {
                output::note(go_on);
                Err(error)
            }
        }
    }
}

/// What the first of those in flight brings; the others are taken after it, in their order.
async fn first(in_flight: &mut VecDeque<InFlight>) -> Result<(Sent, Position), Error> {
    let Some(sending) = in_flight.front_mut() else { return std::future::pending().await };
    let answered = sending.await;
    in_flight.pop_front();
    match answered {
        Ok(answered) => answered,
        // A task ends by a panic alone here, and what it knew is lost with it.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn summary(counts: Counts, took: Duration, resumed: bool) -> String {
    format!(
        "{} rows: {} created, {} existed already, {} refused, in {}{}",
        grouped(counts.rows()),
        grouped(counts.created),
        grouped(counts.exists),
        grouped(counts.refused),
        rough(took),
        if resumed { " since it went on" } else { "" }
    )
}
