//! A run of the purge: small steps of all kinds by turns, so that none waits for another, while the lease is this server's.

use super::{Hold, Keeping};
use actas_domain::{
    refusal::Failure,
    retention::{self, Begun, Purge, Stepped},
    time::UnixMillis,
};
use actas_server::App;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Between two steps, at least; and never less than the last one took, so that the writer's time is mostly others'.
const STEP_PAUSE_MIN: Duration = Duration::from_millis(20);

/// Before a step that failed is tried again; twice as long each time.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Some two minutes: a store that is overloaded, or moves to another server, is waited for.
const ATTEMPTS: u32 = 8;

/// A purge that breaks off goes on in the next round: nothing of it has to be known.
pub(super) async fn run(app: Arc<App>, hold: Hold) {
    let Some(begun) = begin_patiently(&app).await else { return };
    let mut run = Run { keeping: Keeping::begin(&app, &hold), app: Arc::clone(&app), now: begun.now };
    let ended = carry_out(begun.purges, &mut run).await;
    tell_oldest_entry(&app).await;
    match ended {
        Ended::Done => app.metrics.purge_ended(app.world.now().seconds()),
        Ended::InPart => {}
        Ended::LeaseLost => tracing::info!("another server goes on with the purge"),
    }
}

async fn begin_patiently(app: &App) -> Option<Begun> {
    let mut retry_pause = RETRY_PAUSE;
    for _ in 0..ATTEMPTS {
        match retention::begin(&app.world).await {
            Ok(begun) => return Some(begun),
            Err(error) => {
                tracing::warn!(%error, "what has been kept for long enough could not be looked for; trying again");
                sleep(retry_pause).await;
                retry_pause *= 2;
            }
        }
    }
    None
}

/// What takes the steps.
trait Purging: Send {
    /// Whether nobody else does it by now.
    fn goes_on(&mut self) -> impl Future<Output = bool> + Send;
    fn step(&mut self, purge: &Purge) -> impl Future<Output = Result<Stepped, Failure>> + Send;
    fn pause(&mut self, length: Duration) -> impl Future<Output = ()> + Send;
}

struct Run {
    app: Arc<App>,
    keeping: Keeping,
    now: UnixMillis,
}

impl Purging for Run {
    async fn goes_on(&mut self) -> bool {
        self.keeping.goes_on().await
    }

    async fn step(&mut self, purge: &Purge) -> Result<Stepped, Failure> {
        let stepped = retention::step(&self.app.world, purge, self.now).await?;
        self.app.metrics.count_purged(purge.of.as_str(), stepped.removed);
        Ok(stepped)
    }

