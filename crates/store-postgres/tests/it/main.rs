//! The contract of every store, and what only this one promises: several of it on one database, and connections that
//! break.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what went wrong by panicking")]

mod archive;
mod batches;
mod certainty;
mod connections;
mod contract;
mod durability;
mod large;
mod leases;
mod opening;
mod outages;
mod proxy;
mod replicas;
mod tls;
mod workplace;
