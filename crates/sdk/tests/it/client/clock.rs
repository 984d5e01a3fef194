//! A clock that tests move. Waits between attempts pass at once; the limits of attempts pass only when a test says
//! so.

use actas_sdk::transport::{BoxFuture, Clock};
use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

#[derive(Clone)]
pub(crate) struct TestClock(Arc<State>);

struct State {
    now: Mutex<Duration>,
    waits: Mutex<Vec<Duration>>,
    /// A wait of this length or longer is the limit of an attempt.
    shortest_limit: Duration,
    /// Told when a limit passes.
    limit_passes: Option<Arc<Notify>>,
    unix_time: Duration,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self::with_limits(Duration::from_secs(15), None)
    }

    /// Limits, which are `shortest` or longer, pass whenever `passes` is told.
    pub(crate) fn with_limits(shortest: Duration, passes: Option<Arc<Notify>>) -> Self {
        Self(Arc::new(State {
            now: Mutex::default(),
            waits: Mutex::default(),
            shortest_limit: shortest,
            limit_passes: passes,
            unix_time: Duration::from_secs(784_111_777),
        }))
    }

    /// The waits between attempts, so far.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.waits.lock().unwrap().clone()
    }

    pub(crate) fn now(&self) -> Duration {
        *self.0.now.lock().unwrap()
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Duration {
        self.now()
    }

    fn unix_time(&self) -> Duration {
        self.0.unix_time
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let state = Arc::clone(&self.0);
        Box::pin(async move {
            if duration >= state.shortest_limit {
                match &state.limit_passes {
                    Some(passes) => passes.notified().await,
                    None => pending().await,
                }
            } else {
                state.waits.lock().unwrap().push(duration);
            }
            *state.now.lock().unwrap() += duration;
        })
    }
}
