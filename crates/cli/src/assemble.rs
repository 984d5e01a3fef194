//! The only place where the concrete parts meet: the crypto, a store, the settings.

use crate::{data_folder::DataFolder, exit::ExitError};
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyError, MasterKeyVault, SystemClock, SystemEntropy};
use actas_domain::{
    keys::{bootstrap, ring::KeyRing},
    ports::{Clock, Entropy as _, Instance, Store},
    world::World,
};
use actas_server::{
    config::Configuration,
    metrics::{Metrics, StoreNumbers},
};
use actas_store_memory::MemoryStore;
use actas_store_sqlite::{Options, SqliteStore};
use std::sync::Arc;

/// What is held besides the world: the instance's identity, and the store and the folder to be closed in the end.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) instance: Instance,
    sqlite: Option<Arc<SqliteStore>>,
    folder: Option<DataFolder>,
}

impl Held {
    /// The data folder; none for an instance in memory.
    pub(crate) fn folder(&self) -> Option<&DataFolder> {
        self.folder.as_ref()
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let Some(store) = self.sqlite.clone() else { return Metrics::new(Box::new(StoreNumbers::default)) };
        Metrics::new(Box::new(move || {
            let numbers = store.metrics();
            StoreNumbers {
                queue_depth: numbers.queue_depth,
                changes: numbers.changes_total,
                commits: numbers.commits_total,
            }
        }))
    }

    /// Writes what waits, closes the store, removes the control socket, and then gives the folder free.
    pub(crate) async fn close(self) {
        if let Some(store) = self.sqlite
            && let Err(error) = tokio::task::spawn_blocking(move || store.close()).await
        {
            tracing::error!(%error, "the store was not closed in order; the next start recovers it");
        }
        if let Some(folder) = self.folder {
            folder.give_free();
        }
    }
}

/// An instance in a data folder that this process owns; made now, with its master key, where there was none.
///
/// # Errors
/// [`ExitError::MasterKey`], [`ExitError::Store`].
pub(crate) async fn on_disk(
    configuration: &Configuration,
    folder: DataFolder,
) -> Result<(World, Held), ExitError> {
    let master_key = master_key(configuration, &folder)?;
    let mut options = Options::new(folder.database());
    options.queue_length = configuration.store_queue_length;
    let opening = tokio::task::spawn_blocking(move || SqliteStore::open(&options, clock()));
    let opened =
        opening.await.map_err(|error| ExitError::Store(format!("the store did not open: {error}")))?;
    let store = Arc::new(opened.map_err(|error| ExitError::Store(error.to_string()))?);
    let world = world(configuration, Arc::clone(&store) as Arc<dyn Store>, &master_key)?;
    let instance = bootstrap::instance(&world).await?;
    Ok((world, Held { instance, sqlite: Some(store), folder: Some(folder) }))
}

/// An instance that ends with this process.
pub(crate) async fn in_memory(configuration: &Configuration) -> Result<(World, Held), ExitError> {
    let mut bytes = [0_u8; 32];
    SystemEntropy.fill(&mut bytes);
    let store = Arc::new(MemoryStore::new(clock()));
    let world = world(configuration, store, &MasterKey::from_bytes(bytes))?;
    let instance = bootstrap::instance(&world).await?;
    Ok((world, Held { instance, sqlite: None, folder: None }))
}

fn world(
    configuration: &Configuration,
    store: Arc<dyn Store>,
    master_key: &MasterKey,
) -> Result<World, ExitError> {
    let vault = MasterKeyVault::new(master_key).map_err(|error| ExitError::MasterKey(error.to_string()))?;
    Ok(World {
        store,
        clock: clock(),
        entropy: Arc::new(SystemEntropy),
        vault: Arc::new(vault),
        passwords: Arc::new(Argon2Passwords::default()),
        settings: configuration.settings(),
        key_ring: KeyRing::default(),
        refusals: actas_domain::refusal_throttle::RefusalThrottle::default(),
    })
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The master key that is configured. One is made only together with the data that it is for.
fn master_key(configuration: &Configuration, folder: &DataFolder) -> Result<MasterKey, ExitError> {
    let failed = |error: MasterKeyError| ExitError::MasterKey(error.to_string());
    if let Some(text) = &configuration.master_key {
        return MasterKey::parse(text.reveal(), "ACTAS_MASTER_KEY").map_err(failed);
    }
    let file = configuration.master_key_file();
    match MasterKey::read_file(&file) {
        Err(MasterKeyError::Missing(_)) if !folder.database().exists() => {
            MasterKey::create_file(&file, &SystemEntropy).map_err(failed)
        }
        Err(error @ MasterKeyError::Missing(_)) => Err(ExitError::MasterKey(format!(
            "{error}, but {} was made with one: put that file back, or name it in master_key_file",
            folder.database().display()
        ))),
        other => other.map_err(failed),
    }
}
