//! Checkpoints: copying the WAL into the database, so that the WAL begins anew and stays small.
//!
//! The writer's own thread does it, between two batches and after the answers of the first: nobody's commit has a
//! checkpoint inside. A thread beside the writer was measured too (64 at once, [`FRAMES_PER_CHECKPOINT`] each): its
//! rate and 99th percentile were the same within the noise, but the WAL grew to whatever hard bound was set (70 MB,
//! 270 MB), for a writer that never pauses never finds a WAL that is wholly copied, and only such a one begins anew.

use crate::{connection::wal_file, metrics::Counters};
use rusqlite::{Connection, DEFAULT_NAME, hooks::Wal, wal::CheckpointMode};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Pages that the WAL takes up before they are copied: 8 MB. With fewer a page that many batches change is copied
/// more often; with more the pause is longer.
const FRAMES_PER_CHECKPOINT: u32 = 2_000;

/// A `-wal` that a long read made larger than this is cut back, at the latest when the store is idle.
pub(crate) const WAL_KEPT_BYTES: u64 = 16 << 20;

/// How long nothing must come before the rest is copied.
const IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Checkpoints {
    /// In the WAL after the newest commit.
    frames: Arc<AtomicU32>,
    /// In the WAL at the newest checkpoint. A reader may have kept some of them from being copied; they are then
    /// tried again after as many more, and not at every commit.
    frames_seen: u32,
    /// Nothing is left to do while nothing comes.
    settled: bool,
    wal: PathBuf,
    counters: Arc<Counters>,
}

impl Checkpoints {
    /// Takes over from SQLite's own, which would copy inside a commit.
    pub(crate) fn take_over(
        connection: &mut Connection,
        file: &Path,
        counters: Arc<Counters>,
    ) -> Result<Self, rusqlite::Error> {
        let frames = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&frames);
        connection.wal_hook(Some(move |_: &mut Wal, count| {
            counted.store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        connection.query_row(&format!("PRAGMA journal_size_limit = {WAL_KEPT_BYTES}"), [], |_| Ok(()))?;
        Ok(Self { frames, frames_seen: 0, settled: false, wal: wal_file(file), counters })
    }

    /// To be called when a batch is answered.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        self.settled = false;
        let frames = self.frames.load(Ordering::Relaxed);
        if frames < self.frames_seen {
            // The WAL began anew.
            self.frames_seen = 0;
        }
        if frames - self.frames_seen >= FRAMES_PER_CHECKPOINT {
            self.frames_seen = frames;
            self.run(connection, CheckpointMode::PASSIVE);
        }
    }

    /// How long to wait for the next change before [`Checkpoints::when_idle`]; for ever, if nothing is left to do.
    pub(crate) fn patience(&self) -> Option<Duration> {
        (!self.settled).then_some(IDLE)
    }

    pub(crate) fn when_idle(&mut self, connection: &Connection) {
        // A WAL of usual size is kept, for writing over it is faster than growing it again.
        let mode = match self.wal_bytes() {
            0 => return self.settled = true,
            1..=WAL_KEPT_BYTES => CheckpointMode::PASSIVE,
            _ => CheckpointMode::TRUNCATE,
        };
        self.settled = self.run(connection, mode);
    }

    pub(crate) fn at_the_end(&mut self, connection: &Connection) {
        self.run(connection, CheckpointMode::TRUNCATE);
    }

    /// Whether all of the WAL is copied. A reader that still needs some of it is no failure.
    fn run(&self, connection: &Connection, mode: CheckpointMode) -> bool {
        match connection.wal_checkpoint_v2(DEFAULT_NAME, mode) {
            Ok((frames, copied)) => {
                self.counters.checkpointed();
                frames == copied
            }
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => false,
            Err(error) => {
                tracing::warn!(%error, "the WAL could not be copied into the database; it grows meanwhile");
                false
            }
        }
    }

    fn wal_bytes(&self) -> u64 {
        fs::metadata(&self.wal).map_or(0, |wal| wal.len())
    }
}