    async fn pause(&mut self, length: Duration) {
        sleep(length).await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Done,
    /// Of a kind at least there may be more.
    InPart,
    LeaseLost,
}

/// What is left to do of a kind.
struct Left {
    purge: Purge,
    removed: u64,
}

async fn carry_out(purges: Vec<Purge>, run: &mut impl Purging) -> Ended {
    let mut left: VecDeque<_> = purges.into_iter().map(|purge| Left { purge, removed: 0 }).collect();
    let mut ended = Ended::Done;
    while let Some(mut each) = left.pop_front() {
        if !run.goes_on().await {
            return Ended::LeaseLost;
        }
        let kind = each.purge.of.as_str();
        match take_patiently(&each.purge, run).await {
            Ok(stepped) => {
                each.removed += u64::from(stepped.removed);
                match stepped.rest {
                    Some(rest) => left.push_back(Left { purge: rest, ..each }),
                    None if each.removed > 0 => {
                        tracing::info!(kind, rows = each.removed, "purged what was kept for long enough");
                    }
                    None => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, kind, rows = each.removed, "a purge has broken off; trying again in the next run");
                ended = Ended::InPart;
            }
        }
    }
    ended
}

/// A step, and the pause behind it. One that fails is tried again a few times: most of what stops it passes.
async fn take_patiently(purge: &Purge, run: &mut impl Purging) -> Result<Stepped, Failure> {
    let mut retry_pause = RETRY_PAUSE;
    for _ in 1..ATTEMPTS {
        let begun = Instant::now();
        match run.step(purge).await {
            Ok(stepped) => {
                run.pause(begun.elapsed().max(STEP_PAUSE_MIN)).await;
                return Ok(stepped);
            }
            Err(error) => {
                tracing::debug!(%error, kind = purge.of.as_str(), "a step of the purge is tried again");
                run.pause(retry_pause).await;
                retry_pause *= 2;
            }
        }
    }
    run.step(purge).await
}

/// An entry that a clock dated into a time to come keeps all behind it until then, so it has to be seen.
async fn tell_oldest_entry(app: &App) {
    let oldest = match retention::oldest_entry(&app.world).await {
        Ok(oldest) => oldest,
        Err(error) => return tracing::warn!(%error, "the oldest entry of the record could not be read"),
    };
    let Some(oldest) = oldest else { return };
    app.metrics.found_oldest_entry(oldest.event.at.seconds());
    let is_cut = app.world.settings.record_retention_seconds.is_some();
    if is_cut && oldest.event.at > app.world.now().plus_seconds(3_600) {
        tracing::warn!(
            position = oldest.position,
            at = oldest.event.at.seconds(),
            "the oldest entry of the record has a time that is to come: no entry is purged before then"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::{ports::StoreError, retention::Purged};

    const TOKENS: Purged = Purged::ActorTokens;
    const SESSIONS: Purged = Purged::Sessions;

    /// The lease for so many steps, and an answer to each.
    struct Script<Answer> {
        lease_steps: usize,
        answer: Answer,
        taken: Vec<Purged>,
        paused: Duration,
    }

    impl<Answer> Purging for Script<Answer>
    where
        Answer: FnMut(Purged, usize) -> Option<bool> + Send,
    {
        async fn goes_on(&mut self) -> bool {
            self.taken.len() < self.lease_steps
        }

        /// By the kind and how many of its steps were taken before: whether there is more, or a failure.
        async fn step(&mut self, purge: &Purge) -> Result<Stepped, Failure> {
            let before = self.taken.iter().filter(|of| **of == purge.of).count();
            self.taken.push(purge.of);
            let unavailable = || StoreError::Unavailable("away".into());
            let has_more = (self.answer)(purge.of, before).ok_or_else(unavailable)?;
            Ok(Stepped { removed: 1, rest: has_more.then(|| purge.clone()) })
        }

        async fn pause(&mut self, length: Duration) {
            self.paused += length;
        }
    }

    async fn run(
        lease_steps: usize,
        answer: impl FnMut(Purged, usize) -> Option<bool> + Send,
    ) -> (Ended, Vec<Purged>) {
        let mut script = Script { lease_steps, answer, taken: Vec::new(), paused: Duration::ZERO };
        let ended = carry_out(vec![Purge::of(TOKENS, 1), Purge::of(SESSIONS, 1)], &mut script).await;
        assert!(script.paused < Duration::from_secs(180), "{:?}", script.paused);
        (ended, script.taken)
    }

    #[tokio::test]
    async fn kinds_take_turns() {
        let ended = run(99, |_, before| Some(before < 2)).await;
        assert_eq!(ended, (Ended::Done, [TOKENS, SESSIONS].repeat(3)));
    }

    #[tokio::test]
    async fn who_lost_the_lease_takes_no_more_steps_and_has_not_ended_the_purge() {
        let ended = run(3, |_, _| Some(true)).await;
        assert_eq!(ended, (Ended::LeaseLost, vec![TOKENS, SESSIONS, TOKENS]));
    }

    #[tokio::test]
    async fn a_failure_that_passes_costs_moments_and_one_that_stays_its_kind_alone() {
        let ended = run(99, |of, before| if of == TOKENS && before < 3 { None } else { Some(false) }).await;
        assert_eq!(ended, (Ended::Done, [TOKENS].repeat(4).into_iter().chain([SESSIONS]).collect()));
        let (ended, taken) = run(99, |of, _| (of != TOKENS).then_some(false)).await;
        assert_eq!(ended, Ended::InPart);
        assert_eq!(taken.iter().filter(|of| **of == SESSIONS).count(), 1);
    }
}
