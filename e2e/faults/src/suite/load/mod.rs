//! Random acts by real HTTP: many workers on the same people, tickets, sessions and keys, each request and its answer
//! taken down.

mod acts;
mod asking;
mod keeper;
mod pool;
mod reads;

pub(crate) use pool::Pool;

use crate::{
    Fault,
    random::Random,
    suite::{
        deployment::{Deployment, Environment, Location, SecretKey},
        history::Recorder,
    },
};
use asking::Worker;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// Workers that act at once, besides the one that makes and revokes secret keys.
const WORKERS: usize = 24;
/// People of an epoch when it begins.
const PEOPLE: usize = 12;
/// How long an answer is awaited. What was asked may happen later all the same.
const PATIENCE: Duration = Duration::from_secs(6);

/// What all workers share.
pub(crate) struct Shared {
    http: reqwest::Client,
    locations: Vec<Location>,
    pub(crate) recorder: Arc<Recorder>,
    pool: Mutex<Pool>,
    /// Valid for the whole run.
    key: SecretKey,
    /// What the command line of each replica needs.
    program: PathBuf,
    environments: Vec<Environment>,
    stop: AtomicBool,
    intents: AtomicU64,
    /// Tickets that were redeemed at all replicas at once.
    storms: AtomicU64,
}

impl Shared {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A name that no other request has.
    fn intent(&self) -> String {
        format!("intent-{}-{}", self.recorder.origin_millis, self.intents.fetch_add(1, Ordering::Relaxed))
    }
}

/// Workers at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Makes people, and lets the workers act on them.
    pub(crate) async fn start(
        deployment: &Deployment,
        program: PathBuf,
        key: SecretKey,
        recorder: Arc<Recorder>,
        random: &mut Random,
        first_intent: u64,
    ) -> Result<Self, Fault> {
        let shared = Arc::new(Shared {
            http: reqwest::Client::builder().timeout(PATIENCE).build()?,
            locations: deployment.locations(),
            recorder,
            pool: Mutex::default(),
            key,
            program,
            environments: deployment.replicas.iter().map(|replica| replica.environment.clone()).collect(),
            stop: AtomicBool::new(false),
            intents: AtomicU64::new(first_intent),
            storms: AtomicU64::new(0),
        });
        let mut first = Worker::new(Arc::clone(&shared), random.next());
        for _ in 0..PEOPLE {
            first.create_user().await;
        }
        if shared.pool().people() == 0 {
            return Err("no user could be made".into());
        }
        let mut workers: Vec<_> = (0..WORKERS)
            .map(|_| tokio::spawn(Worker::new(Arc::clone(&shared), random.next()).act()))
            .collect();
        workers.push(tokio::spawn(keeper::keep(Worker::new(Arc::clone(&shared), random.next()))));
        Ok(Self { shared, workers })
    }

    /// Lets everybody finish what they are at. The next free intent, and how many tickets were redeemed everywhere at
    /// once.
    pub(crate) async fn stop(self) -> Result<(u64, u64), Fault> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await?;
        }
        Ok((self.shared.intents.load(Ordering::Relaxed), self.shared.storms.load(Ordering::Relaxed)))
    }
}
