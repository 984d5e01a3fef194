//! An open loop: requests begin when their time has come, whether or not earlier ones are answered, so that
//! a server that stalls cannot hide it by being asked less. Opening a connection counts as part of the time.

use super::connection::Connection;
use crate::{Fallible, figures::Figures};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, interval, timeout},
};

/// Connections at a time, a little fewer than Actas takes by default. A request that finds all of them busy is not
/// sent: it is one that the server has kept out.
const CONNECTIONS_MAX: usize = 4_000;
/// After which a caller would have gone away.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked which requests are due.
const TICK: Duration = Duration::from_millis(1);
/// File descriptors that are no connections.
const OTHER_DESCRIPTORS: u64 = 64;

#[derive(Default)]
struct Tally {
    answered: Vec<Duration>,
    refused: Vec<Duration>,
    timed_out: u32,
    /// Answers of any other kind, and connections that broke.
    other: u32,
    kept_out: u32,
}

#[derive(Clone)]
struct Caller {
    address: Arc<str>,
    request: Arc<[u8]>,
    idle: Arc<Mutex<Vec<Connection>>>,
    tally: Arc<Mutex<Tally>>,
}

/// The request of the file, `rate` times in a second.
pub(crate) async fn run(address: &str, request: &Path, rate: f64, duration: Duration) -> Fallible<Figures> {
    allow_connections();
    let caller = Caller {
        address: address.into(),
        request: std::fs::read(request)?.into(),
        idle: Arc::default(),
        tally: Arc::default(),
    };
    let (begun, mut ticks, mut calls) = (Instant::now(), interval(TICK), JoinSet::new());
    let mut sent: u32 = 0;
    while begun.elapsed() < duration {
        ticks.tick().await;
        // A generator that cannot keep up sends fewer, and says how many.
        while begun.elapsed() < duration && f64::from(sent) < rate * begun.elapsed().as_secs_f64() {
            sent += 1;
            while calls.try_join_next().is_some() {}
            if calls.len() < CONNECTIONS_MAX {
                calls.spawn(caller.clone().call(Instant::now()));
            } else {
                caller.tally.lock().unwrap_or_else(PoisonError::into_inner).kept_out += 1;
            }
            if sent.is_multiple_of(32) {
                tokio::task::yield_now().await;
            }
        }
    }
    while calls.join_next().await.is_some() {}
    let tally = std::mem::take(&mut *caller.tally.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(tally.figures(duration).with("sent_per_second", f64::from(sent) / duration.as_secs_f64()))
}

/// As many as are wanted, or as the system lets us.
fn allow_connections() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let wanted = CONNECTIONS_MAX as u64 + OTHER_DESCRIPTORS;
    let current = Some(maximum.map_or(wanted, |maximum| wanted.min(maximum)));
    // Where it is refused, connections fail, and are counted.
    let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
}

impl Caller {
    async fn call(self, begun: Instant) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let exchange = async {
            let mut connection = match idle {
                Some(connection) => connection,
                None => Connection::open(&self.address).await?,
            };
            let answer = connection.send(&self.request).await?;
            Fallible::Ok((connection, answer.status))
        };
        let outcome = timeout(PATIENCE, exchange).await;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Err(_) => tally.timed_out += 1,
            Ok(Err(_)) => tally.other += 1,
            Ok(Ok((connection, status))) => {
                match status {
                    200 => tally.answered.push(begun.elapsed()),
                    429 | 503 => tally.refused.push(begun.elapsed()),
                    _ => tally.other += 1,
                }
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
        }
    }
}

impl Tally {
    fn figures(mut self, duration: Duration) -> Figures {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let per_second = |count: usize| count as f64 / duration.as_secs_f64();
        let high = |durations: &mut Vec<Duration>| {
            durations.sort_unstable();
            let index = (durations.len() * 99 / 100).min(durations.len().saturating_sub(1));
            durations.get(index).map_or(0.0, |duration| duration.as_secs_f64() * 1e3)
        };
        let (answered_high, refused_high) = (high(&mut self.answered), high(&mut self.refused));
        Figures::default()
            .with("answered_per_second", per_second(self.answered.len()))
            .with("refused_per_second", per_second(self.refused.len()))
            .with("answered_p99_milliseconds", answered_high)
            .with("refused_p99_milliseconds", refused_high)
            .with("timed_out", f64::from(self.timed_out))
            .with("other", f64::from(self.other))
            .with("kept_out", f64::from(self.kept_out))
    }
}
