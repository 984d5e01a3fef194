//! The primary is lost, and its standby takes over. Nobody may have been told what only the old one knew.

use super::Injection;
use crate::{
    Fault,
    suite::{checker::Fenced, deployment::off_the_runtime, history::Micros},
};
use actas_postgres_cluster::Cluster;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Cut the waits of commits for the standby: those commits can be seen then, and nobody else has them. A session whose wait
/// is cancelled answers success, with a warning; one that is ended answers nothing any more.
const WAYS_TO_CUT: [&str; 2] = ["pg_cancel_backend", "pg_terminate_backend"];
/// So many in each way, of all replicas.
const WAITS_CUT: u64 = 3;
/// Until what is waited for has come, on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The standby has more than it shows.
const IS_LATE: &str = "SELECT pg_get_wal_replay_pause_state() = 'paused' \
    AND pg_last_wal_replay_lsn() < pg_last_wal_receive_lsn()";

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
        // Until it is over, should it fail before.
        self.traces.fenced.push(Fenced { replica, from, until: Micros::MAX });
        self.fence(old, Some(replica))?;
        self.deployment.databases()?.promote().await?;
        self.commits_in_vain(replica, old).await?;
        self.last(2_000, 4_000).await;
        off_the_runtime(move || cluster.kill()).await?;
        let now = self.recorder.now();
        if let Some(fenced) = self.traces.fenced.last_mut() {
            fenced.until = now;
        }
        self.rebuild(old).await
    }

    /// Waits until the replica that was left there has tried to commit at the old primary, and has no answer.
    async fn commits_in_vain(&mut self, replica: usize, old: usize) -> Result<(), Fault> {
        let until = Instant::now() + LIMIT;
        let proxy = &self.deployment.databases()?.proxies[replica][old];
        while proxy.commits_waiting() == 0 {
            if Instant::now() > until {
                return Err("nobody tried to commit at the old primary".into());
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    /// Nothing is sent to the standby, so that commits wait for it; the waits are cut, again and again; then it takes over.
    pub(super) async fn promote_behind(&mut self) -> Result<(), Fault> {
        let databases = self.deployment.databases()?;
        let (old, primary) = (databases.primary_index(), databases.primary());
        let silent = Arc::clone(&primary);
        off_the_runtime(move || silent.stop_sending()).await?;
        let until = Instant::now() + LIMIT;
        let mut cut = [0, 0];
        for way in [0, 1].into_iter().cycle() {
            let primary = Arc::clone(&primary);
            let statement = format!(
                "SELECT count({}(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
                WAYS_TO_CUT[way]
            );
            let ended = off_the_runtime(move || primary.try_sql("postgres", &statement)).await??;
            cut[way] += ended.trim().parse::<u64>()?;
            if cut.iter().all(|cut| *cut >= WAITS_CUT) {
                break;
            }
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
        let late = Arc::clone(&standby);
        off_the_runtime(move || late.try_sql("postgres", "SELECT pg_wal_replay_pause()")).await??;
        self.last(800, 2_500).await;
        let is_met = answers_true(&standby, IS_LATE).await;
        off_the_runtime(move || standby.try_sql("postgres", "SELECT pg_wal_replay_resume()")).await??;
        is_met
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

/// Waits until the server says yes.
async fn answers_true(server: &Arc<Cluster>, question: &'static str) -> Result<(), Fault> {
    let until = Instant::now() + LIMIT;
    loop {
        let asked = Arc::clone(server);
        let answer = off_the_runtime(move || asked.try_sql("postgres", question)).await?;
        match answer {
            Ok(answer) if answer == "t" => return Ok(()),
            other if Instant::now() > until => return Err(format!("{question}: {other:?}").into()),
            _ => sleep(BETWEEN_LOOKS).await,
        }
    }
}
