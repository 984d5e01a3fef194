//! How many requests of a listener are begun at a time, and who waits for that.
//!
//! Requests that are begun and not done stand in each other's way: what each of them holds is pushed out of the processor's
//! caches by all the others (with 4,000 connections on one processor, a third of what could be done was lost). So only as
//! many are begun as fill a transaction of the store well. Those behind them wait in the order in which they came, which
//! costs nothing, and the connections of the listener bound how many can. To turn them away instead would cost more than
//! it saves: an answer of 503 takes a quarter of the work of a creation, and whoever has it asks again at once.
//!
//! A request that has had its place for long is waiting for something itself: for a database that does not answer, a list,
//! a digest. It gives the place up and goes on, so that whatever somebody waits for keeps nobody else out.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Requests that are begun at a time.
const PLACES: usize = 128;

/// How long a request has its place. With all places taken, one that needs a signature is done in a third of it.
const HOLD_MAX: Duration = Duration::from_millis(250);

/// How long a request waits to be begun.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What probes and scrapes ask for is never waited for: it is for those who look into an overload.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

#[derive(Clone, Debug)]
pub(crate) struct Admission(Arc<Semaphore>);

/// It waited for too long, and nothing of it was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TurnedAway;

/// That a request may be begun. By default it has no place to give up.
#[derive(Debug, Default)]
pub(crate) struct Turn(Option<OwnedSemaphorePermit>);

impl Admission {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }

    /// Waits until the request may be begun.
    pub(crate) async fn turn(&self, path: &str) -> Result<Turn, TurnedAway> {
        if PROBES.contains(&path) {
            return Ok(Turn::default());
        }
        match timeout(WAIT_MAX, Arc::clone(&self.0).acquire_owned()).await {
            Ok(Ok(place)) => Ok(Turn(Some(place))),
            _ => Err(TurnedAway),
        }
    }
}

impl Turn {
    /// Works to the end, and lets the next begin then or when it has taken long.
    pub(crate) async fn work<T>(self, work: impl Future<Output = T>) -> T {
        let Self(Some(place)) = self else { return work.await };
        let mut work = pin!(work);
        if let Ok(done) = timeout(HOLD_MAX, work.as_mut()).await {
            return done;
        }
        drop(place);
        work.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use std::future::{pending, ready};
    use tokio::time::Instant;

    const PATH: &str = "/v1/actor_tokens";

    async fn full(admission: &Admission) -> Vec<Turn> {
        let mut turns = Vec::new();
        for _ in 0..PLACES {
            turns.push(admission.turn(PATH).await.unwrap());
        }
        // So many at a time are all that a task may await before others have their turn.
        tokio::task::yield_now().await;
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_when_all_places_are_taken_waits_for_the_next() {
        let admission = Admission::new();
        let mut turns = full(&admission).await;
        let (first, second) = (admission.turn(PATH), admission.turn(PATH));
        tokio::pin!(first, second);
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        turns.pop().unwrap().work(ready(())).await;
        assert!(second.as_mut().now_or_never().is_none(), "it came later");
        let first = first.await.unwrap();
        drop(first);
        second.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_leaves_the_line_is_passed_over() {
        let admission = Admission::new();
        let mut turns = full(&admission).await;
        let mut leaves = Box::pin(admission.turn(PATH));
        assert!(leaves.as_mut().now_or_never().is_none());
        drop(leaves);
        turns.pop();
        assert!(admission.turn(PATH).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_something_itself_keeps_nobody_out() {
        let admission = Admission::new();
        let begun = Instant::now();
        for turn in full(&admission).await {
            tokio::spawn(turn.work(pending::<()>()));
        }
        admission.turn(PATH).await.unwrap();
        assert!(begun.elapsed() <= HOLD_MAX + Duration::from_millis(2), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_probes_never() {
        let admission = Admission::new();
        let _turns = full(&admission).await;
        assert_eq!(admission.turn(PATH).await.unwrap_err(), TurnedAway);
        for probe in PROBES {
            assert!(admission.turn(probe).now_or_never().is_some());
        }
    }
}
