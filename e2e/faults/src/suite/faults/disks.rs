//! Disks that are full, and disks that are slow.

use super::Injection;
use crate::{
    Fault,
    suite::{
        deployment::off_the_runtime,
        injectors::slow_disk::{self, SlowDisk},
    },
};
use std::{
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How long a primary may take to work again.
const RETURN_LIMIT: Duration = Duration::from_secs(60);

impl Injection<'_> {
    pub(super) async fn fill_disk(&mut self) -> Result<(), Fault> {
        let disk = self.deployment.disk.as_ref().ok_or("this fault is one of SQLite")?;
        disk.fill()?;
        self.last(800, 2_500).await;
        let disk = self.deployment.disk.as_ref().ok_or("this fault is one of SQLite")?;
        disk.free()
    }

    /// The primary may go on without what it cannot write, or end: then it is started when there is room again.
    pub(super) async fn fill_database_disk(&mut self) -> Result<(), Fault> {
        let databases = self.deployment.databases()?;
        let (disk, primary) = (databases.primary_disk(), databases.primary());
        let full = Arc::clone(&disk);
        off_the_runtime(move || full.fill()).await??;
        self.last(800, 2_500).await;
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
