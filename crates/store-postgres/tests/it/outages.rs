//! A database that is away, or silent: who tries to reach it, how soon the others are told, and who is held up.

use crate::{
    batches::Held,
    connections::proxied,
    proxy::{Proxy, Way},
    workplace::{Workplace, add_actor_token, options},
};
use actas_domain::{
    ports::{Clock, CommitError, Store, StoreError},
    testing::rows,
    time::UnixMillis,
};
use actas_postgres_cluster::{Cluster, USER};
use actas_store_postgres::{Options, PostgresStore, SUPPORTED_VERSION};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// One tries, and the others are told at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_do_not_each_try_to_reach_a_database_that_is_away() {
    let workplace = Workplace::new();
    let (proxy, options) = proxied(&workplace).await;
    let store = workplace.try_open(&options).await.unwrap();
    store.instance().await.unwrap();
    proxy.refuse(true);
    proxy.cut_after(Way::Sent, 0);
    let before = proxy.accepted();
    for _ in 0..500 {
        let refused = store.instance().await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    let tried = proxy.accepted() - before;
    assert!((1..50).contains(&tried), "{tried}");
    proxy.rest();
    proxy.refuse(false);
    while store.instance().await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// The first of the hosts accepts and says nothing; nobody waits for it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_that_was_good_is_tried_first() {
    let workplace = Workplace::new();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(Cluster::shared().socket_folder().join(".s.PGSQL.5432")).await;
    let url = format!(
        "postgresql://{USER}@127.0.0.1:{},127.0.0.1:{}/{}?sslmode=disable",
        silent.local_addr().unwrap().port(),
        proxy.port,
        workplace.database.name()
    );
    let options = Options { connect_timeout: Duration::from_millis(500), ..options(&url) };
    let store = workplace.try_open(&options).await.unwrap();
    let (_first, _) = silent.accept().await.unwrap();
    store.instance().await.unwrap();
    store.commit(add_actor_token(1)).await.unwrap();
    store.check().await.unwrap();
    let again = tokio::time::timeout(Duration::ZERO, silent.accept()).await;
    assert!(again.is_err(), "the silent host was tried again");
}

/// Whoever asks whether this server works is told soon, whatever the others wait for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_is_told_soon() {
    let workplace = Workplace::new();
    let (proxy, options) = proxied(&workplace).await;
    let store = workplace.try_open(&options).await.unwrap();
    store.check().await.unwrap();
    // While another server's transaction holds up every writer there is no reason to take this one away.
    let held = Held::open(&workplace, &workplace.options()).await;
    store.check().await.unwrap();
    held.let_go().await;
    proxy.swallow_after(Way::Answered, 0);
    let began = Instant::now();
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// A server takes the head of the record, and is never heard of again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_silent_in_its_turn_lets_others_on() {
    let workplace = Workplace::new();
    let (proxy, options) = proxied(&workplace).await;
    let silent = Arc::new(workplace.try_open(&options).await.unwrap());
    silent.commit(add_actor_token(1)).await.unwrap();
    let other = workplace.open().await;
    proxy.swallow_after(Way::Answered, 0);
    let of_task = Arc::clone(&silent);
    let lost = tokio::spawn(async move { of_task.commit(add_actor_token(2)).await });
    let holds = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND state = 'idle in transaction'";
    while workplace.database.sql(holds) == "0" {}
    let began = Instant::now();
    other.commit(add_actor_token(3)).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    lost.abort();
}

/// Somebody with a newer binary made the database over, and said that older ones may not work on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_binary_that_has_become_too_old_writes_nothing_more() {
    let workplace = Workplace::new();
    let store = workplace.open().await;
    store.commit(add_actor_token(1)).await.unwrap();
    let set = |version: u32| {
        let sql = format!("UPDATE meta SET value = {version} WHERE name = 'minimum_reader_version'");
        workplace.database.sql(&sql);
    };
    set(SUPPORTED_VERSION + 1);
    let refused = store.commit(add_actor_token(2)).await;
    let is_told = |error: &StoreError| error.to_string().contains("run a newer binary");
    assert!(matches!(&refused, Err(CommitError::Store(error)) if is_told(error)), "{refused:?}");
    assert!(is_told(&store.check().await.unwrap_err()));
    assert!(is_told(&store.confirm(store.standpoint()).await.unwrap_err()));
    set(1);
    assert_eq!(store.commit(add_actor_token(2)).await.unwrap().position, 2);
    store.check().await.unwrap();
}

/// A clock that panics when it is told to, in the midst of the writer's work.
struct Bomb(AtomicBool);

impl Clock for Bomb {
    fn now(&self) -> UnixMillis {
        assert!(!self.0.load(Ordering::SeqCst), "the clock has stopped");
        rows::START
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_panicked_is_noticed() {
    let workplace = Workplace::new();
    let bomb = Arc::new(Bomb(AtomicBool::new(false)));
    let (options, clock) = (workplace.options(), Arc::clone(&bomb) as Arc<dyn Clock>);
    let store = PostgresStore::open_with_clock(&options, clock).await.unwrap();
    store.commit(add_actor_token(1)).await.unwrap();
    bomb.0.store(true, Ordering::SeqCst);
    let is_told = |outcome: &StoreError| outcome.to_string().contains("the store's writer has ended");
    for number in 2..4 {
        let failed = store.commit(add_actor_token(number)).await;
        assert!(matches!(&failed, Err(CommitError::Store(error)) if is_told(error)), "{failed:?}");
    }
    assert!(is_told(&store.check().await.unwrap_err()));
    store.close().await;
}
