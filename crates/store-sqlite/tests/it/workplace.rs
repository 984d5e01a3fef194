//! A folder of a test's own, stores in it, and images of them as a loss of power would leave them.

use actas_domain::{
    change::Write,
    ports::Store,
    testing::{FixedClock, changes, rows},
};
use actas_store_sqlite::{OpenError, Options, SqliteStore};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

pub(crate) struct Workplace {
    folder: TempDir,
    pub(crate) clock: FixedClock,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), clock: FixedClock::new(rows::START) }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("actas.db")
    }

    pub(crate) fn options(&self) -> Options {
        Options::new(self.file())
    }

    pub(crate) fn try_open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(&self.options(), Arc::new(self.clock.clone()))
    }

    pub(crate) fn open(&self) -> SqliteStore {
        self.try_open().unwrap()
    }

    /// What is on disk now, in another folder: the owner of the original notices nothing.
    pub(crate) fn image(&self) -> Self {
        let image = Self { folder: TempDir::new().unwrap(), clock: self.clock.clone() };
        // The WAL last: what a checkpoint moves meanwhile is then in both.
        fs::copy(self.file(), image.file()).unwrap();
        match fs::copy(beside(&self.file(), "-wal"), beside(&image.file(), "-wal")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
            _ => image,
        }
    }
}

/// `actas.db-wal` for `-wal`.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

/// An actor token of this number, as a change.
pub(crate) fn add_actor_token(number: u64) -> actas_domain::change::Change {
    changes::change(Vec::new(), vec![Write::AddActorToken(rows::actor_token(number))])
}

pub(crate) async fn has_actor_token(store: &SqliteStore, number: u64) -> bool {
    store.actor_token(&rows::actor_token_id(number)).await.unwrap().is_some()
}
