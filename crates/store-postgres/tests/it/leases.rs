//! Leases among servers, and what becomes of work that two of them do at once all the same.

use crate::workplace::Workplace;
use actas_crypto::{Argon2Passwords, MasterKey, MasterKeyVault, SystemEntropy};
use actas_domain::{
    actor_token::{ActorToken, ActorTokenStatus},
    audit::{
        Action,
        find::{AuditQuery, AuditRange},
    },
    change::Write,
    keys::{SigningKeyStatus, ring::KeyRing, rotate},
    lease::{Lease, LeaseHolder},
    ports::Store,
    refusal_throttle::RefusalThrottle,
    retention,
    session::{Session, expire},
    settings::Settings,
    testing::{FixedClock, changes, rows},
    world::World,
};
use actas_store_postgres::PostgresStore;
use futures::future::join_all;
use std::sync::Arc;

fn holder() -> LeaseHolder {
    LeaseHolder::mint(&SystemEntropy)
}

async fn two_stores(workplace: &Workplace) -> [Arc<PostgresStore>; 2] {
    [workplace.open().await, workplace.open().await]
}

#[tokio::test]
async fn of_two_servers_one_holds_a_lease() {
    let workplace = Workplace::new();
    let [first, second] = two_stores(&workplace).await;
    let (one, other) = (holder(), holder());
    assert!(first.take_lease(Lease::Purge, &one, 600).await.unwrap());
    assert!(!second.take_lease(Lease::Purge, &other, 600).await.unwrap());
    assert!(first.take_lease(Lease::Purge, &one, 600).await.unwrap(), "it is renewed");
    assert!(second.take_lease(Lease::Sweep, &other, 600).await.unwrap(), "another lease is another's");
    second.give_up_leases(&other).await.unwrap();
    assert!(!second.take_lease(Lease::Purge, &other, 600).await.unwrap(), "nobody gives up another's");
    first.give_up_leases(&one).await.unwrap();
    assert!(second.take_lease(Lease::Purge, &other, 600).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_takers_at_once_one_holds_it() {
    let workplace = Workplace::new();
    let stores = two_stores(&workplace).await;
    let takers = (0..20).map(|number| {
        let store = Arc::clone(&stores[number % 2]);
        tokio::spawn(async move { store.take_lease(Lease::Sweep, &holder(), 600).await.unwrap() })
    });
    let taken = join_all(takers).await.into_iter().filter(|taken| *taken.as_ref().unwrap()).count();
    assert_eq!(taken, 1);
}

/// By the database's clock, whatever the servers' own say.
#[tokio::test]
async fn who_vanishes_loses_it_in_its_time() {
    let workplace = Workplace::new();
    let [first, second] = two_stores(&workplace).await;
    assert!(first.take_lease(Lease::Purge, &holder(), 1).await.unwrap());
    let taken_at = workplace.database.sql("SELECT until_at - 1000 FROM leases").parse::<i64>().unwrap();
    drop(first);
    let other = holder();
    // Nothing is waited for but the lease's own second.
    while !second.take_lease(Lease::Purge, &other, 60).await.unwrap() {
        tokio::task::yield_now().await;
    }
    let now = workplace.database.sql("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    assert!(now.parse::<i64>().unwrap() >= taken_at + 1_000);
}

/// Two servers that both believe that the work is theirs.
async fn two_worlds(workplace: &Workplace) -> [Arc<World>; 2] {
    two_stores(workplace).await.map(|store| {
        let vault = MasterKeyVault::new(&MasterKey::from_bytes([7; 32])).unwrap();
        Arc::new(World {
            store,
            clock: Arc::new(workplace.clock.clone()),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::new(vault),
            passwords: Arc::new(Argon2Passwords::default()),
            settings: Settings {
                retention_seconds: Some(86_400),
                record_retention_seconds: Some(10 * 86_400),
                ..Settings::default()
            },
            key_ring: KeyRing::default(),
            refusals: RefusalThrottle::default(),
        })
    })
}

async fn count(world: &World, action: Action) -> usize {
    let range = AuditRange::Forward { after: 0 };
    let query = AuditQuery { action: Some(action), range, limit: 10_000, ..AuditQuery::default() };
    world.store.audit_entries(&query).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_sweep_at_once_end_each_session_once() {
    const SESSIONS: u64 = 120;
    let workplace = Workplace::new();
    let worlds = two_worlds(&workplace).await;
    for number in 1..=SESSIONS {
        let writes = vec![Write::AddClient(rows::client(number)), Write::AddSession(rows::session(number))];
        worlds[0].store.commit(changes::change(Vec::new(), writes)).await.unwrap();
    }
    workplace.clock.set(rows::after(700));
    let sweeps = worlds.each_ref().map(|world| {
        let world = Arc::clone(world);
        tokio::spawn(async move { expire::sweep(&world).await.unwrap() })
    });
    assert!(join_all(sweeps).await.into_iter().all(|swept| swept.is_ok()));
    assert_eq!(count(&worlds[0], Action::SessionExpired).await as u64, SESSIONS);
    assert_eq!(expire::sweep(&worlds[0]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_purge_at_once_remove_each_row_once() {
    const TOKENS: u64 = 700;
    let workplace = Workplace::new();
    let worlds = two_worlds(&workplace).await;
    for number in 1..=TOKENS {
        let session = Session {
            status: actas_domain::session::SessionStatus::Ended,
            ..rows::impersonated_session(number)
        };
        let token = ActorToken {
            status: ActorTokenStatus::Accepted,
            session: Some(session.id.clone()),
            ..rows::actor_token(number)
        };
        let writes = vec![
            Write::AddClient(rows::client(number)),
            Write::AddActorToken(token),
            Write::AddSession(session),
        ];
        worlds[0].store.commit(changes::change(Vec::new(), writes)).await.unwrap();
    }
    workplace.clock.set(rows::after(60 * 86_400));
    let runs = worlds.each_ref().map(|world| {
        let world = Arc::clone(world);
        tokio::spawn(async move {
            let mut removed = Vec::new();
            let begun = retention::begin(&world).await.unwrap();
            for purge in begun.purges {
                let (kind, mut rows, mut rest) = (purge.of.as_str(), 0, Some(purge));
                while let Some(purge) = rest {
                    let step = retention::step(&world, &purge, begun.now).await.unwrap();
                    rows += step.removed;
                    rest = step.rest;
                }
                removed.push((kind, rows));
            }
            removed
        })
    });
    let runs: Vec<_> = join_all(runs).await.into_iter().flat_map(Result::unwrap).collect();
    let total =
        |kind| runs.iter().filter(|(each, _)| *each == kind).map(|(_, rows)| u64::from(*rows)).sum::<u64>();
    for kind in ["actor_tokens", "clients", "audit_entries"] {
        assert_eq!(total(kind), TOKENS, "{kind}: {runs:?}");
    }
    let sql = "SELECT (SELECT count(*) FROM actor_tokens) + (SELECT count(*) FROM sessions) \
        + (SELECT count(*) FROM clients)";
    assert_eq!(workplace.database.sql(sql), "0");
    // Both have said it, and the record goes on where it was.
    let left = count(&worlds[0], Action::RecordPurged).await;
    assert!((1..=2).contains(&left), "{left}");
    let next = worlds[1].store.commit(changes::change(Vec::new(), Vec::new())).await.unwrap().position;
    assert_eq!(next, TOKENS + left as u64 + 1);
}

/// What does not happen is not told: the database's clock counts, too.
#[tokio::test]
async fn a_server_whose_clock_is_ahead_tells_of_no_cut() {
    let workplace = Workplace::new();
    let [world, _] = two_worlds(&workplace).await;
    world.store.commit(changes::change(Vec::new(), Vec::new())).await.unwrap();
    let mut world = Arc::into_inner(world).unwrap();
    world.clock = Arc::new(FixedClock::new(rows::after(400 * 86_400)));
    let begun = retention::begin(&world).await.unwrap();
    assert_eq!(begun.now, rows::START);
    assert_eq!(count(&world, Action::RecordPurged).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_remove_a_dead_key_at_once_remove_it_once() {
    let workplace = Workplace::new();
    let worlds = two_worlds(&workplace).await;
    let writes = vec![Write::AddSigningKey(rows::signing_key(1, SigningKeyStatus::Retired))];
    worlds[0].store.commit(changes::change(Vec::new(), writes)).await.unwrap();
    workplace.clock.set(rows::after(86_400));
    let removals = worlds.each_ref().map(|world| {
        let world = Arc::clone(world);
        tokio::spawn(async move { rotate::remove_dead(&world).await.unwrap() })
    });
    assert!(join_all(removals).await.into_iter().all(|removed| removed.is_ok()));
    assert_eq!(count(&worlds[0], Action::SigningKeyRemoved).await, 1);
    assert!(worlds[0].store.signing_keys().await.unwrap().is_empty());
}
