//! `actas backup`.

use super::transferring::{Progress, Told, blocking, count, of_sqlite, of_transfer, unless_interrupted};
use crate::{
    args::{BackupArguments, TargetArguments},
    data_folder,
    exit::ExitError,
    load,
    output::{self, Done, Meter, grouped, rough},
};
use actas_domain::transfer;
use actas_server::config::StoreChoice;
use actas_store_sqlite::{NewFile, OpenError, SqliteArchive};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What is printed with `--json`.
#[derive(Debug, Serialize)]
struct BackedUp {
    file: PathBuf,
    bytes: u64,
    seconds: f64,
    /// None for another schema than this binary's own, as before and after an upgrade.
    #[serde(flatten)]
    told: Option<Told>,
}

pub(crate) async fn run(arguments: BackupArguments) -> Result<(), ExitError> {
    let target = TargetArguments {
        config: arguments.config.clone(),
        data_dir: arguments.data_dir.clone(),
        master_key_file: None,
    };
    if arguments.to.as_os_str() == "-" {
        return Err(ExitError::Configuration(
            "--to -: a backup is read again before it gets its name, so it is made in a file and not on the standard output"
                .to_owned(),
        ));
    }
    let configuration = load::target(&target)?.configuration;
    if configuration.store == StoreChoice::Postgres {
        return Err(ExitError::Refused(
            "the store is PostgreSQL, which has backups of its own: take one with pg_basebackup and an archive of its \
             WAL, or with pg_dump"
                .to_owned(),
        ));
    }
    let folder = configuration.data_dir.as_path();
    let database = data_folder::require_database(folder)?;
    data_folder::refuse_half_replaced(folder)?;
    let made = make(database, arguments.to).await?;
    if arguments.json {
        return output::json(&made);
    }
    let (file, bytes) = (made.file.display(), grouped(made.bytes));
    let length = rough(Duration::from_secs_f64(made.seconds));
    match &made.told {
        Some(told) => {
            let rows = grouped(told.rows());
            output::line(format!("{file}: {rows} rows in {bytes} bytes, whole and read again, in {length}"))?;
            told.print()?;
        }
        None => output::line(format!(
            "{file}: {bytes} bytes, in {length}. Every page and index is whole; the rows were not read, for the database \
             has another schema than this binary's own"
        ))?,
    }
    output::line("The master key is not in it: keep that elsewhere, the backup is of no use without it.")
}

async fn make(database: PathBuf, to: PathBuf) -> Result<BackedUp, ExitError> {
    let began = Instant::now();
    let goes_on = Arc::new(AtomicBool::new(true));
    let stopped = Arc::clone(&goes_on);
    let (source, destination) = (database.clone(), to.clone());
    let making = async {
        let copying = move || copy_pages(&source, &destination, &stopped).map_err(|error| of(error, &source));
        let new_file = blocking(copying).await?;
        verify(new_file, &database, &to, &goes_on).await
    };
    let made = unless_interrupted(making).await;
    goes_on.store(false, Ordering::SeqCst);
    let (told, bytes) = made?;
    Ok(BackedUp { file: to, bytes, seconds: began.elapsed().as_secs_f64(), told })
}

fn copy_pages(database: &Path, to: &Path, goes_on: &AtomicBool) -> Result<NewFile, OpenError> {
    let mut meter: Option<Meter> = None;
    let copied = actas_store_sqlite::back_up(database, to, &mut |done, all| {
        let meter = meter.get_or_insert_with(|| Meter::start("pages copied", Some(all), Done::default()));
        meter.show(Done { part: done, count: done, refused: 0 });
        goes_on.load(Ordering::SeqCst)
    });
    if let Some(meter) = meter {
        meter.end();
    }
    copied
}

/// Reads the whole copy, and gives it its name.
async fn verify(
    new_file: NewFile,
    database: &Path,
    to: &Path,
    goes_on: &Arc<AtomicBool>,
) -> Result<(Option<Told>, u64), ExitError> {
    let (path, source, goes_on) = (new_file.path().to_owned(), database.to_owned(), Arc::clone(goes_on));
    let archive = blocking(move || {
        actas_store_sqlite::check(&path, &goes_on).map_err(|error| of(error, &source))?;
        match SqliteArchive::at_rest(&path) {
            Err(OpenError::OtherSchema { .. }) => Ok(None),
            archive => archive.map(Some),
        }
    })
    .await?;
    let told = match archive {
        Some(archive) => Some(read(archive, &to.display().to_string()).await?),
        None => None,
    };
    new_file.keep().map_err(|error| of_sqlite(&error))?;
    let bytes = std::fs::metadata(to).map_or(0, |metadata| metadata.len());
    Ok((told, bytes))
}

/// Damage in the copy is damage of the database: the copy goes, and the database stays.
fn of(error: OpenError, database: &Path) -> OpenError {
    match error {
        OpenError::Corrupt { reason, .. } => OpenError::Corrupt { file: database.to_owned(), reason },
        other => other,
    }
}

async fn read(mut archive: SqliteArchive, name: &str) -> Result<Told, ExitError> {
    let mut progress = Progress::of(count(&mut archive, name).await?);
    let survey = transfer::survey(&mut archive, &mut |phase, rows| progress.show(phase, rows)).await;
    let survey = survey.map_err(|error| of_transfer(&error, name, name))?;
    Ok(Told::of(&survey))
}
