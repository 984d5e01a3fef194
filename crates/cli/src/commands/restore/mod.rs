//! `actas restore`.

mod replacing;
mod report;

use super::transferring::{
    Progress, Told, blocking, check_master_key, count, instance, of_transfer, unless_interrupted,
};
use crate::{
    args::RestoreArguments,
    data_folder::{self, DataFolder},
    exit::ExitError,
    load,
};
use actas_crypto::SystemClock;
use actas_domain::{
    ports::Store as _,
    secret_key::SecretKey,
    time::UnixMillis,
    transfer::{self, Kind, Row, Source, Survey, Value, Withdrawn},
};
use actas_server::config::{Configuration, StoreChoice};
use actas_store_sqlite::{NewFile, Options, SqliteArchive, SqliteStore};
use report::Restored;
use std::{path::Path, sync::Arc};

pub(crate) async fn run(arguments: RestoreArguments) -> Result<(), ExitError> {
    let configuration = load::target(&arguments.target)?.configuration;
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
    let folder = DataFolder::own(&configuration.data_dir)?;
    let database = folder.database();
    if database.exists() && !arguments.replace {
        return Err(ExitError::Store(format!(
            "there is a database at {}: with --replace it is moved aside, and stays",
            database.display()
        )));
    }
    let restored = unless_interrupted(restore(&arguments, &configuration, &folder)).await?;
    folder.give_free();
    restored.print(arguments.json)
}

async fn restore(
    arguments: &RestoreArguments,
    configuration: &Configuration,
    folder: &DataFolder,
) -> Result<Restored, ExitError> {
    let (file, database) = (arguments.file.clone(), folder.database());
    let new_file = blocking(move || actas_store_sqlite::bring_in(&file, &database)).await?;
    let name = arguments.file.display().to_string();
    // Opening it brings its schema up to date.
    let store = open(new_file.path()).await?;
    let prepared = prepare(&store, new_file.path(), arguments, configuration, &name).await;
    // Whatever became of it: nothing may have the file open when it is kept or removed.
    let store = tokio::task::spawn_blocking(move || store.close()).await;
    store.map_err(|error| ExitError::Store(format!("the backup was not closed in order: {error}")))?;
    let mut restored = prepared?;
    restored.replaced = put_in_place(new_file, folder).await?;
    restored.file.clone_from(&arguments.file);
    restored.data_dir = folder.path().to_owned();
    restored.as_it_was = arguments.as_it_was;
    Ok(restored)
}

async fn open(file: &Path) -> Result<SqliteStore, ExitError> {
    let options = Options { read_connections: 2, ..Options::new(file) };
    blocking(move || SqliteStore::open(&options, Arc::new(SystemClock))).await
}

/// Reads all of it, and takes back what it must not bring back.
async fn prepare(
    store: &SqliteStore,
    file: &Path,
    arguments: &RestoreArguments,
    configuration: &Configuration,
    name: &str,
) -> Result<Restored, ExitError> {
    let path = file.to_owned();
    let mut archive = blocking(move || SqliteArchive::as_it_goes(&path)).await?;
    let (instance_id, keys) = instance(&mut archive, name).await?;
    let in_folder = configuration.data_dir.join("master.key");
    let master_key = check_master_key(configuration, Some(in_folder), &keys)?;
    let mut progress = Progress::of(count(&mut archive, name).await?);
    let failed = |error| of_transfer(&error, name, name);
    let mut watch = |phase, rows| progress.show(phase, rows);
    let survey = transfer::survey(&mut archive, &mut watch).await.map_err(failed)?;
    let newest_entry_at = newest_entry(&mut archive, &survey).await;
    let mut withdrawn = Withdrawn::default();
    if !arguments.as_it_was {
        withdrawn =
            transfer::withdraw(store, &SystemClock, &mut archive, &mut watch).await.map_err(failed)?;
    }
    transfer::record_restored(store, &SystemClock).await.map_err(failed)?;
    progress.end();
    let secret_keys =
        store.secret_keys().await.map_err(|error| ExitError::Store(format!("{name}: {error}")))?;
    let valid = secret_keys.into_iter().filter(SecretKey::is_valid).collect();
    Ok(Restored::of(instance_id, master_key, newest_entry_at, withdrawn, valid, Told::of(&survey)))
}

/// How far back it goes, as far as is known.
async fn newest_entry(source: &mut dyn Source, survey: &Survey) -> Option<UnixMillis> {
    let before: Row = vec![Value::Integer(i64::try_from(survey.head).ok()? - 1)];
    let rows = source.page(Kind::AuditEntries, Some(&before), 1).await.ok()?;
    match Kind::AuditEntries.value(rows.first()?, "at")? {
        Value::Integer(millis) => Some(UnixMillis::from_millis(*millis)),
        _ => None,
    }
}

async fn put_in_place(
    new_file: NewFile,
    folder: &DataFolder,
) -> Result<Option<std::path::PathBuf>, ExitError> {
    let path = folder.path().to_owned();
    let moving = tokio::task::spawn_blocking(move || replacing::put_in_place(new_file, &path)).await;
    moving.map_err(|error| ExitError::Store(error.to_string()))?.map_err(|error| {
        ExitError::Store(format!(
            "{} could not be put in place: {error}",
            data_folder::database(folder.path()).display()
        ))
    })
}
