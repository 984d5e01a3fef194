//! Creations on PostgreSQL, beside what batched insertions reach there.

use super::{
    super::{
        Bench, Measured, limits,
        server::SERVER,
        wrk::{CONNECTIONS, load},
    },
    Instance,
};
use crate::command;
use actas_postgres_cluster::Cluster;
use std::{fs, process::Command};

/// Rows in a transaction of the limit: as many as the connections of the usual load can have waiting.
const BATCH: &str = "64";

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let cluster = Cluster::start_with(&[
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("shared_buffers", "256MB"),
        ("max_wal_size", "4GB"),
    ]);
    let postmaster = postmaster(&cluster)?;
    command::output(
        Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", SERVER]).arg(&postmaster),
    )?;
    let database = cluster.create_database();
    let seconds = bench.extent.seconds.to_string();
    // Both ends on one processor, as they are when Actas asks.
    let limit =
        limits::measure(bench, &["postgres", &database.url(), BATCH, &seconds])?.figure("per_second")?;
    let folder = bench.empty_folder("actas-postgres")?.join("data");
    let mut instance = Instance::start(bench, &folder, Some(&database.url()))?;
    instance.server.others = postmaster.parse().into_iter().collect();
    let create = load(bench, &instance.server, CONNECTIONS, || Ok(instance.creations()))?;
    Ok(vec![
        ("postgres.batch_64.per_second", limit),
        ("actas_postgres.create.per_second", create.per_second),
        ("actas_postgres.create.p99", create.p99_milliseconds),
    ])
}

fn postmaster(cluster: &Cluster) -> Result<String, String> {
    let shown = cluster.sql("postgres", "SHOW data_directory");
    let file = std::path::Path::new(shown.trim()).join("postmaster.pid");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
