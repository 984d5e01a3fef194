//! Disks that are full, and disks that are slow.

use super::Injection;
use crate::{
    Fault,
    suite::{
        deployment::{Replica, off_the_runtime},
        injectors::slow_disk::{self, SlowDisk},
    },
};
use std::{
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};
use tokio::time;

/// What a server logs then, on either store.
const DISK_IS_FULL: &str = "is full: make room";
/// How long it may take until somebody meets a full disk.
const MET_LIMIT: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How long a primary may take to work again.
const RETURN_LIMIT: Duration = Duration::from_secs(60);

impl Injection<'_> {
    pub(super) async fn fill_disk(&mut self) -> Result<(), Fault> {
        let before = self.told_of_full_disk();
        let disk = self.deployment.disk.as_ref().ok_or("this fault is one of SQLite")?;
        disk.fill()?;
        self.last(800, 2_500).await;
        let until = Instant::now() + MET_LIMIT;
        while self.told_of_full_disk() == before {
            if Instant::now() > until {
                return Err("the server never said that its disk is full".into());
            }
            time::sleep(BETWEEN_LOOKS).await;
        }
        let disk = self.deployment.disk.as_ref().ok_or("this fault is one of SQLite")?;
        disk.free()
    }

    /// The primary may go on without what it cannot write, or end: then it is started when there is room again.
    pub(super) async fn fill_database_disk(&mut self) -> Result<(), Fault> {
        let before = self.told_of_full_disk();
        let databases = self.deployment.databases()?;
        let (disk, primary) = (databases.primary_disk(), databases.primary());
        let postmaster = primary.processes().first().copied();
        let full = Arc::clone(&disk);
        off_the_runtime(move || full.fill()).await??;
        self.last(800, 2_500).await;
        // It cannot write to its log either, so its clients are asked.
        let until = Instant::now() + MET_LIMIT;
        while self.told_of_full_disk() == before {
            let database = Arc::clone(&primary);
            let answer = off_the_runtime(move || database.try_sql("postgres", "SELECT 1")).await?;
            if answer.is_err() || primary.processes().first().copied() != postmaster {
                break;
            }
            if Instant::now() > until {
                return Err("nobody met the full disk of the primary".into());
            }
            time::sleep(BETWEEN_LOOKS).await;
        }
        disk.free()?;
        let until = Instant::now() + RETURN_LIMIT;
        let is_back = off_the_runtime(move || {
            while primary.try_sql("postgres", "SELECT 1").is_err() {
                if Instant::now() > until {
                    return false;
                }
                if primary.processes().is_empty() {
                    primary.run_server();
                }
                sleep(BETWEEN_LOOKS);
            }
            true
        })
        .await?;
        if is_back {
            Ok(())
        } else {
            Err("the primary did not come back when its disk had room again".into())
        }
    }

    /// How often servers have told that the disk of their data is full.
    fn told_of_full_disk(&self) -> usize {
        let logs = self.deployment.replicas.iter().map(Replica::log);
        let texts = logs.map(|log| std::fs::read_to_string(log).unwrap_or_default());
        texts.map(|text| text.matches(DISK_IS_FULL).count()).sum()
    }

    pub(super) async fn slow_server(&mut self) -> Result<(), Fault> {
        let process = self.deployment.replicas.first().ok_or("there is no server")?.process()?;
        self.slow(&slow_disk::tree(process)).await
    }

    pub(super) async fn slow_database(&mut self) -> Result<(), Fault> {
        let processes = self.deployment.databases()?.primary().processes();
        let tree: Vec<u32> =
            processes.first().map_or_else(Vec::new, |postmaster| slow_disk::tree(*postmaster));
        self.slow(&tree).await
    }

    async fn slow(&mut self, processes: &[u32]) -> Result<(), Fault> {
        let delay = Duration::from_millis(50 + self.random.below(350));
        let slow = SlowDisk::attach(processes, delay).await?;
        self.last(1_000, 3_000).await;
        let delayed = slow.detach().await?;
        if delayed == 0 { Err("no write to the disk was delayed".into()) } else { Ok(()) }
    }
}
