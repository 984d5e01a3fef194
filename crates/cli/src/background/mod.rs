//! The work that nobody asks for: ends by time, forgetting, purging, removing dead keys. Of several servers on one
//! database those do it that hold the lease for it ([`actas_domain::lease`]).

mod purge;

use actas_crypto::SystemEntropy;
use actas_domain::{
    idempotency,
    keys::rotate,
    lease::{Lease, LeaseHolder},
    ports::{Entropy as _, StoreError},
    refusal::Failure,
    session::expire,
    sign_in::failures,
};
use actas_server::App;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Instant, sleep},
};

/// When a work is done, and for how long whoever does it keeps the others from it.
struct Rhythm {
    lease: Lease,
    /// From the end of one round to the next, a tenth more or less.
    pause: Duration,
    /// Longer than the longest pause: the lease is renewed with each round.
    lease_seconds: u32,
}

/// An end by time is on record within a minute, also when the one who held the lease has vanished.
const SWEEP: Rhythm = Rhythm { lease: Lease::Sweep, pause: Duration::from_secs(20), lease_seconds: 30 };
const PURGE: Rhythm = Rhythm { lease: Lease::Purge, pause: Duration::from_secs(3_600), lease_seconds: 5_400 };
const KEY_REMOVAL: Rhythm =
    Rhythm { lease: Lease::KeyRemoval, pause: Duration::from_secs(3_600), lease_seconds: 5_400 };

/// Before a lease that could not be asked for is asked for again, at most.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(60);

/// All work in the background of one server.
pub(crate) struct Background {
    app: Arc<App>,
    holder: LeaseHolder,
    taking: Taking,
    running: JoinSet<()>,
}

/// Held while a lease is being taken.
type Taking = Arc<Mutex<()>>;

impl Background {
    pub(crate) fn start(app: &Arc<App>) -> Self {
        let holder = LeaseHolder::mint(&SystemEntropy);
        let taking = Taking::default();
        let hold = |rhythm: &Rhythm| Hold {
            lease: rhythm.lease,
            seconds: rhythm.lease_seconds,
            holder: holder.clone(),
            taking: Arc::clone(&taking),
        };
        let mut running = JoinSet::new();
        running.spawn(rounds(SWEEP.pause, Arc::clone(app), hold(&SWEEP), sweep));
        running.spawn(rounds(PURGE.pause, Arc::clone(app), hold(&PURGE), purge::run));
        running.spawn(rounds(KEY_REMOVAL.pause, Arc::clone(app), hold(&KEY_REMOVAL), remove_dead_keys));
        Self { app: Arc::clone(app), holder, taking, running }
    }

    /// Breaks off what is under way, which the next round goes on with, and lets others take over at once.
    pub(crate) async fn stop(mut self) {
        self.running.shutdown().await;
        // One that is under way might be carried out behind the end of all others.
        let _taken = self.taking.lock().await;
        if let Err(error) = self.app.world.store.give_up_leases(&self.holder).await {
            tracing::debug!(%error, "leases could not be given up; they run out");
        }
    }
}

async fn rounds<Work>(pause: Duration, app: Arc<App>, hold: Hold, work: impl Fn(Arc<App>, Hold) -> Work)
where
    Work: Future<Output = ()>,
{
    // Servers that start together do not all begin together.
    sleep(random_part(pause / 10)).await;
    let mut held = false;
    loop {
        let Ok(holds) = hold.renew(&app).await else {
            // The store is away for the work, too, and may be back in a moment.
            sleep(pause.min(RETRY_PAUSE_MAX)).await;
            continue;
        };
        if holds != held {
            tracing::debug!(lease = hold.lease.as_str(), holder = ?hold.holder, holds, "a lease has changed");
            held = holds;
        }
        if holds {
            work(Arc::clone(&app), hold.clone()).await;
        }
        sleep(pause.mul_f64(0.9) + random_part(pause / 5)).await;
    }
}

/// A lease that this server takes.
#[derive(Clone)]
struct Hold {
    lease: Lease,
    seconds: u32,
    holder: LeaseHolder,
    taking: Taking,
}

impl Hold {
    /// Whether the lease is this server's. Once begun it is asked to the end, also when nobody waits for it any more.
    async fn renew(&self, app: &Arc<App>) -> Result<bool, StoreError> {
        let taking = Arc::clone(&self.taking).lock_owned().await;
        let (app, hold) = (Arc::clone(app), self.clone());
        let taken = tokio::spawn(async move {
            let _taking = taking;
            app.world.store.take_lease(hold.lease, &hold.holder, hold.seconds).await
        });
        let taken = taken.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())));
        if let Err(error) = &taken {
            tracing::warn!(%error, lease = self.lease.as_str(), "the lease of work in the background cannot be taken");
        }
        taken
    }
}

/// A lease that was taken a moment ago, and is kept while its work goes on.
struct Keeping {
    app: Arc<App>,
    hold: Hold,
    renewed: Instant,
    next_try: Instant,
}

impl Keeping {
    fn begin(app: &Arc<App>, hold: &Hold) -> Self {
        let now = Instant::now();
        Self { app: Arc::clone(app), hold: hold.clone(), renewed: now, next_try: now + hold.part(3) }
    }

