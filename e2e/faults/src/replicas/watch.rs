//! Requests that go on, many at once and on every server, while something is done; what they were answered is judged
//! afterwards by when each began.

use super::deployment::{Answered, Deployment, Replica};
use crate::Fault;
use futures::future::{join, try_join_all};
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Askers of each server.
const ASKERS: usize = 3;
/// Answers that each of them must have had before the act, and of requests that began after it.
const ENOUGH: usize = 5;
/// Until they have been; on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a watch saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) before: usize,
    pub(super) overlapping: usize,
    pub(super) after: usize,
    /// How long after the acknowledgement the last request began that was still granted; none did in most cases.
    pub(super) longest: Duration,
}

impl Seen {
    pub(super) fn add(&mut self, other: &Self) {
        self.before += other.before;
        self.overlapping += other.overlapping;
        self.after += other.after;
        self.longest = self.longest.max(other.longest);
    }

    /// `late` is how long after the acknowledgement the request began.
    fn judge(
        &mut self,
        answer: &Answered,
        is_granted: bool,
        is_before: bool,
        late: Option<Duration>,
        bound: Duration,
    ) -> Result<(), Fault> {
        let told = || format!("{} {}", answer.status, answer.body);
        if answer.status >= 500 {
            return Err(format!("failed: {}", told()).into());
        }
        match late {
            None if is_before && !is_granted => {
                return Err(format!("refused before the act: {}", told()).into());
            }
            None if is_before => self.before += 1,
            None => self.overlapping += 1,
            Some(late) => {
                self.after += usize::from(late >= bound);
                if is_granted {
                    self.longest = self.longest.max(late);
                }
                if is_granted && late >= bound {
                    let begun = format!("granted to a request that began {late:?} after the acknowledgement");
                    return Err(format!("{begun}; the bound is {bound:?}").into());
                }
            }
        }
        Ok(())
    }
}

/// Asks all servers again and again, acts in the midst of it, and goes on for as long as `bound` and enough requests after
/// that. `granted` says of an answer whether it was given what `act` takes away. Nothing may be granted to a request that
/// began at or after `bound` behind the acknowledgement, and nothing refused to one that was answered before the act.
pub(super) async fn watch(
    deployment: &Deployment,
    bound: Duration,
    ask: impl AsyncFn(&Replica, usize) -> Result<Answered, Fault>,
    granted: impl Fn(&Answered) -> bool,
    act: impl AsyncFnOnce() -> Result<(), Fault>,
) -> Result<Seen, Fault> {
    let stop = AtomicBool::new(false);
    let counts: Vec<AtomicUsize> =
        deployment.replicas().iter().flat_map(|_| (0..ASKERS).map(|_| AtomicUsize::new(0))).collect();
    let asker = async |replica: &Replica, number: usize, count: &AtomicUsize| {
        let mut answers = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            let answer = ask(replica, number % ASKERS).await?;
            answers.push((answer, Instant::now()));
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok::<_, Fault>(answers)
    };
    let askers = counts.iter().enumerate();
    let asking =
        try_join_all(askers.map(|(number, count)| asker(deployment.replica(number / ASKERS), number, count)));
    let acting = async {
        let outcome = timeout(PATIENCE, async {
            reach(&counts, ENOUGH).await;
            let begun = Instant::now();
            act().await?;
            let acknowledged = Instant::now();
            tokio::time::sleep_until((acknowledged + bound).into()).await;
            // The first of them may have begun before.
            further(&counts, ENOUGH + 1).await;
            Ok::<_, Fault>((begun, acknowledged))
        })
        .await;
        stop.store(true, Ordering::SeqCst);
        outcome.map_err(|_| "the requests came to a standstill")?
    };
    let (answers, acted) = join(asking, acting).await;
    let ((act_begun, acknowledged), answers) = (acted?, answers?);
    let mut seen = Seen::default();
    for (answer, ended) in answers.into_iter().flatten() {
        seen.judge(
            &answer,
            granted(&answer),
            ended < act_begun,
            answer.begun.checked_duration_since(acknowledged),
            bound,
        )?;
    }
    if seen.after < ENOUGH * counts.len() {
        return Err(format!("only {} requests began after the act", seen.after).into());
    }
    Ok(seen)
}

/// Waits until all have counted so many.
pub(super) async fn reach(counts: &[AtomicUsize], wanted: usize) {
    for count in counts {
        while count.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Waits until all have counted so many more.
pub(super) async fn further(counts: &[AtomicUsize], more: usize) {
    for count in counts {
        reach(std::slice::from_ref(count), count.load(Ordering::SeqCst) + more).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_judged_by_when_its_request_began() {
        let judge = |status, is_granted, is_before, late: Option<u64>, bound| {
            let answer = Answered { begun: Instant::now(), status, body: serde_json::Value::Null };
            let (late, bound) = (late.map(Duration::from_millis), Duration::from_millis(bound));
            let mut seen = Seen::default();
            let outcome = seen.judge(&answer, is_granted, is_before, late, bound);
            outcome.map(|()| (seen.before, seen.overlapping, seen.after, seen.longest.as_millis()))
        };
        assert_eq!(judge(200, true, true, None, 0).unwrap(), (1, 0, 0, 0));
        assert!(judge(404, false, true, None, 0).unwrap_err().to_string().contains("refused before"));
        assert_eq!(judge(404, false, false, None, 0).unwrap(), (0, 1, 0, 0));
        assert_eq!(judge(404, false, false, Some(0), 0).unwrap(), (0, 0, 1, 0));
        assert_eq!(judge(200, true, false, Some(999), 1_000).unwrap(), (0, 0, 0, 999));
        let late = judge(200, true, false, Some(1_000), 1_000).unwrap_err().to_string();
        assert!(late.contains("began 1s") && late.contains("bound is 1s"), "{late}");
        assert!(judge(503, false, false, Some(0), 0).is_err());
    }
}
