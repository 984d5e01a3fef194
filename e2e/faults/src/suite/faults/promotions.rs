//! The primary is lost, and its standby takes over. Nobody may have been told what only the old one knew.

use super::Injection;
use crate::{
    Fault,
    suite::{checker::Fenced, deployment::off_the_runtime},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Cuts the waits of commits for the standby: those commits can be seen then, and nobody else has them. A session that is
/// ended answers nothing any more; one whose wait is cancelled answers success, with a warning.
const CUT_WAITS: &str = "SELECT count(CASE WHEN random() < 0.5 THEN pg_cancel_backend(pid) \
    ELSE pg_terminate_backend(pid) END) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
/// So many, of all replicas and both ways.
const WAITS_CUT: u64 = 6;
/// Until commits wait.
const LIMIT: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl Injection<'_> {
    pub(super) async fn promote_killed(&mut self) -> Result<(), Fault> {
        let old = self.deployment.databases()?.primary_index();
        self.fence(old, None)?;
        let databases = self.deployment.databases()?;
        let cluster = databases.primary();
        off_the_runtime(move || cluster.kill()).await?;
        databases.promote().await?;
        self.rebuild(old).await
    }

    /// One replica keeps its connections to the old primary, which lives: its commits there wait for ever.
    pub(super) async fn promote_fenced(&mut self) -> Result<(), Fault> {
        let replica = self.some_replica();
        let from = self.recorder.now();
        let databases = self.deployment.databases()?;
        let (old, cluster) = (databases.primary_index(), databases.primary());
        self.fence(old, Some(replica))?;
        self.deployment.databases()?.promote().await?;
        self.last(2_000, 4_000).await;
        off_the_runtime(move || cluster.kill()).await?;
        self.traces.fenced.push(Fenced { replica, from, until: self.recorder.now() });
        self.rebuild(old).await
    }

    /// Nothing is sent to the standby, so that commits wait for it; the waits are cut, again and again; then it takes over.
    pub(super) async fn promote_behind(&mut self) -> Result<(), Fault> {
        let databases = self.deployment.databases()?;
        let (old, primary) = (databases.primary_index(), databases.primary());
        let silent = std::sync::Arc::clone(&primary);
        off_the_runtime(move || silent.stop_sending()).await?;
        let until = Instant::now() + LIMIT;
        let mut cut = 0;
        while cut < WAITS_CUT {
            let primary = std::sync::Arc::clone(&primary);
            let ended = off_the_runtime(move || primary.try_sql("postgres", CUT_WAITS)).await??;
            cut += ended.trim().parse::<u64>()?;
            if Instant::now() > until {
                return Err("too few commits waited for the standby".into());
            }
            sleep(BETWEEN_LOOKS).await;
        }
        self.last(500, 1_500).await;
        self.fence(old, None)?;
        off_the_runtime(move || primary.kill()).await?;
        self.deployment.databases()?.promote().await?;
        self.rebuild(old).await
    }

    /// Commits do not wait for what the standby shows, so whoever reads there reads what was.
    pub(super) async fn hold_up_standby(&mut self) -> Result<(), Fault> {
        let standby = self.deployment.databases()?.standby();
        let late = std::sync::Arc::clone(&standby);
        off_the_runtime(move || late.try_sql("postgres", "SELECT pg_wal_replay_pause()")).await??;
        self.last(800, 2_500).await;
        off_the_runtime(move || standby.try_sql("postgres", "SELECT pg_wal_replay_resume()")).await??;
        Ok(())
    }

    /// From here on the old primary is out of reach for all but the given replica.
    fn fence(&mut self, old: usize, keep: Option<usize>) -> Result<(), Fault> {
        let now = self.recorder.now();
        self.traces.promotions.push((now, now));
        self.deployment.databases()?.fence(old, keep);
        Ok(())
    }

    /// The old primary comes back as the standby of the new one, and may be reached again.
    async fn rebuild(&mut self, old: usize) -> Result<(), Fault> {
        let databases = self.deployment.databases()?;
        databases.rebuild().await?;
        databases.open(old);
        Ok(())
    }
}
