//! `actas audit export`: the record, or a part of it, whole and in order.
//!
//! Positions have no gaps, so it is known beforehand which entries there must be: several pages are asked for at a
//! time, and one that lacks an entry is an error.

mod csv;
mod written;

use crate::{
    args::{Bound, ExportAuditArguments},
    exit::ExitError,
    output::{self, Done, Meter, grouped, harmless, rough},
    remote::{End, Remote, newest_position, oldest_position},
};
use actas_crypto::SystemClock;
use actas_domain::ports::Clock as _;
use actas_sdk::{
    CallOptions, Client, Error, RawJson, RetryPolicy, Timestamp,
    audit_entries::{AuditEntry, ListAuditEntries},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write},
    ops::RangeInclusive,
    path::Path,
    time::Duration,
};
use tokio::task::JoinHandle;
use written::Unfit;

/// Entries of one request.
const PAGE: u64 = 500;
/// Requests at a time.
const CONCURRENCY: usize = 4;
/// A server that restarts is waited for.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 7;

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Jsonl,
    Csv,
}

pub(crate) async fn run(arguments: ExportAuditArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let is_csv = arguments.out.as_ref().and_then(|path| path.extension()).is_some_and(|name| name == "csv");
    let format = arguments.format.unwrap_or(if is_csv { Format::Csv } else { Format::Jsonl });
    let oldest = oldest_position(&remote).await?;
    let from = first(&remote, arguments.from, oldest).await?;
    let to = last(&remote, arguments.to).await?;
    let end = arguments.to.map(|_| to);
    if !arguments.resume {
        // Before a file is made that would be in the way of the next try.
        check_not_purged(from, end, oldest)?;
    }
    let (sink, positions) = sink(&arguments, format)?;
    if let (Some((begun, _)), Some(_)) = (positions, arguments.from)
        && begun != from
    {
        return Err(ExitError::Configuration(format!(
            "what is to be gone on with begins with position {begun}, and --from is {from}: leave --from away"
        )));
    }
    let next = positions.map_or(from, |(_, last)| last + 1);
    check_goes_on(next, end, oldest, positions.is_some())?;
    let begins_after_purge = positions.is_none()
        && from == oldest
        && oldest > 1
        && !matches!(arguments.from, Some(Bound::Position(_)));
    if begins_after_purge {
        output::note(format!("the record begins with position {oldest}: what was before it was purged"));
    }
    let first = positions.map_or(from, |(first, _)| first);
    let options = CallOptions::new()
        .timeout(CALL_TIMEOUT)
        .attempt_timeout(ATTEMPT_TIMEOUT)
        .retry(RetryPolicy::default().max_attempts(ATTEMPTS_MAX));
    let client = remote.client.with(options);
    let length = (to + 1).saturating_sub(first);
    let before = Done { part: next - first, count: next - first, refused: 0 };
    let meter = (arguments.out.is_some() || !io::stdout().is_terminal())
        .then(|| Meter::start("entries", Some(length), before));
    let mut exporting = Exporting { sink, format, next, meter };
    if positions.is_none() && format == Format::Csv {
        exporting.sink.write(&csv::heading())?;
    }
    let ended = match exporting.carry_out(&client, next..=to).await {
        Ended::Gap { expected, found } => Ended::Other(explain_gap(&remote, expected, found).await?),
        ended => ended,
    };
    exporting.tell(ended, &remote, &arguments, first, begins_after_purge)
}

/// The position that a part begins with.
async fn first(remote: &Remote, from: Option<Bound>, oldest: u64) -> Result<u64, ExitError> {
    match from {
        None => Ok(oldest),
        Some(Bound::Position(position)) => Ok(position),
        Some(Bound::Time(moment)) => {
            let at = Timestamp::from_unix_millis(moment.at(SystemClock.now()).millis());
            let asked = ListAuditEntries::new().after(0).at_after(at).limit(1);
            match position_of_one(remote, asked).await? {
                Some(position) => Ok(position),
                None => Ok(newest_position(remote).await? + 1),
            }
        }
    }
}

/// What was purged cannot be exported, and is not passed over in silence: neither the beginning of a part nor all of it.
fn check_not_purged(from: u64, end: Option<u64>, oldest: u64) -> Result<(), ExitError> {
    let gone = oldest - 1;
    if from < oldest {
        return Err(ExitError::Configuration(format!(
            "positions up to {gone} were purged: leave --from away, or give {oldest} or more"
        )));
    }
    if gone > 0 && end.is_some_and(|end| end < oldest) {
        return Err(ExitError::Configuration(format!(
            "positions up to {gone} were purged, and --to ends among them: give {oldest} or more, or a later time"
        )));
    }
    Ok(())
}

