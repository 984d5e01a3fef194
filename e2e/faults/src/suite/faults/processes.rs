//! Processes are killed, or stopped and let go on.

use super::Injection;
use crate::{Fault, suite::deployment::off_the_runtime};

impl Injection<'_> {
    pub(super) async fn kill_replica(&mut self) -> Result<(), Fault> {
        let replica = self.some_replica();
        self.deployment.replicas[replica].kill().await?;
        self.last(0, 300).await;
        self.deployment.replicas[replica].start().await
    }

    /// `kill -9` of all processes of the primary at once; it recovers from its log.
    pub(super) async fn kill_database(&mut self) -> Result<(), Fault> {
        let primary = self.deployment.databases()?.primary();
        off_the_runtime(move || {
            primary.kill();
            primary.run_server();
        })
        .await
    }

    /// Whatever it believed when it was stopped is old when it goes on.
    pub(super) async fn stop_replica(&mut self) -> Result<(), Fault> {
        let replica = self.some_replica();
        self.deployment.replicas[replica].signal("-STOP").await?;
        // Now and then longer than PostgreSQL lets a session be idle within a transaction.
        let most = if self.random.below(4) == 0 { 7_500 } else { 2_500 };
        self.last(1_000, most).await;
        self.deployment.replicas[replica].signal("-CONT").await
    }
}
