//! What a purge leaves of the file.

use crate::workplace::Workplace;
use actas_domain::{
    actor_token::{ActorToken, ActorTokenStatus},
    change::Write,
    ports::Store,
    retention::{Purge, Purged, STEP_ROWS},
    session::{Session, SessionStatus},
    testing::{changes, rows},
};
use actas_store_sqlite::SqliteStore;
use futures::future::join_all;
use std::fs;

const PURGE: Purge = Purge::of(Purged::ActorTokens, 1_000);

/// Tokens that were used, each with its session, whose time is over.
async fn fill(store: &SqliteStore, tokens: u64) {
    let numbers: Vec<u64> = (1..=tokens).collect();
    for some in numbers.chunks(500) {
        let commits = some.iter().map(|number| {
            let session = Session { status: SessionStatus::Ended, ..rows::impersonated_session(*number) };
            let token = ActorToken {
                status: ActorTokenStatus::Accepted,
                session: Some(session.id.clone()),
                ..rows::actor_token(*number)
            };
            let writes = vec![Write::AddActorToken(token), Write::AddSession(session)];
            store.commit(changes::change(Vec::new(), writes))
        });
        assert!(join_all(commits).await.into_iter().all(|outcome| outcome.is_ok()));
    }
}

async fn purge_all(store: &SqliteStore) -> u64 {
    let (mut removed, mut rest) = (0, Some(PURGE));
    while let Some(purge) = rest {
        let step = store.purge(&purge, rows::after(10_000), STEP_ROWS).await.unwrap();
        removed += u64::from(step.removed);
        rest = step.rest;
    }
    removed
}

/// What is purged leaves pages that are used again: the file does not grow when as much is written anew.
#[tokio::test]
async fn the_room_of_what_is_purged_is_used_again() {
    let workplace = Workplace::new();
    let store = workplace.open();
    fill(&store, 3_000).await;
    workplace.clock.set(rows::after(10_000));
    assert_eq!(purge_all(&store).await, 3_000);
    store.close();
    let before = fs::metadata(workplace.file()).unwrap().len();
    let store = workplace.open();
    fill(&store, 2_000).await;
    store.close();
    let after = fs::metadata(workplace.file()).unwrap().len();
    // The record grows by its entries; the rows find room.
    assert!(after < before + before / 4, "{before} bytes became {after}");
}
