//! Connections to the database are cut at every point of a commit, or carry nothing for a while.

use super::Injection;
use crate::{
    Fault,
    suite::injectors::postgres_proxy::{CutPoint, PostgresProxy},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const CUTS_AT_EACH: usize = 3;
/// How long a commit may take to come to the point.
const LIMIT: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

impl Injection<'_> {
    /// Several times at each point, in a random order and at random replicas.
    pub(super) async fn cut_commits(&mut self) -> Result<(), Fault> {
        let mut points = CutPoint::ALL.repeat(CUTS_AT_EACH);
        while !points.is_empty() {
            let chosen = self.random.below(u64::try_from(points.len())?);
            let point = points.swap_remove(usize::try_from(chosen)?);
            let replica = self.some_replica();
            let databases = self.deployment.databases()?;
            let proxy = &databases.proxies[replica][databases.primary_index()];
            cut(proxy, point).await?;
            *self.traces.cuts.entry(point.name()).or_default() += 1;
        }
        Ok(())
    }

    pub(super) async fn stall_connections(&mut self) -> Result<(), Fault> {
        let replica = self.some_replica();
        let before = self.pieces_held(replica)?;
        self.hold(replica, true)?;
        // Now and then longer than PostgreSQL lets a session be idle within a transaction.
        let most = if self.random.below(4) == 0 { 7_500 } else { 2_500 };
        self.last(500, most).await;
        let until = Instant::now() + LIMIT;
        while self.pieces_held(replica)? == before {
            if Instant::now() > until {
                return Err("nothing came while nothing was carried".into());
            }
            sleep(BETWEEN_LOOKS).await;
        }
        self.hold(replica, false)
    }

    fn pieces_held(&mut self, replica: usize) -> Result<u64, Fault> {
        let databases = self.deployment.databases()?;
        Ok(databases.proxies[replica][databases.primary_index()].pieces_held())
    }

    fn hold(&mut self, replica: usize, hold: bool) -> Result<(), Fault> {
        let databases = self.deployment.databases()?;
        databases.proxies[replica][databases.primary_index()].hold(hold);
        Ok(())
    }
}

async fn cut(proxy: &PostgresProxy, point: CutPoint) -> Result<(), Fault> {
    let count = || proxy.cuts().get(&point).copied().unwrap_or_default();
    let before = count();
    let until = Instant::now() + LIMIT;
    proxy.cut_next(point);
    while count() == before {
        if Instant::now() > until {
            proxy.disarm();
            return Err(format!("no commit came to the point {} in time", point.name()).into());
        }
        sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}
