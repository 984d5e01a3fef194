//! Numbers about the store, for whoever exports metrics.

use actas_domain::tally::{BATCH_SIZES, COMMIT_MICROS, Tallied, Tally};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What the store looks like at one moment, and what it did since it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Changes that wait for the writer.
    pub queue_depth: u64,
    /// Changes that may wait.
    pub queue_length: u64,
    /// Reads that wait for a connection.
    pub read_queue_depth: u64,
    /// Transactions committed.
    pub commits_total: u64,
    /// Transactions that were rolled back, whole or to try their changes one by one.
    pub rollbacks_total: u64,
    /// Changes carried out or refused in committed transactions.
    pub changes_total: u64,
    /// Changes in the newest transaction.
    pub last_batch_size: u64,
    /// Changes in each committed transaction.
    pub batch_sizes: Tallied<{ BATCH_SIZES.len() }>,
    /// Of each change, from before it waits in the queue until its outcome is known, in microseconds.
    pub commit_micros: Tallied<{ COMMIT_MICROS.len() }>,
    /// Times that the WAL was copied into the database.
    pub checkpoints_total: u64,
    /// Bytes of the `-wal` file.
    pub wal_bytes: u64,
}

/// Written by the writer's thread, read by anybody.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) rollbacks: AtomicU64,
    pub(crate) changes: AtomicU64,
    pub(crate) last_batch_size: AtomicU64,
    pub(crate) batch_sizes: Tally<{ BATCH_SIZES.len() }>,
    pub(crate) commit_micros: Tally<{ COMMIT_MICROS.len() }>,
    pub(crate) checkpoints: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            commits: AtomicU64::default(),
            rollbacks: AtomicU64::default(),
            changes: AtomicU64::default(),
            last_batch_size: AtomicU64::default(),
            batch_sizes: Tally::new(BATCH_SIZES),
            commit_micros: Tally::new(COMMIT_MICROS),
            checkpoints: AtomicU64::default(),
        }
    }
}

impl Counters {
    pub(crate) fn committed(&self, batch_size: usize) {
        let batch_size = u64::try_from(batch_size).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.changes.fetch_add(batch_size, Ordering::Relaxed);
        self.last_batch_size.store(batch_size, Ordering::Relaxed);
        self.batch_sizes.count(batch_size);
    }

    pub(crate) fn commit_took(&self, time: Duration) {
        self.commit_micros.count(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn rolled_back(&self) {
        self.rollbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn checkpointed(&self) {
        self.checkpoints.fetch_add(1, Ordering::Relaxed);
    }
}
