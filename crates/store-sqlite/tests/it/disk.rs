//! What is on disk when it is answered, and what happens when the disk is full.

use crate::workplace::{Workplace, add_actor_token, has_actor_token};
use actas_domain::{
    audit::find::{AuditQuery, AuditRange},
    change::Write,
    ports::{CommitError, Store, StoreError},
    testing::{changes, rows},
};
use actas_store_sqlite::{Sabotage, SqliteStore};
use std::sync::Arc;

async fn positions(store: &SqliteStore) -> Vec<u64> {
    let query =
        AuditQuery { range: AuditRange::Forward { after: 0 }, limit: u32::MAX, ..AuditQuery::default() };
    store.audit_entries(&query).await.unwrap().iter().map(|entry| entry.position).collect()
}

/// At any moment the files, without any orderly end, hold all that was answered before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_taken_under_load_has_every_answered_change() {
    let workplace = Workplace::new();
    let store = Arc::new(workplace.open());
    let mut number = 0;
    for _ in 0..5 {
        let mut running = Vec::new();
        for _ in 0..40 {
            number += 1;
            let store = Arc::clone(&store);
            running.push(tokio::spawn(async move {
                store.commit(add_actor_token(number)).await.unwrap();
                number
            }));
        }
        let mut answered = Vec::new();
        for (index, task) in running.into_iter().enumerate() {
            answered.push(task.await.unwrap());
            if index == 20 {
                let image_place = workplace.image();
                let image = image_place.open();
                for number in &answered {
                    assert!(has_actor_token(&image, *number).await, "{number} was answered and is lost");
                }
                let found = positions(&image).await;
                assert_eq!(found, (1..=found.len() as u64).collect::<Vec<_>>(), "the record has a gap");
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_does_not_fit_and_loses_nothing() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(0)).await.unwrap();
    // Fewer than the database has already: from now on it cannot grow.
    store.sabotage(Sabotage::LimitPages(1)).await.unwrap();
    let reason = "x".repeat(3_000);
    let long = |number| {
        let token = actas_domain::actor_token::ActorToken {
            reason: Some(reason.clone()),
            ..rows::actor_token(number)
        };
        changes::change(Vec::new(), vec![Write::AddActorToken(token)])
    };
    let mut number = 1;
    let error = loop {
        match store.commit(long(number)).await {
            Ok(_) => number += 1,
            Err(error) => break error,
        }
        assert!(number < 100, "the disk is never full");
    };
    assert!(
        matches!(&error, CommitError::Store(StoreError::Unavailable(why)) if why.contains("disk")),
        "{error:?}"
    );
    for acknowledged in 0..number {
        assert!(has_actor_token(&store, acknowledged).await, "{acknowledged} is lost");
    }
    assert!(!has_actor_token(&store, number).await, "half a change was kept");
    store.sabotage(Sabotage::LimitPages(1_000_000)).await.unwrap();
    store.commit(long(number)).await.unwrap();
    let found = positions(&store).await;
    assert_eq!(found, (1..=number + 1).collect::<Vec<_>>(), "the record has a gap");
}

/// The one that does not fit must not take those with it that do.
#[tokio::test]
async fn a_change_that_does_not_fit_fails_alone() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(0)).await.unwrap();
    store.sabotage(Sabotage::LimitPages(1)).await.unwrap();
    let huge = actas_domain::actor_token::ActorToken {
        reason: Some("x".repeat(1_000_000)),
        ..rows::actor_token(50)
    };
    let huge = changes::change(Vec::new(), vec![Write::AddActorToken(huge)]);
    let small = |_| changes::change(Vec::new(), Vec::new());
    let (before, failed, after) =
        tokio::join!(store.commit(small(1)), store.commit(huge), store.commit(small(2)));
    assert!(matches!(failed, Err(CommitError::Store(StoreError::Unavailable(_)))), "{failed:?}");
    assert_eq!((before.unwrap().position, after.unwrap().position), (2, 3));
}

#[tokio::test]
async fn a_foreign_writer_is_noticed_and_survived() {
    let workplace = Workplace::new();
    let store = workplace.open();
    let other = rusqlite::Connection::open(workplace.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.commit(add_actor_token(1)).await.unwrap_err();
    assert!(
        matches!(&error, CommitError::Store(StoreError::Unavailable(why)) if why.contains("another process")),
        "{error:?}"
    );
    assert!(store.check().await.is_err());
    other.execute_batch("ROLLBACK").unwrap();
    store.check().await.unwrap();
    assert_eq!(store.commit(add_actor_token(1)).await.unwrap().position, 1);
}

/// A transaction that fails at its very end is answered to everybody in it, and the writer goes on.
#[tokio::test]
async fn a_failed_commit_fails_its_batch_and_nothing_else() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(1)).await.unwrap();
    store.sabotage(Sabotage::FailNextCommit).await.unwrap();
    let error = store.commit(add_actor_token(2)).await.unwrap_err();
    assert!(matches!(error, CommitError::Store(StoreError::Unavailable(_))), "{error:?}");
    assert!(!has_actor_token(&store, 2).await, "what failed was kept");
    assert_eq!(store.commit(add_actor_token(2)).await.unwrap().position, 2);
    assert_eq!(positions(&store).await, [1, 2]);
}
