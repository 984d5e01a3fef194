//! What copies, backups and restores have in common: how far they are, what they tell, and the look at the master key.

use crate::{
    exit::ExitError,
    output::{self, Cell, Column, Done, Meter, Screen, Table, grouped},
};
use actas_crypto::{MasterKey, MasterKeyError, MasterKeyVault};
use actas_domain::{
    keys::SigningKey,
    ports::KeyVault as _,
    transfer::{self, Kind, PAGE_ROWS, Phase, Source, Survey, TransferError},
};
use actas_server::config::Configuration;
use actas_store_postgres::OpenError as PostgresError;
use actas_store_sqlite::OpenError;
use serde::Serialize;
use std::{collections::BTreeMap, future::Future, path::PathBuf, pin::pin};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Shows each phase of a transfer, one after the other.
pub(super) struct Progress {
    rows: u64,
    meter: Option<(Phase, Meter)>,
}

impl Progress {
    /// `rows` is how many there are.
    pub(super) const fn of(rows: u64) -> Self {
        Self { rows, meter: None }
    }

    pub(super) fn show(&mut self, phase: Phase, count: u64) {
        match &mut self.meter {
            Some((of, meter)) if *of == phase => meter.advance(count),
            _ => {
                self.end();
                let things = match phase {
                    Phase::Copying => "rows copied",
                    Phase::Verifying => "rows verified",
                    Phase::Withdrawing => "rows looked at",
                };
                let length = (phase != Phase::Withdrawing).then_some(self.rows);
                let mut meter = Meter::start(things, length, Done::default());
                meter.advance(count);
                self.meter = Some((phase, meter));
            }
        }
    }

    pub(super) fn end(&mut self) {
        if let Some((_, meter)) = self.meter.take() {
            meter.end();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ends work by Ctrl-C or SIGTERM, with what it has begun taken back. Afterwards neither ends the process any more.
pub(super) async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, ExitError>>,
) -> Result<T, ExitError> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        done = work => done,
        () = signals.next() => Err(ExitError::Interrupted),
    }
}

