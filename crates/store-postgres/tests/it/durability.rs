//! A commit is told when the standby has it, whatever somebody does to the wait.

use crate::workplace::{Workplace, add_actor_token, has_actor_token, options};
use actas_domain::ports::Store;
use actas_postgres_cluster::Cluster;
use actas_store_postgres::PostgresStore;
use std::sync::Arc;

/// Sessions that wait for a standby.
const WAITING: &str = "SELECT coalesce(min(pid), 0) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// The session that waits, once it is another than this; none when `is_over` before.
pub(crate) fn await_waiting(cluster: &Cluster, last: &str, is_over: impl Fn() -> bool) -> Option<String> {
    while !is_over() {
        let waiting = cluster.sql("postgres", WAITING);
        if waiting != "0" && waiting != last {
            return Some(waiting);
        }
    }
    None
}

/// The server is told to wait for a standby that is not there; then somebody cuts the wait short, which PostgreSQL
/// answers with success and a warning.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_wait_is_cut_is_told_when_a_later_one_has_waited() {
    let cluster = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
    let database = cluster.create_database();
    // Weaker than what Actas takes.
    cluster.sql("postgres", &format!("ALTER DATABASE {} SET synchronous_commit = 'local'", database.name()));
    let store = Arc::new(PostgresStore::open(&options(&database.url())).await.unwrap());
    store.commit(add_actor_token(1)).await.unwrap();
    cluster.set("synchronous_standby_names", "missing");
    // The server takes a moment until commits wait: those before it are answered at once.
    let mut number = 1;
    let (committing, first) = loop {
        number += 1;
        let of_task = Arc::clone(&store);
        let committing = tokio::spawn(async move { of_task.commit(add_actor_token(number)).await });
        let is_over = || committing.is_finished();
        if let Some(first) = tokio::task::block_in_place(|| await_waiting(&cluster, "0", is_over)) {
            break (committing, first);
        }
    };
    cluster.sql("postgres", &format!("SELECT pg_cancel_backend({first})"));
    let second = tokio::task::block_in_place(|| await_waiting(&cluster, &first, || committing.is_finished()));
    assert!(second.is_some(), "it was told as done before anything had waited");
    // It can be seen, and is not told.
    assert!(has_actor_token(&*store, number).await);
    assert!(!committing.is_finished());
    cluster.set("synchronous_standby_names", "");
    assert_eq!(committing.await.unwrap().unwrap().position, number);
    assert_eq!(store.metrics().unknown_fates_total, 1);
    assert_eq!(store.commit(add_actor_token(number + 1)).await.unwrap().position, number + 1);
}

/// What is tidied up at a start, and what is said at an end, wait for no standby.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_opens_and_closes_while_the_standby_is_away() {
    let cluster = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
    let database = cluster.create_database();
    PostgresStore::open(&options(&database.url())).await.unwrap().close().await;
    database.sql("INSERT INTO writers (id, batch, at) VALUES ('long gone', 1, 0)");
    cluster.set("synchronous_standby_names", "missing");
    let writes = "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'a', 'b')";
    loop {
        let waiting = std::thread::scope(|scope| {
            let writing = scope.spawn(|| cluster.try_sql(database.name(), writes));
            let waiting = await_waiting(&cluster, "0", || writing.is_finished());
            if let Some(waiting) = &waiting {
                cluster.sql("postgres", &format!("SELECT pg_cancel_backend({waiting})"));
            }
            waiting.is_some()
        });
        if waiting {
            break;
        }
    }
    let store = PostgresStore::open(&options(&database.url())).await.unwrap();
    assert_eq!(database.sql("SELECT count(*) FROM writers WHERE id = 'long gone'"), "0");
    store.close().await;
    assert_eq!(database.sql("SELECT count(*) FROM writers"), "0");
}

/// A commit that makes certain still goes on, and holds its row; that is no reason to be taken for alive.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_closes_says_so_though_a_commit_of_its_own_goes_on() {
    let workplace = Workplace::new();
    let store = workplace.open().await;
    store.check().await.unwrap();
    let (by_hand, connection) =
        tokio_postgres::connect(&workplace.database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let hold = "BEGIN; SELECT * FROM writers WHERE id LIKE '% confirms' FOR UPDATE";
    by_hand.batch_execute(hold).await.unwrap();
    store.close().await;
    assert_eq!(workplace.database.sql("SELECT count(*) FROM writers WHERE id NOT LIKE '% confirms'"), "0");
}

/// The primary is lost and its standby takes over: both hosts are in the URL.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_told_is_on_the_standby_that_takes_over() {
    let primary = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
    let database = primary.create_database();
    let standby = primary.start_standby("second");
    primary.set("synchronous_standby_names", "second");
    let folder = |cluster: &Cluster| cluster.socket_folder().display().to_string().replace('/', "%2F");
    let url = format!(
        "postgresql://{}@{},{}/{}",
        actas_postgres_cluster::USER,
        folder(&standby),
        folder(&primary),
        database.name()
    );
    let options =
        actas_store_postgres::Options { retry_for: std::time::Duration::from_secs(20), ..options(&url) };
    let store = Arc::new(PostgresStore::open(&options).await.unwrap());
    for number in 1..=20 {
        store.commit(add_actor_token(number)).await.unwrap();
    }
    primary.crash();
    let of_task = Arc::clone(&store);
    let committing = tokio::spawn(async move { of_task.commit(add_actor_token(21)).await });
    standby.promote();
    assert_eq!(committing.await.unwrap().unwrap().position, 21);
    for number in 1..=21 {
        assert!(has_actor_token(&*store, number).await, "{number} is lost");
    }
}
