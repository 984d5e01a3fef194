//! The only place where the concrete parts meet: the crypto, a store, the settings.

use crate::{
    data_folder::{self, DataFolder},
    exit::ExitError,
};
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyError, MasterKeyVault, SystemClock, SystemEntropy};
use actas_domain::{
    keys::{bootstrap, ring::KeyRing},
    ports::{Clock, Entropy as _, Instance, Store},
    secret::SecretText,
    world::World,
};
use actas_server::{
    config::{Configuration, StoreChoice},
    metrics::{Metrics, SqliteNumbers, StoreNumbers},
};
use actas_store_memory::MemoryStore;
use actas_store_postgres::PostgresStore;
use actas_store_sqlite::SqliteStore;
use std::{os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

/// What is held besides the world: the instance's identity, and the store and the folder to be closed in the end.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) instance: Instance,
    store: Opened,
    folder: Option<DataFolder>,
}

#[derive(Clone, Debug)]
enum Opened {
    Memory,
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
}

impl Held {
    /// The data folder; none for an instance in memory.
    pub(crate) fn folder(&self) -> Option<&DataFolder> {
        self.folder.as_ref()
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let store = self.store.clone();
        let numbers = move || match &store {
            Opened::Memory => StoreNumbers::default(),
            Opened::Sqlite(store) => of_sqlite(store.metrics()),
            Opened::Postgres(store) => of_postgres(store.metrics()),
        };
        Metrics::new(clock().now(), Box::new(numbers))
    }

    /// Writes what waits, closes the store, removes the control socket, and then gives the folder free.
    pub(crate) async fn close(self) {
        match self.store {
            Opened::Memory => {}
            Opened::Sqlite(store) => {
                if let Err(error) = tokio::task::spawn_blocking(move || store.close()).await {
                    tracing::error!(%error, "the store was not closed in order; the next start recovers it");
                }
            }
            Opened::Postgres(store) => store.close().await,
        }
        if let Some(folder) = self.folder {
            folder.give_free();
        }
    }
}

fn of_sqlite(numbers: actas_store_sqlite::Metrics) -> StoreNumbers {
    StoreNumbers {
        queue_depth: numbers.queue_depth,
        queue_length: numbers.queue_length,
        read_queue_depth: numbers.read_queue_depth,
        changes: numbers.changes_total,
        commits: numbers.commits_total,
        rollbacks: numbers.rollbacks_total,
        unknown_fates: 0,
        batch_sizes: numbers.batch_sizes,
        commit_micros: numbers.commit_micros,
        sqlite: Some(SqliteNumbers { checkpoints: numbers.checkpoints_total, wal_bytes: numbers.wal_bytes }),
    }
}

fn of_postgres(numbers: actas_store_postgres::Metrics) -> StoreNumbers {
    StoreNumbers {
        queue_depth: numbers.queue_depth,
        queue_length: numbers.queue_length,
        read_queue_depth: numbers.read_queue_depth,
        changes: numbers.changes_total,
        commits: numbers.commits_total,
        rollbacks: numbers.rollbacks_total,
        unknown_fates: numbers.unknown_fates_total,
        batch_sizes: numbers.batch_sizes,
        commit_micros: numbers.commit_micros,
        sqlite: None,
    }
}

/// An instance that is kept, in the data folder that this process owns or in a database; made now where there was
/// none. Only a command that runs beside the servers of a database owns no folder.
///
/// # Errors
/// [`ExitError::MasterKey`], [`ExitError::Store`].
pub(crate) async fn kept(
    configuration: &Configuration,
    folder: Option<DataFolder>,
) -> Result<(World, Held), ExitError> {
    if let (StoreChoice::Sqlite, Some(folder)) = (configuration.store, &folder) {
        // Before anything is made in it.
        data_folder::refuse_cut_off(folder.path())?;
    }
    let master_key = master_key(configuration, folder.as_ref())?;
    let (store, opened) = match (configuration.store, &folder) {
        (StoreChoice::Sqlite, Some(folder)) => {
            let store = sqlite(configuration, folder).await?;
            (Arc::clone(&store) as Arc<dyn Store>, Opened::Sqlite(store))
        }
        (StoreChoice::Sqlite, None) => {
            return Err(ExitError::Store("the store sqlite needs its data folder".to_owned()));
        }
        (StoreChoice::Postgres, _) => {
            let options = postgres_options(configuration)?;
            let store =
                PostgresStore::open(&options).await.map_err(|error| ExitError::Store(error.to_string()))?;
            let store = Arc::new(store);
            (Arc::clone(&store) as Arc<dyn Store>, Opened::Postgres(store))
        }
    };
    let world = world(configuration, store, &master_key)?;
    let instance = bootstrap::instance(&world).await?;
    Ok((world, Held { instance, store: opened, folder }))
}