/// Awaits what cannot be taken back once it has begun: Ctrl-C and SIGTERM are told so. Only a second one ends it, for
/// whoever it does not come to its end, and then it is not known what became of it.
pub(super) async fn to_the_end<T>(
    work: impl Future<Output = Result<T, ExitError>>,
    what: &str,
) -> Result<T, ExitError> {
    let mut signals = Signals::listen()?;
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = signals.next() => output::note(format!("{what} is being made durable, which is not interrupted: wait")),
    }
    tokio::select! {
        biased;
        done = &mut work => done,
        () = signals.next() => Err(ExitError::Store(format!(
            "{what} was being made durable, and it is not known whether it is there: look before you do it again"
        ))),
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, ExitError> {
        let of = |kind| signal(kind).map_err(|error| ExitError::Store(format!("signals: {error}")));
        Ok(Self { interrupt: of(SignalKind::interrupt())?, terminate: of(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Lets a thread that may block do it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, ExitError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ExitError::Store(error.to_string()))?.map_err(|error| of_sqlite(&error))
}

pub(super) fn of_sqlite(error: &OpenError) -> ExitError {
    match error {
        OpenError::Locked { .. } => ExitError::InUse(error.to_string()),
        OpenError::Stopped { .. } => ExitError::Interrupted,
        _ => ExitError::Store(error.to_string()),
    }
}

pub(super) fn of_postgres(error: &PostgresError) -> ExitError {
    match error {
        PostgresError::InUse { .. } => ExitError::InUse(error.to_string()),
        _ => ExitError::Store(error.to_string()),
    }
}

/// What went wrong between two ends, or with one that is read.
pub(super) fn of_transfer(error: &TransferError, from: &str, to: &str) -> ExitError {
    ExitError::Store(match error {
        TransferError::Read(_) | TransferError::Disorder { .. } | TransferError::Gap { .. } => {
            format!("{from}: {error}")
        }
        TransferError::Write(_) | TransferError::Differs { .. } => {
            format!("{to}: {error}. Nothing of it is kept; begin again when that is mended")
        }
    })
}

/// How many rows of all kinds there are.
pub(super) async fn count(source: &mut dyn Source, name: &str) -> Result<u64, ExitError> {
    let mut rows = 0;
    for &kind in Kind::ALL {
        rows += source.count(kind).await.map_err(|error| unreadable(name, &error))?;
    }
    Ok(rows)
}

/// The id of the instance and its signing keys.
///
/// # Errors
/// [`ExitError::Store`] where there is no instance.
pub(super) async fn instance(
    source: &mut dyn Source,
    name: &str,
) -> Result<(String, Vec<SigningKey>), ExitError> {
    let failed = |error| unreadable(name, &error);
    let rows = source.page(Kind::Instance, None, 1).await.map_err(failed)?;
    let id = rows.first().and_then(|row| Kind::Instance.text(row, "id")).map(str::to_owned);
    let id = id.ok_or_else(|| ExitError::Store(format!("{name} holds no instance")))?;
    let rows = source.page(Kind::SigningKeys, None, PAGE_ROWS).await.map_err(failed)?;
    let keys: Option<Vec<_>> = rows.iter().map(|row| transfer::signing_key(row)).collect();
    let keys = keys.ok_or_else(|| ExitError::Store(format!("{name}: a signing key cannot be read")))?;
    Ok((id, keys))
}

fn unreadable(name: &str, error: &actas_domain::ports::StoreError) -> ExitError {
    ExitError::Store(format!("{name}: it cannot be read: {error}"))
}

/// Where a master key was found that opens the signing keys; none where there was none to be tried.
///
/// # Errors
/// [`ExitError::MasterKey`] for one that does not open them.
pub(super) fn check_master_key(
    configuration: &Configuration,
    in_folder: Option<PathBuf>,
    keys: &[SigningKey],
) -> Result<Option<String>, ExitError> {
    let failed = |error: &dyn std::fmt::Display| ExitError::MasterKey(error.to_string());
    let (key, origin) = match (&configuration.master_key, &configuration.master_key_file) {
        (Some(text), _) => {
            let origin = "ACTAS_MASTER_KEY".to_owned();
            (MasterKey::parse(text.reveal(), &origin), origin)
        }
        (None, Some(named)) => (MasterKey::read_file(named), named.display().to_string()),
        (None, None) => {
            let Some(file) = in_folder else { return Ok(None) };
            match MasterKey::read_file(&file) {
                Err(MasterKeyError::Missing(_)) => return Ok(None),
                read => (read, file.display().to_string()),
            }
        }
    };
    let vault = MasterKeyVault::new(&key.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    for key in keys {
        vault.check(key).map_err(|error| {
            let next = "name the one that they were sealed under with --master-key-file; nothing was changed";
            ExitError::MasterKey(format!("{origin}: {error}; {next}"))
        })?;
    }
    Ok(Some(origin))
}

/// Which master key the servers of a copy need.
pub(super) fn tell_master_key(checked: Option<&String>) -> String {
    match checked {
        Some(origin) => {
            format!("Its servers need the master key in {origin}, which opens its signing keys.")
        }
        None => {
            "Its servers need the master key that its signing keys were sealed under; it was not there to be \
                 checked."
                .to_owned()
        }
    }
}

/// The rows of each kind, and their digests.
#[derive(Debug, Default, Serialize)]
pub(super) struct Told {
    digest: String,
    rows: u64,
    kinds: BTreeMap<&'static str, ToldKind>,
}

#[derive(Debug, Serialize)]
struct ToldKind {
    rows: u64,
    digest: String,
}

impl Told {
    pub(super) fn of(survey: &Survey) -> Self {
        let kinds = survey.kinds.iter().map(|counted| {
            let told = ToldKind { rows: counted.rows, digest: hexadecimal(&counted.digest) };
            (counted.kind.name(), told)
        });
        Self { digest: hexadecimal(&survey.digest()), rows: survey.rows(), kinds: kinds.collect() }
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// For people.
    pub(super) fn print(&self) -> Result<(), ExitError> {
        let screen = Screen::of_stdout(false);
        let mut table = Table::new([Column::whole("KIND"), Column::whole("ROWS"), Column::whole("SHA-256")]);
        for (name, kind) in &self.kinds {
            table.add([Cell::new(*name), Cell::new(grouped(kind.rows)), Cell::new(&kind.digest)]);
        }
        table.add([Cell::new("all"), Cell::new(grouped(self.rows)), Cell::new(&self.digest)]);
        output::line(table.render(&screen))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
