//! Fills a store with tokens by the product's own rules, so that every row and entry is what it would be.

use crate::{
    Fallible,
    figures::{Figures, rate},
};
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault, SystemClock, SystemEntropy};
use actas_domain::{
    actor::Actor,
    actor_token::create::{self, CreateActorToken},
    caller::Context,
    idempotency::Unkept,
    keys::ring::KeyRing,
    ports::Clock,
    refusal_throttle::RefusalThrottle,
    settings::{DirectoryMode, Settings},
    world::World,
};
use actas_store_sqlite::{Options, SqliteStore};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// As many as share a transaction at most.
const AT_ONCE: usize = 512;
/// Of whom each token has one in turn.
const SUBJECTS: usize = 100_000;

/// Creates `count` tokens in the database of the data folder. No server may run on it.
pub(crate) async fn run(folder: &Path, count: usize) -> Fallible<Figures> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = Options::new(folder.join("actas.db"));
    let store = Arc::new(SqliteStore::open(&options, Arc::clone(&clock))?);
    let world = Arc::new(World {
        store: Arc::clone(&store) as Arc<_>,
        clock,
        entropy: Arc::new(SystemEntropy),
        // Nothing is signed: any master key will do.
        vault: Arc::new(MasterKeyVault::new(&MasterKey::from_bytes([0; 32]))?),
        passwords: Arc::new(Argon2Passwords::default()),
        settings: Settings { directory_mode: DirectoryMode::Open, ..Settings::default() },
        key_ring: KeyRing::default(),
        refusals: RefusalThrottle::default(),
    });
    let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| tokio::spawn(create_some(Arc::clone(&world), Arc::clone(&next), count)))
        .collect();
    for worker in workers {
        worker.await??;
    }
    let elapsed = begun.elapsed();
    store.close();
    Ok(rate(count, 1, elapsed))
}

async fn create_some(world: Arc<World>, next: Arc<AtomicUsize>, count: usize) -> Fallible<()> {
    let context = Context::operator();
    let actor = Actor::parse(r#"{"sub":"staff_7","email":"support@example.com"}"#, false)
        .map_err(|_| "the actor is refused")?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        let request = CreateActorToken {
            user_id: format!("user_{}", number % SUBJECTS),
            actor: actor.clone(),
            reason: Some("ticket 4711".to_owned()),
            expires_in_seconds: Some(86_400),
            session_max_duration_in_seconds: None,
        };
        create::create(&world, &context, request, &Unkept)
            .await
            .map_err(|failure| format!("a token could not be created: {failure}"))?;
    }
}
