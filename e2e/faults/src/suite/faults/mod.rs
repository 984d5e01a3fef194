//! What goes wrong: each kind is injected under load, lasts a while, is healed, and waits until all is well again.

mod clocks;
mod connections;
mod disks;
mod processes;
mod promotions;

use crate::{
    Fault,
    random::Random,
    suite::{
        checker::Fenced,
        deployment::Deployment,
        history::{Micros, Recorder},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::sleep;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    KillReplica,
    KillDatabase,
    /// The old primary is fenced and killed, and its standby takes over.
    PromoteKilled,
    /// The old primary lives on with one replica connected to it, and nobody else can reach it.
    PromoteFenced,
    /// Commits that wait for the standby are cut short; then the primary is lost and the standby takes over.
    PromoteBehind,
    StopReplica,
    CutCommit,
    /// Nothing comes through between a replica and the primary, and no connection breaks.
    StallConnections,
    SlowDatabase,
    FullDatabaseDisk,
    /// The standby has all that is committed, and does not show it yet.
    LateStandby,
    MoveClock,
    KillServer,
    FullDisk,
    SlowServer,
    MoveServerClock,
}

/// Where a kind happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Postgres,
    Sqlite,
}

impl Kind {
    pub(crate) const ALL: &[Self] = &[
        Self::KillReplica,
        Self::KillDatabase,
        Self::PromoteKilled,
        Self::PromoteFenced,
        Self::PromoteBehind,
        Self::StopReplica,
        Self::CutCommit,
        Self::StallConnections,
        Self::SlowDatabase,
        Self::FullDatabaseDisk,
        Self::LateStandby,
        Self::MoveClock,
        Self::KillServer,
        Self::FullDisk,
        Self::SlowServer,
        Self::MoveServerClock,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::KillReplica => "kill-replica",
            Self::KillDatabase => "kill-database",
            Self::PromoteKilled => "promotion-killed",
            Self::PromoteFenced => "promotion-fenced",
            Self::PromoteBehind => "promotion-behind",
            Self::StopReplica => "stop-replica",
            Self::CutCommit => "cut-commit",
            Self::StallConnections => "stall-connections",
            Self::SlowDatabase => "slow-database-disk",
            Self::FullDatabaseDisk => "full-database-disk",
            Self::LateStandby => "late-standby",
            Self::MoveClock => "move-clock",
            Self::KillServer => "sqlite-kill",
            Self::FullDisk => "sqlite-full-disk",
            Self::SlowServer => "sqlite-slow-disk",
            Self::MoveServerClock => "sqlite-move-clock",
        }
    }

    pub(crate) const fn place(self) -> Place {
        match self {
            Self::KillServer | Self::FullDisk | Self::SlowServer | Self::MoveServerClock => Place::Sqlite,
            _ => Place::Postgres,
        }
    }

    pub(crate) const fn is_promotion(self) -> bool {
        matches!(self, Self::PromoteKilled | Self::PromoteFenced | Self::PromoteBehind)
    }

    pub(crate) const fn moves_clock(self) -> bool {
        matches!(self, Self::MoveClock | Self::MoveServerClock)
    }
}

/// What the faults of an epoch left for the checker and the report.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    pub(crate) fenced: Vec<Fenced>,
    pub(crate) moved_clocks: BTreeSet<usize>,
    /// Connections that were cut, by the point of the commit.
    pub(crate) cuts: BTreeMap<&'static str, u64>,
    /// From when the old primary was out of reach, until all was well again.
    pub(crate) promotions: Vec<(Micros, Micros)>,
}

/// One fault at work.
pub(crate) struct Injection<'a> {
    pub(crate) deployment: &'a mut Deployment,
    pub(crate) random: &'a mut Random,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) traces: &'a mut Traces,
}

impl Injection<'_> {
    /// Injects one, heals it, and waits until all is well.
    pub(crate) async fn carry_out(&mut self, kind: Kind) -> Result<(), Fault> {
        match kind {
            Kind::KillReplica | Kind::KillServer => self.kill_replica().await?,
            Kind::KillDatabase => self.kill_database().await?,
            Kind::StopReplica => self.stop_replica().await?,
            Kind::PromoteKilled => self.promote_killed().await?,
            Kind::PromoteFenced => self.promote_fenced().await?,
            Kind::PromoteBehind => self.promote_behind().await?,
            Kind::CutCommit => self.cut_commits().await?,
            Kind::StallConnections => self.stall_connections().await?,
            Kind::SlowDatabase => self.slow_database().await?,
            Kind::SlowServer => self.slow_server().await?,
            Kind::LateStandby => self.hold_up_standby().await?,
            Kind::FullDatabaseDisk => self.fill_database_disk().await?,
            Kind::FullDisk => self.fill_disk().await?,
            Kind::MoveClock | Kind::MoveServerClock => self.move_clock().await?,
        }
        self.deployment.await_health().await?;
        let now = self.recorder.now();
        if let Some((_, until)) = self.traces.promotions.last_mut().filter(|_| kind.is_promotion()) {
            *until = now;
        }
        Ok(())
    }

    /// After one that failed in its midst: nothing of it is to hold up those who look at what came of it. Whether all is well
    /// then is for them to see.
    pub(crate) async fn take_back(&mut self) {
        for replica in &mut self.deployment.replicas {
            // One that does not run is started; one that runs goes on.
            if replica.signal("-CONT").await.is_err() {
                let _ = replica.start().await;
            }
        }
        if let Some(clock) = &self.deployment.clock {
            let _ = clock.step(0);
        }
        if let Some(disk) = &self.deployment.disk {
            let _ = disk.free();
        }
        if let Some(databases) = &self.deployment.databases {
            databases.heal();
            let _ = databases.primary_disk().free();
        }
    }

    /// Lets the load go on for a random while: that is the fault's length, and not a wait for something.
    async fn last(&mut self, least_millis: u64, most_millis: u64) {
        let millis = least_millis + self.random.below(most_millis - least_millis);
        sleep(Duration::from_millis(millis)).await;
    }

    fn some_replica(&mut self) -> usize {
        let replicas = u64::try_from(self.deployment.replicas.len()).unwrap_or(1);
        usize::try_from(self.random.below(replicas)).unwrap_or(0)
    }
}
