//! A server's clock steps back and forth; the machine's stays as it is.

use super::Injection;
use crate::{
    Fault,
    suite::{
        deployment::CLOCK_REPLICA,
        history::{Event, Micros, Outcome},
    },
};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long a step may take to show in an answer.
const LIMIT: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// Less than half of the least step.
const TOLERANCE_MILLIS: i64 = 900;

/// From a little to a lot, in seconds.
const STEPS: &[i64] = &[2, -2, 30, -30, 3_600, -3_600, 6 * 3_600, -6 * 3_600];

impl Injection<'_> {
    pub(super) async fn move_clock(&mut self) -> Result<(), Fault> {
        // On SQLite it is the one server there is.
        let replica = CLOCK_REPLICA.min(self.deployment.replicas.len().saturating_sub(1));
        self.traces.moved_clocks.insert(replica);
        for _ in 0..3 {
            let step = STEPS[usize::try_from(self.random.below(u64::try_from(STEPS.len())?))?];
            self.clock()?.step(step)?;
            self.is_felt(replica, step).await?;
            self.last(400, 1_200).await;
        }
        self.clock()?.step(0)
    }

    /// Waits until the server tells such a time.
    async fn is_felt(&self, replica: usize, step_seconds: i64) -> Result<(), Fault> {
        let (from, until) = (self.recorder.now(), Instant::now() + LIMIT);
        let wall = |at: Micros| self.recorder.origin_millis + i64::try_from(at / 1_000).unwrap_or(i64::MAX);
        let is_such = |event: &Event| {
            let told = (event.replica == replica).then(|| told_millis(event)).flatten();
            told.is_some_and(|told| {
                let told = told - 1_000 * step_seconds;
                (wall(event.begin) - TOLERANCE_MILLIS..=wall(event.end) + TOLERANCE_MILLIS).contains(&told)
            })
        };
        while !self.recorder.has_since(from, is_such) {
            if Instant::now() > until {
                return Err(format!("a server did not tell a time that is {step_seconds} s off").into());
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    fn clock(&self) -> Result<&crate::suite::injectors::clock::FakeClock, Fault> {
        self.deployment.clock.as_ref().ok_or_else(|| "no server was started under a clock of its own".into())
    }
}

/// The server's time, in an answer that tells it to the millisecond: that of something made just then.
fn told_millis(event: &Event) -> Option<i64> {
    let Outcome::Created { answer, .. } = &event.outcome else { return None };
    serde_json::from_str::<Value>(answer).ok()?["created_at"].as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::history::Act;

    #[test]
    fn what_was_made_tells_the_time() {
        let event = |answer: &str| Event {
            begin: 0,
            end: 1,
            replica: 0,
            key: None,
            act: Act::CreateKey,
            outcome: Outcome::Created { id: "id".to_owned(), answer: answer.to_owned() },
            trace: None,
        };
        assert_eq!(told_millis(&event(r#"{"created_at":1700000000123}"#)), Some(1_700_000_000_123));
        assert_eq!(told_millis(&event("")), None);
    }
}