    /// Whether the lease is this server's still. One that cannot be renewed now is until it runs out.
    async fn goes_on(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next_try {
            return true;
        }
        match self.hold.renew(&self.app).await {
            Ok(true) => {
                (self.renewed, self.next_try) = (now, now + self.hold.part(3));
                true
            }
            Ok(false) => false,
            Err(_) => {
                self.next_try = Instant::now() + self.hold.part(15);
                self.renewed.elapsed() < self.hold.part(1)
            }
        }
    }
}

impl Hold {
    /// One of so many parts of the lease's time.
    fn part(&self, parts: u32) -> Duration {
        Duration::from_secs(u64::from(self.seconds)) / parts
    }
}

/// From nothing to the whole, evenly.
fn random_part(whole: Duration) -> Duration {
    let mut bytes = [0_u8; 4];
    SystemEntropy.fill(&mut bytes);
    whole.mul_f64(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

async fn sweep(app: Arc<App>, hold: Hold) {
    let world = &app.world;
    let mut keeping = Keeping::begin(&app, &hold);
    let forget = || async { Ok(failures::forget(world).await? >= failures::FORGET_LIMIT) };
    to_the_end("sign-ins that are over could not be removed", &mut keeping, forget).await;
    let expire = || async { Ok(expire::sweep(world).await? >= expire::SWEEP_LIMIT) };
    to_the_end("sessions whose time is over could not be put on record", &mut keeping, expire).await;
    let forget = || async { Ok(idempotency::forget(world).await? >= idempotency::FORGET_LIMIT) };
    to_the_end("kept answers whose time is over could not be removed", &mut keeping, forget).await;
}

/// Takes one small step after the other, so that nobody waits for long, while a step says that there may be more and
/// nobody else does the same.
async fn to_the_end<Step>(problem: &str, keeping: &mut Keeping, step: impl Fn() -> Step)
where
    Step: Future<Output = Result<bool, Failure>>,
{
    while keeping.goes_on().await {
        match step().await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                tracing::warn!(%error, "{problem}; trying again");
                break;
            }
        }
    }
}

async fn remove_dead_keys(app: Arc<App>, _: Hold) {
    match rotate::remove_dead(&app.world).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed retired signing keys whose last token is dead"),
        Err(error) => tracing::warn!(%error, "retired signing keys could not be removed; trying again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble;
    use actas_domain::{caller::Context, client, page::Page, retention};
    use actas_server::config::{self, Sources};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// In which everything is old that is over: it is kept until long before now.
    async fn app() -> Arc<App> {
        let flags = vec![("public_url", "http://127.0.0.1:4500".to_owned())];
        let configuration = config::load(&Sources { flags, ..Sources::default() }).unwrap().configuration;
        let (mut world, held) = assemble::in_memory(&configuration).await.unwrap();
        world.settings.retention_seconds = Some(-100_000_000);
        Arc::new(App::new(world, configuration.http_settings().unwrap(), held.metrics()))
    }

    fn hold(seconds: u32) -> Hold {
        let (holder, taking) = (LeaseHolder::mint(&SystemEntropy), Taking::default());
        Hold { lease: Lease::Purge, seconds, holder, taking }
    }

    /// What is on its way when a server ends must not come behind its giving up.
    #[tokio::test]
    async fn a_lease_that_is_being_taken_is_awaited_at_the_end() {
        let mut background = Background::start(&app().await);
        background.running.shutdown().await;
        let taking = Arc::clone(&background.taking).lock_owned().await;
        let is_stopped = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_stopped);
        let stopping = tokio::spawn(async move {
            background.stop().await;
            told.store(true, Ordering::SeqCst);
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!is_stopped.load(Ordering::SeqCst));
        drop(taking);
        stopping.await.unwrap();
    }

    #[tokio::test]
    async fn a_purge_goes_on_until_a_step_finds_less_than_it_may() {
        let app = app().await;
        for _ in 0..=2 * retention::STEP_ROWS {
            client::create::create(&app.world, &Context::system()).await.unwrap();
        }
        purge::run(Arc::clone(&app), hold(60)).await;
        assert_eq!(app.world.store.clients(Page::default()).await.unwrap().total, 0);
    }

    #[tokio::test]
    async fn work_in_the_background_ends_when_it_is_told_to() {
        let background = Background::start(&app().await);
        background.stop().await;
    }

    /// A lease outlives the pause until it is renewed, and an end by time waits for less than a minute in any case.
    #[test]
    fn a_lease_is_renewed_before_it_runs_out() {
        for rhythm in [SWEEP, PURGE, KEY_REMOVAL] {
            assert!(rhythm.pause.mul_f64(1.1) < Duration::from_secs(u64::from(rhythm.lease_seconds)));
        }
        let longest = Duration::from_secs(u64::from(SWEEP.lease_seconds)) + SWEEP.pause.mul_f64(1.1);
        assert!(longest < Duration::from_secs(60));
    }

    #[test]
    fn pauses_differ() {
        let whole = Duration::from_secs(100);
        let parts: std::collections::HashSet<_> = (0..100).map(|_| random_part(whole)).collect();
        assert!(parts.len() > 90 && parts.iter().all(|part| *part <= whole));
    }
}