/// The same of a part of which some is there already.
fn check_goes_on(next: u64, end: Option<u64>, oldest: u64, resumes: bool) -> Result<(), ExitError> {
    let is_all_there = end.is_some_and(|end| (1..next).contains(&end));
    match next < oldest && !is_all_there {
        true if resumes => Err(ExitError::Configuration(format!(
            "positions {next} to {} were purged before they were exported here: export to another file",
            oldest - 1
        ))),
        true => check_not_purged(next, end, oldest),
        false => Ok(()),
    }
}

/// Entries may have been purged meanwhile; everything else is wrong.
async fn explain_gap(remote: &Remote, expected: u64, found: u64) -> Result<ExitError, ExitError> {
    let oldest = oldest_position(remote).await?;
    Ok(if oldest > expected {
        ExitError::Refused(format!(
            "position {expected} was purged before it was exported: the record begins with {oldest} now. Export it to \
             another file"
        ))
    } else {
        wrong(format!("position {found} came where {expected} has to be"))
    })
}

fn wrong(text: impl std::fmt::Display) -> ExitError {
    ExitError::Unreachable(format!("the server's record is wrong: {text}"))
}

/// The position that a part ends with; 0 for one without entries.
async fn last(remote: &Remote, to: Option<Bound>) -> Result<u64, ExitError> {
    let newest = newest_position(remote).await?;
    match to {
        None => Ok(newest),
        Some(Bound::Position(position)) => Ok(position.min(newest)),
        Some(Bound::Time(moment)) => {
            let at = Timestamp::from_unix_millis(moment.at(SystemClock.now()).millis());
            Ok(position_of_one(remote, ListAuditEntries::new().at_before(at).limit(1)).await?.unwrap_or(0))
        }
    }
}

async fn position_of_one(remote: &Remote, asked: ListAuditEntries) -> Result<Option<u64>, ExitError> {
    let page = remote.client.audit_entries().list(asked).await.map_err(|error| remote.explain(&error))?;
    Ok(page.data.first().map(|entry| entry.position))
}

