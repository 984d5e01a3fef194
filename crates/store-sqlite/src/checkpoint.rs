//! Checkpoints: copying the WAL into the database, so that the WAL begins anew and stays small.
//!
//! The writer's own thread does it, between two batches and after the answers of the first: nobody's commit has a
//! checkpoint inside. A thread beside the writer was measured too (64 at once, [`FRAMES_PER_CHECKPOINT`] each): its
//! rate and 99th percentile were the same within the noise, but the WAL grew to whatever hard bound was set (70 MB,
//! 270 MB), for a writer that never pauses never finds a WAL that is wholly copied, and only such a one begins anew.

use crate::{
    connection::{wal_file, without_patience},
    gate::Gate,
    metrics::Counters,
};
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

/// Pages that the WAL takes up before they are copied: 16 MB. With fewer a page that many batches change is copied
/// more often; with more the pause is longer.
const FRAMES_PER_CHECKPOINT: u32 = 4_000;

/// Pages in the WAL, 32 MB, at which lists are held back so that it can begin anew.
const FRAMES_MAX: u32 = 2 * FRAMES_PER_CHECKPOINT;

/// A `-wal` that became larger than this, 32 MB, is cut back when it begins anew or the store is idle.
const WAL_KEPT_BYTES: u64 = 32 << 20;

/// How long nothing must come before the rest is copied.
const IDLE: Duration = Duration::from_secs(1);

/// How often it is looked whether the last list has ended, while others are held back and nothing is written.
const GATE_POLL: Duration = Duration::from_millis(5);

pub(crate) struct Checkpoints {
    /// In the WAL after the newest commit.
    frames: Arc<AtomicU32>,
    /// In the WAL at the newest checkpoint. A reader may have kept some of them from being copied; they are then
    /// tried again after as many more, and not at every commit.
    frames_seen: u32,
    /// Nothing is left to do while nothing comes.
    settled: bool,
    wal: PathBuf,
    gate: Arc<Gate>,
    gate_is_shut: bool,
    counters: Arc<Counters>,
}

impl Checkpoints {
    /// Takes over from SQLite's own, which would copy inside a commit.
    pub(crate) fn take_over(
        connection: &mut Connection,
        file: &Path,
        gate: Arc<Gate>,
        counters: Arc<Counters>,
    ) -> Result<Self, rusqlite::Error> {
        let frames = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&frames);
        connection.wal_hook(Some(move |_: &mut Wal, count| {
            counted.store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        connection.query_row(&format!("PRAGMA journal_size_limit = {WAL_KEPT_BYTES}"), [], |_| Ok(()))?;
        let wal = wal_file(file);
        Ok(Self { frames, frames_seen: 0, settled: false, wal, gate, gate_is_shut: false, counters })
    }

    /// To be called when a batch is answered.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        self.settled = false;
        let frames = self.frames.load(Ordering::Relaxed);
        if frames < self.frames_seen {
            // The WAL began anew.
            self.frames_seen = 0;
        }
        if self.gate_is_shut {
            self.copy_behind_the_gate(connection);
        } else if frames - self.frames_seen >= FRAMES_PER_CHECKPOINT {
            self.frames_seen = frames;
            if !self.run(connection, CheckpointMode::PASSIVE) && frames >= FRAMES_MAX {
                self.gate.shut();
                self.gate_is_shut = true;
            }
        }
    }

    /// How long to wait for the next change before [`Checkpoints::when_idle`]; for ever, if nothing is left to do.
    pub(crate) fn patience(&self) -> Option<Duration> {
        if self.gate_is_shut { Some(GATE_POLL) } else { (!self.settled).then_some(IDLE) }
    }

    pub(crate) fn when_idle(&mut self, connection: &Connection) {
        if self.gate_is_shut {
            return self.copy_behind_the_gate(connection);
        }
        // A WAL of usual size is kept, for writing over it is faster than growing it again.
        let mode = match self.wal_bytes() {
            0 => return self.settled = true,
            1..=WAL_KEPT_BYTES => CheckpointMode::PASSIVE,
            _ => CheckpointMode::TRUNCATE,
        };
        self.settled = self.run(connection, mode);
    }

    /// Copies the WAL as soon as no list reads it. If somebody else does, a backup for example, the lists are let on
    /// all the same: it is tried again after as many changes.
    fn copy_behind_the_gate(&mut self, connection: &Connection) {
        if self.gate.is_empty() {
            self.frames_seen = self.frames.load(Ordering::Relaxed);
            self.run(connection, CheckpointMode::PASSIVE);
            self.open_the_gate();
        }
    }

    fn open_the_gate(&mut self) {
        self.gate.open();
        self.gate_is_shut = false;
    }

    pub(crate) fn at_the_end(&mut self, connection: &Connection) {
        self.run(connection, CheckpointMode::TRUNCATE);
    }

    /// Whether all of the WAL is copied. A reader that still needs some of it is no failure.
    fn run(&self, connection: &Connection, mode: CheckpointMode) -> bool {
        match without_patience(connection, |connection| connection.wal_checkpoint_v2(DEFAULT_NAME, mode)) {
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

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.open_the_gate();
    }
}
