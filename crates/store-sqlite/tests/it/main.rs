//! The contract of every store, and what only this one promises: about its file, its batches and its WAL.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod backups;
mod batches;
mod checkpoints;
mod contract;
mod disk;
mod opening;
mod purging;
mod workplace;
