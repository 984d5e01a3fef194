//! The work that nobody asks for: ends by time, forgetting, purging, removing dead keys. Of several servers on one
//! database those do it that hold the lease for it ([`actas_domain::lease`]).

use actas_crypto::SystemEntropy;
use actas_domain::{
    idempotency,
    keys::rotate,
    lease::{Lease, LeaseHolder},
    ports::Entropy as _,
    refusal::Failure,
    retention::{self, Purge},
    session::expire,
    sign_in::failures,
};
use actas_server::App;
use std::{sync::Arc, time::Duration};
use tokio::{
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

/// Between two steps of a purge, at least; and never less than the last one took, so that the writer's time is mostly
/// others'.
const STEP_PAUSE_MIN: Duration = Duration::from_millis(20);

/// All work in the background of one server.
pub(crate) struct Background {
    app: Arc<App>,
    holder: LeaseHolder,
    running: JoinSet<()>,
}

impl Background {
    pub(crate) fn start(app: &Arc<App>) -> Self {
        let holder = LeaseHolder::mint(&SystemEntropy);
        let mut running = JoinSet::new();
        running.spawn(rounds(SWEEP, Arc::clone(app), holder.clone(), sweep));
        running.spawn(rounds(PURGE, Arc::clone(app), holder.clone(), purge));
        running.spawn(rounds(KEY_REMOVAL, Arc::clone(app), holder.clone(), remove_dead_keys));
        Self { app: Arc::clone(app), holder, running }
    }

    /// Breaks off what is under way, which the next round goes on with, and lets others take over at once.
    pub(crate) async fn stop(mut self) {
        self.running.shutdown().await;
        if let Err(error) = self.app.world.store.give_up_leases(&self.holder).await {
            tracing::debug!(%error, "leases could not be given up; they run out");
        }
    }
}

async fn rounds<Work>(
    rhythm: Rhythm,
    app: Arc<App>,
    holder: LeaseHolder,
    work: impl Fn(Arc<App>, Hold) -> Work,
) where
    Work: Future<Output = ()>,
{
    // Servers that start together do not all begin together.
    sleep(random_part(rhythm.pause / 10)).await;
    let hold = Hold { lease: rhythm.lease, seconds: rhythm.lease_seconds, holder };
    let mut held = false;
    loop {
        let holds = hold.renew(&app).await;
        if holds != held {
            tracing::debug!(lease = rhythm.lease.as_str(), holder = ?hold.holder, holds, "a lease has changed");
            held = holds;
        }
        if holds {
            work(Arc::clone(&app), hold.clone()).await;
        }
        sleep(rhythm.pause.mul_f64(0.9) + random_part(rhythm.pause / 5)).await;
    }
}

/// A lease that this server takes.
#[derive(Clone)]
struct Hold {
    lease: Lease,
    seconds: u32,
    holder: LeaseHolder,
}

impl Hold {
    /// Whether the lease is this server's. Where that cannot be found out it is not: the store is away for the work, too.
    async fn renew(&self, app: &App) -> bool {
        let taken = app.world.store.take_lease(self.lease, &self.holder, self.seconds).await;
        taken.unwrap_or_else(|error| {
            tracing::warn!(%error, lease = self.lease.as_str(), "work in the background waits: its lease cannot be taken");
            false
        })
    }
}

/// From nothing to the whole, evenly.
fn random_part(whole: Duration) -> Duration {
    let mut bytes = [0_u8; 4];
    SystemEntropy.fill(&mut bytes);
    whole.mul_f64(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

async fn sweep(app: Arc<App>, _: Hold) {
    let world = &app.world;
    let forget = || async { Ok(failures::forget(world).await? >= failures::FORGET_LIMIT) };
    to_the_end("sign-ins that are over could not be removed", forget).await;
    let expire = || async { Ok(expire::sweep(world).await? >= expire::SWEEP_LIMIT) };
    to_the_end("sessions whose time is over could not be put on record", expire).await;
    let forget = || async { Ok(idempotency::forget(world).await? >= idempotency::FORGET_LIMIT) };
    to_the_end("kept answers whose time is over could not be removed", forget).await;
}

/// Takes one small step after the other, so that nobody waits for long, while a step says that there may be more.
async fn to_the_end<Step>(problem: &str, step: impl Fn() -> Step)
where
    Step: Future<Output = Result<bool, Failure>>,
{
    loop {
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

/// A purge that breaks off goes on in the next round: nothing of it has to be known.
async fn purge(app: Arc<App>, hold: Hold) {
    let purges = match retention::begin(&app.world).await {
        Ok(purges) => purges,
        Err(error) => {
            tracing::warn!(%error, "what has been kept for long enough could not be looked for; trying again");
            return;
        }
    };
    for each in &purges {
        match purge_all(&app, &hold, each).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(kind = each.of.as_str(), rows, "purged what was kept for long enough"),
            Err(error) => {
                tracing::warn!(%error, kind = each.of.as_str(), "a purge has broken off; trying again");
                return;
            }
        }
    }
    app.metrics.purge_ended(app.world.now().seconds());
}

/// Step by step. Returns how many rows there were.
async fn purge_all(app: &App, hold: &Hold, each: &Purge) -> Result<u64, actas_domain::refusal::Failure> {
    let mut renewed = Instant::now();
    let mut removed = 0;
    loop {
        let begun = Instant::now();
        let rows = retention::step(&app.world, each).await?;
        app.metrics.count_purged(each.of.as_str(), rows);
        removed += u64::from(rows);
        if rows < retention::STEP_ROWS {
            return Ok(removed);
        }
        sleep(begun.elapsed().max(STEP_PAUSE_MIN)).await;
        if renewed.elapsed() > Duration::from_secs(u64::from(hold.seconds) / 3) {
            renewed = Instant::now();
            if !hold.renew(app).await {
                // Somebody else goes on.
                return Ok(removed);
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
    use actas_domain::{caller::Context, client, page::Page};
    use actas_server::config::{self, Sources};

    /// In which everything is old that is over: it is kept until long before now.
    async fn app() -> Arc<App> {
        let flags = vec![("public_url", "http://127.0.0.1:4500".to_owned())];
        let configuration = config::load(&Sources { flags, ..Sources::default() }).unwrap().configuration;
        let (mut world, held) = assemble::in_memory(&configuration).await.unwrap();
        world.settings.retention_seconds = Some(-100_000_000);
        Arc::new(App::new(world, configuration.http_settings().unwrap(), held.metrics()))
    }

    #[tokio::test]
    async fn a_purge_goes_on_until_a_step_finds_less_than_it_may() {
        let app = app().await;
        for _ in 0..=2 * retention::STEP_ROWS {
            client::create::create(&app.world, &Context::system()).await.unwrap();
        }
        let holder = LeaseHolder::mint(&SystemEntropy);
        purge(Arc::clone(&app), Hold { lease: Lease::Purge, seconds: 60, holder }).await;
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