/// Where entries go, and the positions of those that are there.
fn sink(arguments: &ExportAuditArguments, format: Format) -> Result<(Sink, Option<(u64, u64)>), ExitError> {
    let Some(path) = &arguments.out else { return Ok((Sink::stdout(), None)) };
    let shown = path.display();
    if !arguments.resume {
        let file = File::create_new(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExitError::Configuration(format!(
                "{shown} exists: go on with it with --resume, name another, or remove it"
            )),
            _ => unwritable(path, &error),
        })?;
        return Ok((Sink::File(BufWriter::new(file)), None));
    }
    match written::open(path, format) {
        Ok((file, written)) => Ok((Sink::File(BufWriter::new(file)), written.positions)),
        Err(Unfit::Io(error)) => Err(unwritable(path, &error)),
        Err(Unfit::Content(problem)) => Err(ExitError::Configuration(format!(
            "{shown} cannot be gone on with: {problem}. Export to another file"
        ))),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> ExitError {
    ExitError::Refused(format!("{} cannot be written: {error}", path.display()))
}

enum Sink {
    File(BufWriter<File>),
    /// A terminal obeys some characters, so it gets none of them.
    Stdout {
        out: BufWriter<io::Stdout>,
        is_terminal: bool,
    },
}

impl Sink {
    fn stdout() -> Self {
        Self::Stdout { out: BufWriter::new(io::stdout()), is_terminal: io::stdout().is_terminal() }
    }

    fn write(&mut self, line: &str) -> Result<(), ExitError> {
        let written = match self {
            Self::File(file) => file.write_all(line.as_bytes()),
            Self::Stdout { out, is_terminal: true } => {
                writeln!(out, "{}", harmless(line.trim_end_matches('\n')))
            }
            Self::Stdout { out, is_terminal: false } => out.write_all(line.as_bytes()),
        };
        written.map_err(|error| ExitError::Refused(format!("the output cannot be written: {error}")))
    }

    fn keep(&mut self) -> Result<(), ExitError> {
        let kept = match self {
            Self::File(file) => file.flush().and_then(|()| file.get_ref().sync_all()),
            Self::Stdout { out, .. } => out.flush(),
        };
        kept.map_err(|error| ExitError::Refused(format!("the output cannot be written: {error}")))
    }
}

/// Why an export does not go on.
enum Ended {
    Complete,
    Interrupted,
    Server(Error),
    /// Another entry came than the next one.
    Gap {
        expected: u64,
        found: u64,
    },
    Other(ExitError),
}

struct Exporting {
    sink: Sink,
    format: Format,
    /// The position of the next entry to write.
    next: u64,
    meter: Option<Meter>,
}

type InFlight = JoinHandle<Result<Vec<RawJson>, Error>>;

impl Exporting {
    async fn carry_out(&mut self, client: &Client, positions: RangeInclusive<u64>) -> Ended {
        let ended = self.exchange(client, positions).await;
        match self.sink.keep() {
            Ok(()) => ended,
            Err(error) => Ended::Other(error),
        }
    }

    async fn exchange(&mut self, client: &Client, positions: RangeInclusive<u64>) -> Ended {
        let mut end = match End::watch() {
            Ok(end) => end,
            Err(error) => return Ended::Other(error),
        };
        let to = *positions.end();
        let mut pages = positions.step_by(PAGE as usize).map(|start| start..=to.min(start + PAGE - 1));
        let mut in_flight = VecDeque::<(RangeInclusive<u64>, InFlight)>::new();
        loop {
            while in_flight.len() < CONCURRENCY
                && let Some(page) = pages.next()
            {
                let asked = page.clone();
                let client = client.clone();
                in_flight.push_back((page, tokio::spawn(async move { entries(&client, asked).await })));
            }
            let Some((page, asking)) = in_flight.front_mut() else { return Ended::Complete };
            let answered = tokio::select! {
                () = end.comes() => return Ended::Interrupted,
                answered = asking => answered,
            };
            let page = page.clone();
            in_flight.pop_front();
            let written = match answered {
                Ok(Ok(entries)) => self.write(&entries, page),
                Ok(Err(error)) => return Ended::Server(error),
                // A task ends by a panic alone here, and what it knew is lost with it.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            if let Err(ended) = written {
                return ended;
            }
        }
    }

    fn write(&mut self, entries: &[RawJson], page: RangeInclusive<u64>) -> Result<(), Ended> {
        #[derive(Deserialize)]
        struct Place {
            position: u64,
        }
        let mut expected = page.clone();
        for entry in entries {
            let unreadable = |error| Ended::Other(wrong(error));
            let position = entry.read::<Place>().map_err(unreadable)?.position;
            let next = expected.next();
            if next != Some(position) {
                return Err(Ended::Gap { expected: next.unwrap_or(page.end() + 1), found: position });
            }
            match self.format {
                // In JSON, line ends are only ever white space.
                Format::Jsonl => self.sink.write(&(entry.as_str().replace(['\n', '\r'], " ") + "\n")),
                Format::Csv => self.sink.write(&csv::row(&entry.read::<AuditEntry>().map_err(unreadable)?)),
            }
            .map_err(Ended::Other)?;
            self.next = position + 1;
        }
        if let Some(missing) = expected.next() {
            return Err(Ended::Other(wrong(format!("position {missing} is missing"))));
        }
        if let Some(meter) = &mut self.meter {
            meter.advance(entries.len() as u64);
        }
        Ok(())
    }

    fn tell(
        self,
        ended: Ended,
        remote: &Remote,
        arguments: &ExportAuditArguments,
        first: u64,
        begins_after_purge: bool,
    ) -> Result<(), ExitError> {
        if let Some(meter) = &self.meter {
            meter.end();
        }
        let entries = self.next - first;
        let last = (entries > 0).then(|| self.next - 1);
        let told = if arguments.json {
            output::json(&json!({
                "object": "audit_export",
                "complete": matches!(ended, Ended::Complete),
                "entries": entries,
                "begins_after_purge": begins_after_purge,
                "first_position": last.map(|_| first),
                "last_position": last,
                "out": arguments.out,
            }))
        } else if let (Some(path), Some(last), Some(meter)) = (&arguments.out, last, &self.meter) {
            let (count, took) = (grouped(entries), rough(meter.elapsed()));
            output::line(format!(
                "{}: {count} entries, positions {first} to {last}, in {took}",
                path.display()
            ))
        } else if arguments.out.is_some() {
            output::line("there are no entries")
        } else {
            Ok(())
        };
        let go_on = match &arguments.out {
            Some(path) => format!("--out {} --resume goes on", path.display()),
            None => format!("--from {} goes on", self.next),
        };
        match ended {
            Ended::Complete => told,
            Ended::Interrupted => Err(ExitError::Stopped(format!("interrupted; {go_on}"))),
            Ended::Server(error) => {
                output::note(go_on);
                Err(remote.explain(&error))
            }
            Ended::Gap { expected, found } => {
                Err(wrong(format!("position {found} came where {expected} has to be")))
            }
            Ended::Other(error) => {
                output::note(go_on);
                Err(error)
            }
        }
    }
}

async fn entries(client: &Client, positions: RangeInclusive<u64>) -> Result<Vec<RawJson>, Error> {
    let (start, end) = positions.into_inner();
    let limit = u32::try_from(end - start + 1).unwrap_or(u32::MAX);
    let asked = ListAuditEntries::new().after(start - 1).limit(limit);
    Ok(client.audit_entries().list_json(asked).await?.data)
}
