//! Connections that break, at every point of a commit, and a database that is away.

use crate::{
    proxy::{Proxy, Way},
    workplace::{Workplace, add_actor_token, has_actor_token, options},
};
use actas_domain::{
    audit::find::{AuditQuery, AuditRange},
    ports::{CommitError, Store, StoreError},
    testing::rows,
};
use actas_postgres_cluster::{Cluster, USER};
use actas_store_postgres::{Options, PostgresStore};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

pub(crate) async fn proxied(workplace: &Workplace) -> (Proxy, Options) {
    let proxy = Proxy::start(Cluster::shared().socket_folder().join(".s.PGSQL.5432")).await;
    let name = workplace.database.name();
    let url = format!("postgresql://{USER}@127.0.0.1:{}/{name}?sslmode=disable", proxy.port);
    (proxy, Options { retry_for: Duration::from_secs(3), ..options(&url) })
}

async fn positions(store: &PostgresStore) -> Vec<u64> {
    let query =
        AuditQuery { range: AuditRange::Forward { after: 0 }, limit: u32::MAX, ..AuditQuery::default() };
    store.audit_entries(&query).await.unwrap().iter().map(|entry| entry.position).collect()
}

/// Cut at every few bytes of what a commit sends and of what it is answered: each change lands once, and is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_is_cut_anywhere_lands_once() {
    let workplace = Workplace::new();
    let (proxy, options) = proxied(&workplace).await;
    let store = workplace.try_open(&options).await.unwrap();
    let direct = workplace.open().await;
    // Once, so that every statement is prepared and its connection at work.
    store.commit(add_actor_token(0)).await.unwrap();
    let mut number = 0;
    let mut unknown_by_way = Vec::new();
    for (way, step) in [(Way::Sent, 61), (Way::Answered, 7)] {
        let before = store.metrics().unknown_fates_total;
        for bytes in (0..).step_by(step) {
            number += 1;
            proxy.cut_after(way, bytes);
            let committed = store.commit(add_actor_token(number)).await;
            assert_eq!(committed.unwrap().position, number + 1, "{way:?} cut after {bytes}");
            assert!(has_actor_token(&*direct, number).await, "{way:?} cut after {bytes}");
            if !proxy.rest() {
                break;
            }
        }
        unknown_by_way.push(store.metrics().unknown_fates_total - before);
    }
    assert_eq!(positions(&direct).await, (1..=number + 1).collect::<Vec<_>>());
    assert!(unknown_by_way.iter().all(|unknown| *unknown > 3), "no commit was cut: {unknown_by_way:?}");
    assert!(number > 50, "{number}");
}

/// A commit that was answered to nobody, and a database that nobody reaches any more: the honest answer is that it is
/// not known.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_cannot_be_looked_up_is_not_told_as_done() {
    let workplace = Workplace::new();
    let (proxy, options) = proxied(&workplace).await;
    let options = Options { retry_for: Duration::from_millis(200), ..options };
    let store = workplace.try_open(&options).await.unwrap();
    let direct = workplace.open().await;
    store.commit(add_actor_token(0)).await.unwrap();
    // The answers of the first round trip pass; of the second, which has the commit's, not a byte.
    let mut number = 0;
    let why = loop {
        number += 1;
        // Connected again, and all at rest.
        store.record_activity(&rows::session_id(1), rows::START).await.unwrap();
        proxy.refuse(true);
        proxy.cut_after(Way::Answered, 40 * i64::try_from(number).unwrap());
        let outcome = store.commit(add_actor_token(number)).await;
        proxy.rest();
        proxy.refuse(false);
        match outcome {
            Err(CommitError::Store(StoreError::Unavailable(why)))
                if why.contains("may have been written") =>
            {
                break why;
            }
            Err(CommitError::Store(StoreError::Unavailable(_))) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(!why.contains(USER), "{why}");
    // The database had got all of it; whether it had noticed the broken connection before its commit is its own affair.
    store.commit(add_actor_token(100)).await.unwrap();
    let positions = positions(&direct).await;
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
}

/// While the database is away, the first answer takes its time and the others come at once; then work goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_away_is_told_and_comes_back() {
    let workplace = Workplace::new();
    let (proxy, options) = proxied(&workplace).await;
    let options = Options { retry_for: Duration::from_millis(300), ..options };
    let store = workplace.try_open(&options).await.unwrap();
    store.commit(add_actor_token(0)).await.unwrap();
    proxy.refuse(true);
    proxy.cut_after(Way::Sent, 0);
    for number in 1..4 {
        let refused = store.commit(add_actor_token(number)).await;
        assert!(matches!(refused, Err(CommitError::Store(StoreError::Unavailable(_)))), "{refused:?}");
        assert!(store.instance().await.is_err());
    }
    assert!(store.check().await.is_err());
    proxy.rest();
    proxy.refuse(false);
    // One tries anew after a moment, and until then the others are told at once.
    while store.check().await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(!has_actor_token(&store, 1).await);
    assert_eq!(store.commit(add_actor_token(1)).await.unwrap().position, 2);
}

/// The server crashes in the midst of load, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_when_the_server_crashes() {
    let cluster = Arc::new(Cluster::start());
    let database = cluster.create_database();
    let options = Options { retry_for: Duration::from_secs(20), ..options(&database.url()) };
    let stores = [PostgresStore::open(&options).await.unwrap(), PostgresStore::open(&options).await.unwrap()];
    let stores = Arc::new(stores);
    let (next, done) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (stores, next, done) = (Arc::clone(&stores), Arc::clone(&next), Arc::clone(&done));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if let Ok(committed) = stores[writer % 2].commit(add_actor_token(number)).await {
                        acknowledged.push((number, committed.position));
                    }
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..4 {
        let before = next.load(Ordering::Relaxed);
        while next.load(Ordering::Relaxed) < before + 200 {
            tokio::task::yield_now().await;
        }
        let cluster = Arc::clone(&cluster);
        tokio::task::spawn_blocking(move || cluster.crash_and_restart()).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let positions = positions(&stores[0]).await;
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>(), "the record has a gap");
    let mut told: Vec<_> = acknowledged.iter().map(|(_, position)| *position).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), acknowledged.len(), "a position was given twice");
    assert!(acknowledged.len() > 500, "{}", acknowledged.len());
    for (number, _) in acknowledged {
        assert!(has_actor_token(&stores[1], number).await, "{number} is lost");
    }
}
