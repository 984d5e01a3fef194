//! Purges beside what others do to the same rows.

use super::{
    Harness,
    retention::{kept_from, purge_of},
    trial::{Trial, Work, concurrently},
};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    change::{Guard, Write},
    ports::{CommitError, Store},
    retention::Purged,
    session::Session,
    testing::{changes, rows},
};
use std::sync::Arc;

/// Of clients that purges look at while somebody signs in on them, each is gone or has its session.
pub async fn a_sign_in_and_a_purge_exclude_each_other(harness: &dyn Harness) {
    const CLIENTS: u64 = 60;
    let trial = Trial::begin(harness).await;
    for number in 1..=CLIENTS {
        trial.write(vec![Write::AddClient(rows::client(number))]).await;
    }
    let now = kept_from(0);
    trial.clock.set(now);
    let mut work: Vec<Work<bool>> = Vec::new();
    for number in 1..=CLIENTS {
        let store = Arc::clone(&trial.store);
        let guard =
            Guard::CookieUnchanged { client: rows::client_id(number), hash: rows::cookie_hash(number, 0) };
        let session =
            Session { created_at: now, updated_at: now, last_active_at: now, ..rows::session(number) };
        let change = changes::change(vec![guard], vec![Write::AddSession(session)]);
        work.push(Box::pin(async move { landed(store.commit(change).await.map(drop)) }));
        if number % 4 == 0 {
            let store = Arc::clone(&trial.store);
            work.push(Box::pin(async move {
                store.purge(&purge_of(Purged::Clients), now, 3).await.unwrap().removed > 0
            }));
        }
    }
    concurrently(harness, work).await;
    for number in 1..=CLIENTS {
        let client = trial.store.client(&rows::client_id(number)).await.unwrap();
        let session = trial.store.session(&rows::session_id(number)).await.unwrap();
        assert_eq!(client.is_some(), session.is_some(), "client {number}");
    }
}

/// Of tokens that are purged while they are revoked, every revocation that landed is on record, and all are gone.
pub async fn a_revocation_and_a_purge_exclude_each_other(harness: &dyn Harness) {
    const TOKENS: u64 = 60;
    let trial = Trial::begin(harness).await;
    for number in 1..=TOKENS {
        trial.write(vec![Write::AddActorToken(rows::actor_token(number))]).await;
    }
    let now = kept_from(3_600);
    trial.clock.set(now);
    let mut work: Vec<Work<(u64, u64)>> = Vec::new();
    for number in 1..=TOKENS {
        let store = Arc::clone(&trial.store);
        let to =
            ActorToken { status: ActorTokenStatus::Revoked, updated_at: now, ..rows::actor_token(number) };
        let change =
            changes::change(Vec::new(), vec![Write::MoveActorToken { to, from: ActorTokenStatus::Pending }]);
        work.push(Box::pin(async move { (u64::from(landed(store.commit(change).await.map(drop))), 0) }));
        if number % 3 == 0 {
            let store: Arc<dyn Store> = Arc::clone(&trial.store);
            work.push(Box::pin(async move {
                let stepped = store.purge(&purge_of(Purged::ActorTokens), now, 4).await.unwrap();
                (0, u64::from(stepped.removed))
            }));
        }
    }
    let outcomes = concurrently(harness, work).await;
    let revoked: u64 = outcomes.iter().map(|(revoked, _)| revoked).sum();
    let mut purged: u64 = outcomes.iter().map(|(_, purged)| purged).sum();
    purged += u64::from(trial.purge(Purged::ActorTokens, now, 1_000).await);
    assert_eq!(purged, TOKENS, "each goes once");
    assert_eq!(trial.entries().await.len() as u64, TOKENS + revoked);
}

fn landed(outcome: Result<(), CommitError>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(CommitError::GuardFailed) => false,
        Err(error) => panic!("{error}"),
    }
}