async fn sqlite(configuration: &Configuration, folder: &DataFolder) -> Result<Arc<SqliteStore>, ExitError> {
    let mut options = actas_store_sqlite::Options::new(folder.database());
    options.queue_length = configuration.store_queue_length;
    let opening = tokio::task::spawn_blocking(move || SqliteStore::open(&options, clock()));
    let opened =
        opening.await.map_err(|error| ExitError::Store(format!("the store did not open: {error}")))?;
    opened.map(Arc::new).map_err(|error| ExitError::Store(error.to_string()))
}

pub(crate) fn postgres_options(
    configuration: &Configuration,
) -> Result<actas_store_postgres::Options, ExitError> {
    let mut options = actas_store_postgres::Options::new(database_url(configuration)?);
    options.ca_file = configuration.database_ca_file.clone();
    options.connect_timeout = Duration::from_secs(configuration.database_connect_timeout_seconds);
    options.statement_timeout = Duration::from_secs(configuration.database_statement_timeout_seconds);
    options.read_connections = configuration.database_connections.saturating_sub(1);
    options.queue_length = configuration.store_queue_length;
    Ok(options)
}

fn database_url(configuration: &Configuration) -> Result<SecretText, ExitError> {
    if let Some(url) = &configuration.database_url {
        return Ok(url.clone());
    }
    let Some(file) = &configuration.database_url_file else {
        return Err(ExitError::Configuration("there is no database: set ACTAS_DATABASE_URL".to_owned()));
    };
    url_in("database_url_file", file)
}

/// The URL of a database in a file that is nobody else's.
///
/// # Errors
/// [`ExitError::Configuration`], with the name of what named the file.
pub(crate) fn url_in(named_by: &str, file: &Path) -> Result<SecretText, ExitError> {
    let failed = |why: &dyn std::fmt::Display| {
        ExitError::Configuration(format!("{named_by}, {}, cannot be used: {why}", file.display()))
    };
    let mode = std::fs::metadata(file).map_err(|error| failed(&error))?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(failed(&format!(
            "others may read it (mode {:04o}), and the password in it; chmod 600 it",
            mode & 0o777
        )));
    }
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    Ok(SecretText::new(text.trim().to_owned()))
}

/// An instance that ends with this process.
pub(crate) async fn in_memory(configuration: &Configuration) -> Result<(World, Held), ExitError> {
    let mut bytes = [0_u8; 32];
    SystemEntropy.fill(&mut bytes);
    let store = Arc::new(MemoryStore::new(clock()));
    let world = world(configuration, store, &MasterKey::from_bytes(bytes))?;
    let instance = bootstrap::instance(&world).await?;
    Ok((world, Held { instance, store: Opened::Memory, folder: None }))
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

/// The master key that is configured. One is made only together with the data that it is for, and where no other
/// server can need it.
fn master_key(configuration: &Configuration, folder: Option<&DataFolder>) -> Result<MasterKey, ExitError> {
    let failed = |error: MasterKeyError| ExitError::MasterKey(error.to_string());
    if let Some(text) = &configuration.master_key {
        return MasterKey::parse(text.reveal(), "ACTAS_MASTER_KEY").map_err(failed);
    }
    let file = configuration.master_key_file();
    match (MasterKey::read_file(&file), configuration.store, folder) {
        (Err(MasterKeyError::Missing(_)), StoreChoice::Sqlite, Some(folder))
            if !folder.database().exists() =>
        {
            MasterKey::create_file(&file, &SystemEntropy).map_err(failed)
        }
        (Err(error @ MasterKeyError::Missing(_)), StoreChoice::Sqlite, Some(folder)) => {
            Err(ExitError::MasterKey(format!(
                "{error}, but {} was made with one: put that file back, or name it in master_key_file",
                folder.database().display()
            )))
        }
        (Err(error @ MasterKeyError::Missing(_)), ..) => Err(ExitError::MasterKey(format!(
            "{error}, and on PostgreSQL none is made: give every server the same one, for example from \
             `openssl rand -base64 32`"
        ))),
        (other, ..) => other.map_err(failed),
    }
}
