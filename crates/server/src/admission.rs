//! How many requests are worked at, and who waits for that.
//!
//! Requests that are begun and not done stand in each other's way: what each of them holds is pushed out of the processor's
//! caches by all the others (with 4,000 connections on one processor, a third was lost). So only as many are begun as fill a
//! transaction of the store well, and those behind them wait in the order in which they came, which costs nothing; the
//! connections of a listener bound how many can wait. To turn them away instead would cost more than it saves: an answer
//! of 503 takes a quarter of the work of a creation, and whoever has it asks again at once. Reading and changing wait apart, so that a database that takes no changes leaves
//! those alone who read.

use http::Method;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Requests of a kind that are worked at.
const AT_WORK_MAX: usize = 128;

/// How long a request waits to be begun. As many as a listener's connections are done in this time even where each needs a
/// signature; it is over where the store does not answer.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What probes and scrapes ask for is never waited for: it is for those who look into an overload.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Change,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Read, Self::Change];

    /// By the method (RFC 9110 §9.2.1): what is safe reads.
    fn of(method: &Method) -> Self {
        if method.is_safe() { Self::Read } else { Self::Change }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Admission {
    reads: Arc<Semaphore>,
    changes: Arc<Semaphore>,
}

/// It waited for too long, and nothing of it was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TurnedAway(pub(crate) Kind);

/// The place of a request that is worked at, until the last of its clones is dropped or one gives it back.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtWork(Option<Arc<Mutex<Option<OwnedSemaphorePermit>>>>);

impl Admission {
    pub(crate) fn new() -> Self {
        let places = || Arc::new(Semaphore::new(AT_WORK_MAX));
        Self { reads: places(), changes: places() }
    }

    /// Waits until the request can be worked at.
    pub(crate) async fn turn(&self, method: &Method, path: &str) -> Result<AtWork, TurnedAway> {
        if PROBES.contains(&path) {
            return Ok(AtWork::default());
        }
        let kind = Kind::of(method);
        let places = Arc::clone(self.places(kind));
        match timeout(WAIT_MAX, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(AtWork(Some(Arc::new(Mutex::new(Some(place)))))),
            _ => Err(TurnedAway(kind)),
        }
    }

    /// Requests that are worked at now.
    pub(crate) fn at_work(&self, kind: Kind) -> usize {
        AT_WORK_MAX.saturating_sub(self.places(kind).available_permits())
    }

    const fn places(&self, kind: Kind) -> &Arc<Semaphore> {
        match kind {
            Kind::Read => &self.reads,
            Kind::Change => &self.changes,
        }
    }
}

impl AtWork {
    /// Lets the next begin. For what goes on to wait for something else in a bounded number, however little there is to do:
    /// guesses at passwords must not keep others out.
    pub(crate) fn give_back(&self) {
        if let Self(Some(place)) = self {
            drop(place.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    async fn full(admission: &Admission) -> Vec<AtWork> {
        let mut all = Vec::new();
        for _ in 0..AT_WORK_MAX {
            all.push(admission.turn(&Method::POST, "/").await.unwrap());
        }
        // So many at a time are all that a task may await before others have their turn.
        tokio::task::yield_now().await;
        all
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_when_all_places_are_taken_waits_for_the_next() {
        let admission = Admission::new();
        let mut at_work = full(&admission).await;
        assert_eq!(admission.at_work(Kind::Change), AT_WORK_MAX);
        let (first, second) = (admission.turn(&Method::POST, "/"), admission.turn(&Method::POST, "/"));
        tokio::pin!(first, second);
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        drop(at_work.pop());
        assert!(second.as_mut().now_or_never().is_none(), "it came later");
        let first = first.await.unwrap();
        let clone = first.clone();
        clone.give_back();
        second.await.unwrap();
        first.give_back();
        drop((first, clone));
        assert_eq!(admission.at_work(Kind::Change), AT_WORK_MAX - 1, "given back once, for good");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let admission = Admission::new();
        let _at_work = full(&admission).await;
        let turned_away = admission.turn(&Method::POST, "/v1/actor_tokens").await;
        assert_eq!(turned_away.unwrap_err(), TurnedAway(Kind::Change));
    }

    #[tokio::test(start_paused = true)]
    async fn reading_and_probes_do_not_wait_for_changes() {
        let admission = Admission::new();
        let _at_work = full(&admission).await;
        assert!(admission.turn(&Method::GET, "/v1/actor_tokens").now_or_never().is_some());
        for probe in PROBES {
            assert!(admission.turn(&Method::POST, probe).now_or_never().is_some());
        }
        assert_eq!(admission.at_work(Kind::Read), 0, "a place outlived its request");
    }
}
