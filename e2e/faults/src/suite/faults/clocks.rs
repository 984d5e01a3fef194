//! A server's clock steps back and forth; the machine's stays as it is.

use super::Injection;
use crate::Fault;

/// From a little to a lot, in seconds.
const STEPS: &[i64] = &[2, -2, 30, -30, 3_600, -3_600, 6 * 3_600, -6 * 3_600];

impl Injection<'_> {
    pub(super) async fn move_clock(&mut self) -> Result<(), Fault> {
        self.traces.clock_was_moved = true;
        for _ in 0..3 {
            let step = STEPS[usize::try_from(self.random.below(u64::try_from(STEPS.len())?))?];
            self.clock()?.step(step)?;
            self.last(400, 1_200).await;
        }
        self.clock()?.step(0)
    }

    fn clock(&self) -> Result<&crate::suite::injectors::clock::FakeClock, Fault> {
        self.deployment.clock.as_ref().ok_or_else(|| "no server was started under a clock of its own".into())
    }
}
