//! `actas store withdraw`.

use super::{
    store_copy::Endpoint,
    taken_back::{TakenBack, newest_entry},
    transferring::{Progress, blocking, instance, to_the_end, unless_interrupted},
};
use crate::{
    args::WithdrawArguments,
    data_folder::{self, DataFolder},
    exit::ExitError,
    load, output,
};
use actas_crypto::SystemClock;
use actas_domain::{
    ports::Store,
    time::UnixMillis,
    transfer::{self, Source, TransferError},
};
use actas_server::config::Configuration;
use actas_store_postgres::{PostgresArchive, PostgresStore};
use actas_store_sqlite::{Options, SqliteArchive, SqliteStore};
use serde::Serialize;
use std::{path::Path, sync::Arc};

/// What is printed with `--json`.
#[derive(Debug, Serialize)]
struct Withdrawn {
    store: String,
    instance_id: String,
    /// When the newest entry of the record was made, before this added its own.
    newest_entry_at: Option<String>,
    #[serde(flatten)]
    taken_back: TakenBack,
}

pub(crate) async fn run(arguments: WithdrawArguments) -> Result<(), ExitError> {
    let configuration = load::for_copy(arguments.config.as_deref(), None)?.configuration;
    let name = arguments.store.to_string();
    let withdrawn = match &arguments.store {
        Endpoint::Sqlite(folder) => in_sqlite(folder, &name).await,
        Endpoint::Postgres(_) => in_postgres(&arguments.store, &configuration, &name).await,
    }?;
    if arguments.json {
        return output::json(&withdrawn);
    }
    let since = withdrawn.newest_entry_at.as_deref().unwrap_or("before its first entry");
    output::line(format!(
        "withdrew what was open in the instance {} in {name}; the newest entry of its record was of {since}",
        withdrawn.instance_id
    ))?;
    withdrawn.taken_back.print_counts()?;
    withdrawn.taken_back.print_keys()
}

async fn in_sqlite(folder: &Path, name: &str) -> Result<Withdrawn, ExitError> {
    data_folder::require_database(folder)?;
    let owned = DataFolder::own(folder)?;
    data_folder::refuse_half_replaced(folder)?;
    let (file, options) = (owned.database(), Options::new(owned.database()));
    let store = blocking(move || SqliteStore::open(&options, Arc::new(SystemClock))).await?;
    let withdrawn = async {
        let mut archive = blocking(move || SqliteArchive::as_it_goes(&file)).await?;
        withdraw(&store, &mut archive, name).await
    }
    .await;
    let closed = tokio::task::spawn_blocking(move || store.close()).await;
    let withdrawn = withdrawn?;
    closed.map_err(|error| ExitError::Store(format!("{name} was not closed in order: {error}")))?;
    owned.give_free();
    Ok(withdrawn)
}

async fn in_postgres(
    end: &Endpoint,
    configuration: &Configuration,
    name: &str,
) -> Result<Withdrawn, ExitError> {
    let options = end.postgres_options(configuration)?;
    let mut archive = PostgresArchive::as_it_goes(&options).await.map_err(|error| end.of_postgres(&error))?;
    let store = PostgresStore::open(&options).await.map_err(|error| end.of_postgres(&error))?;
    let withdrawn = withdraw(&store, &mut archive, name).await;
    store.close().await;
    let withdrawn = withdrawn?;
    // One that began meanwhile may have taken a ticket before it was revoked here.
    archive.require_nobody_at_work().await.map_err(|error| match end.of_postgres(&error) {
        ExitError::InUse(told) => ExitError::InUse(format!(
            "all of it was withdrawn, but a server began meanwhile, and may have taken tickets before: {told}, and then \
             do this again"
        )),
        other => other,
    })?;
    Ok(withdrawn)
}

async fn withdraw(store: &dyn Store, source: &mut dyn Source, name: &str) -> Result<Withdrawn, ExitError> {
    let mut progress = Progress::of(0);
    let failed = |error: TransferError| {
        ExitError::Store(format!(
            "{name}: {error}. What was taken back stays so: do it again when that is mended"
        ))
    };
    let taking = async {
        let (instance_id, _) = instance(source, name).await?;
        let newest_entry_at = newest_entry(source).await.map(UnixMillis::to_rfc3339);
        let mut watch = |phase, rows| progress.show(phase, rows);
        let withdrawn = transfer::withdraw(store, &SystemClock, source, &mut watch).await.map_err(failed)?;
        Ok((instance_id, newest_entry_at, withdrawn))
    };
    let taken = unless_interrupted(taking).await.map_err(|error| match error {
        ExitError::Interrupted => ExitError::Stopped(format!(
            "interrupted: what was taken back of {name} stays so, and the rest is open. Do it again before a server starts"
        )),
        other => other,
    });
    let (instance_id, newest_entry_at, withdrawn) = taken?;
    progress.end();
    let recording = async { transfer::record_restored(store, &SystemClock).await.map_err(failed) };
    to_the_end(recording, "the entry about it").await?;
    let taken_back = TakenBack::of(withdrawn, store, name).await?;
    Ok(Withdrawn { store: name.to_owned(), instance_id, newest_entry_at, taken_back })
}
