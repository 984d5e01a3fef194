//! `actas restore`.

mod replacing;
mod report;

use super::{
    taken_back::{TakenBack, newest_entry},
    transferring::{
        Progress, Told, blocking, check_master_key, count, instance, of_sqlite, of_transfer,
        unless_interrupted,
    },
};
use crate::{
    args::{RestoreArguments, TargetArguments},
    data_folder::{self, DataFolder},
    exit::ExitError,
    load,
};
use actas_crypto::SystemClock;
use actas_domain::{
    time::UnixMillis,
    transfer::{self, Withdrawn},
};
use actas_server::config::{Configuration, StoreChoice};
use actas_store_sqlite::{NewFile, Options, SqliteArchive, SqliteStore};
use report::Restored;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

pub(crate) async fn run(arguments: RestoreArguments) -> Result<(), ExitError> {
    let target = TargetArguments {
        config: arguments.config.clone(),
        data_dir: arguments.data_dir.clone(),
        master_key_file: arguments.master_key_file.clone(),
    };
    let configuration = load::target(&target)?.configuration;
    if configuration.store == StoreChoice::Postgres {
        return Err(ExitError::Refused(
            "the store is PostgreSQL, which has backups of its own: restore with its tools while no server runs; to \
             move a backup of SQLite there, restore it into a data folder and then `actas store copy`"
                .to_owned(),
        ));
    }
    if !arguments.file.is_file() {
        return Err(ExitError::Store(format!("there is no backup at {}", arguments.file.display())));
    }
    actas_store_sqlite::look_at_backup(&arguments.file).map_err(|error| of_sqlite(&error))?;
    let folder = Arc::new(DataFolder::own(&configuration.data_dir)?);
    let database = folder.database();
    if database.exists() && !arguments.replace {
        return Err(ExitError::Store(format!(
            "there is a database at {}: with --replace it is moved aside, and stays",
            database.display()
        )));
    }
    let goes_on = Arc::new(AtomicBool::new(true));
    let made = unless_interrupted(make(&arguments, &configuration, &folder, &goes_on)).await;
    goes_on.store(false, Ordering::SeqCst);
    let (new_file, mut restored) = made?;
    // From here on nothing stops it: what is half done here would have to be done again.
    restored.replaced_instance_id = instance_there(database).await;
    restored.replaced = put_in_place(new_file, &folder).await?;
    restored.file.clone_from(&arguments.file);
    restored.data_dir = folder.path().to_owned();
    if let Some(folder) = Arc::into_inner(folder) {
        folder.give_free();
    }
    restored.print(arguments.json)
}

/// Makes what is put in the place of the database, beside it.
async fn make(
    arguments: &RestoreArguments,
    configuration: &Configuration,
    folder: &Arc<DataFolder>,
    goes_on: &Arc<AtomicBool>,
) -> Result<(NewFile, Restored), ExitError> {
    let (file, owned, goes_on) = (arguments.file.clone(), Arc::clone(folder), Arc::clone(goes_on));
    // The folder is owned until this thread has ended, also when nobody waits for it any more.
    let bringing = move || actas_store_sqlite::bring_in(&file, &owned.database(), &goes_on);
    let new_file = blocking(bringing).await?;
    // Opening it brings its schema up to date.
    let store = open(new_file.path()).await?;
    let prepared = prepare(&store, new_file.path(), arguments, configuration).await;
    // Whatever became of it: nothing may have the file open when it is kept or removed.
    let store = tokio::task::spawn_blocking(move || store.close()).await;
    store.map_err(|error| ExitError::Store(format!("the backup was not closed in order: {error}")))?;
    Ok((new_file, prepared?))
}

async fn open(file: &Path) -> Result<SqliteStore, ExitError> {
    let options = Options::new(file);
    blocking(move || SqliteStore::open(&options, Arc::new(SystemClock))).await
}

/// Reads all of it, and takes back what it must not bring back.
async fn prepare(
    store: &SqliteStore,
    file: &Path,
    arguments: &RestoreArguments,
    configuration: &Configuration,
) -> Result<Restored, ExitError> {
    let name = &arguments.file.display().to_string();
    let database = data_folder::database(&configuration.data_dir).display().to_string();
    let path = file.to_owned();
    let mut archive = blocking(move || SqliteArchive::as_it_goes(&path)).await?;
    let (instance_id, keys) = instance(&mut archive, name).await?;
    let in_folder = configuration.data_dir.join("master.key");
    let master_key = check_master_key(configuration, Some(in_folder), &keys)?;
    let mut progress = Progress::of(count(&mut archive, name).await?);
    let failed = |error| of_transfer(&error, name, &database);
    let mut watch = |phase, rows| progress.show(phase, rows);
    let survey = transfer::survey(&mut archive, &mut watch).await.map_err(failed)?;
    let newest_entry_at = newest_entry(&mut archive).await.map(UnixMillis::to_rfc3339);
    let mut withdrawn = Withdrawn::default();
    if !arguments.as_it_was {
        withdrawn =
            transfer::withdraw(store, &SystemClock, &mut archive, &mut watch).await.map_err(failed)?;
    }
    transfer::record_restored(store, &SystemClock).await.map_err(failed)?;
    progress.end();
    Ok(Restored {
        instance_id,
        master_key,
        newest_entry_at,
        as_it_was: arguments.as_it_was,
        taken_back: TakenBack::of(withdrawn, store, name).await?,
        backup: Told::of(&survey),
        ..Restored::default()
    })
}

/// Of the database that is to be replaced, where it can be read.
async fn instance_there(database: PathBuf) -> Option<String> {
    let name = database.display().to_string();
    let mut archive = blocking(move || SqliteArchive::at_rest(&database)).await.ok()?;
    instance(&mut archive, &name).await.ok().map(|(id, _)| id)
}

async fn put_in_place(new_file: NewFile, folder: &Arc<DataFolder>) -> Result<Option<PathBuf>, ExitError> {
    let owned = Arc::clone(folder);
    let moving = tokio::task::spawn_blocking(move || replacing::put_in_place(new_file, owned.path())).await;
    moving.map_err(|error| ExitError::Store(error.to_string()))?.map_err(|error| {
        let old = data_folder::replaced(folder.path()).ok().flatten().filter(|old| old.exists());
        let old = old.map(|old| format!(". The database that was there is now {}", old.display()));
        ExitError::Store(format!(
            "{} could not be put in place: {error}{}",
            folder.database().display(),
            old.unwrap_or_default()
        ))
    })
}
