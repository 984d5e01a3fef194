//! The real store and a real server, with the proxy in between.

use super::*;
use actas_domain::{
    ports::{Store as _, StoreError},
    secret::{SecretHash, SecretText},
    sign_in::failures::PasswordFailures,
    time::UnixMillis,
};
use actas_postgres_cluster::{Cluster, Database, USER};
use actas_store_postgres::{Options, PostgresStore};
use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time;

const PATIENCE: Duration = Duration::from_secs(60);

struct Place {
    proxy: PostgresProxy,
    store: PostgresStore,
    /// Batches so far.
    batches: AtomicU64,
    _database: Database<'static>,
}

impl Place {
    async fn new() -> Self {
        let cluster = Cluster::shared();
        let database = cluster.create_database();
        let proxy = PostgresProxy::start(cluster.socket_folder().join(".s.PGSQL.5432"), 1).await.unwrap();
        let url =
            format!("postgresql://{USER}@127.0.0.1:{}/{}?sslmode=disable", proxy.port(), database.name());
        let store = PostgresStore::open(&Options::new(SecretText::new(url))).await.unwrap();
        let place = Self { proxy, store, batches: AtomicU64::new(0), _database: database };
        // The first batch of a connection has its statements prepared.
        place.batch().await.unwrap();
        place
    }

    /// A batch of one small change. A check of the store is none: it has a connection of its own, and does not take the
    /// head of the record.
    async fn batch(&self) -> Result<(), StoreError> {
        let number = self.batches.fetch_add(1, Ordering::Relaxed);
        let failures = PasswordFailures { count: 1, last_at: UnixMillis::from_millis(0) };
        let identifier = SecretHash::of(&number.to_string());
        self.store.set_guesses(identifier, None, failures).await.map(|was_set| assert!(was_set))
    }

    /// How many commits had to be looked up when one batch was cut there.
    async fn unknown_fates_of(&self, point: CutPoint) -> u64 {
        let (cuts, fates) = (self.proxy.cuts(), self.store.metrics().unknown_fates_total);
        self.proxy.cut_next(point);
        in_time(self.batch()).await.unwrap();
        let of = |cuts: &BTreeMap<CutPoint, u64>| cuts.get(&point).copied().unwrap_or_default();
        assert_eq!(of(&self.proxy.cuts()), of(&cuts) + 1, "{}", point.name());
        self.store.metrics().unknown_fates_total - fates
    }
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    time::timeout(PATIENCE, work).await.expect("the store answers in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_cut_at_each_point_and_carried_out_in_the_end() {
    let place = Place::new().await;
    let commits = place.proxy.commits();
    assert_eq!(place.unknown_fates_of(CutPoint::BeforeBatch).await, 0);
    assert_eq!(place.unknown_fates_of(CutPoint::AfterBegin).await, 0);
    assert_eq!(place.unknown_fates_of(CutPoint::AfterHead).await, 0);
    assert_eq!(place.proxy.commits(), commits + 3);
    // Actas had sent these commits, whatever became of them.
    assert_eq!(place.unknown_fates_of(CutPoint::BeforeCommit).await, 1);
    assert_eq!(place.unknown_fates_of(CutPoint::AfterCommit).await, 1);
    assert_eq!(place.unknown_fates_of(CutPoint::MidAnswer).await, 1);
    assert_eq!(place.unknown_fates_of(CutPoint::AfterAnswer).await, 0);
    in_time(place.batch()).await.unwrap();
    assert_eq!(place.proxy.cuts().len(), CutPoint::ALL.len());
    assert_eq!(place.proxy.cancel_requests(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_that_is_disarmed_does_not_come() {
    let place = Place::new().await;
    place.proxy.cut_next(CutPoint::AfterCommit);
    place.proxy.disarm();
    in_time(place.batch()).await.unwrap();
    assert!(place.proxy.cuts().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_connected_goes_on_where_new_ones_are_refused() {
    let place = Place::new().await;
    place.proxy.refuse_new(true);
    in_time(place.batch()).await.unwrap();
    place.proxy.cut_all();
    assert!(in_time(place.batch()).await.is_err());
    place.proxy.refuse_new(false);
    in_time(place.batch()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_passes_while_it_is_held_and_all_of_it_afterwards() {
    let place = Place::new().await;
    let commits = place.proxy.commits();
    place.proxy.hold(true);
    let mut check = Box::pin(place.batch());
    // The batch is on its way: one piece of it waits in the proxy, and no answer came.
    assert!(time::timeout(Duration::from_millis(300), &mut check).await.is_err());
    assert_eq!(place.proxy.commits(), commits);
    place.proxy.hold(false);
    in_time(check).await.unwrap();
    assert!(place.proxy.commits() > commits);
}
