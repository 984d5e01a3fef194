//! What was answered is there after the store was left and opened again; a store that keeps nothing says so.

use super::{
    Harness,
    trial::{Trial, concurrently, innocent_writes},
};
use crate::{
    audit::{Action, Cause},
    change::{Downfall, Guard, SessionSelection, Write},
    ports::CommitError,
    session::{Ending, SessionStatus},
    testing::{changes, rows},
};
use std::sync::Arc;

/// Rows of every kind, what moved and what was removed, and the whole record.
pub async fn everything_is_there_again(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(innocent_writes()).await;
    trial
        .write(vec![
            Write::AddUser(rows::full_user("subject", 1)),
            Write::AddClient(rows::client(1)),
            Write::AddSession(rows::impersonated_session(1)),
            Write::AddActorToken(rows::actor_token(1)),
            Write::AddSignInToken(rows::sign_in_token(1)),
        ])
        .await;
    let ending = Ending { status: SessionStatus::Revoked, cause: Cause::SubjectDeleted };
    let subject = || rows::user_id("subject");
    trial
        .write(vec![
            Write::EndSessions { of: SessionSelection::Party(subject()), ending },
            Write::RevokeTokens { party: subject(), downfall: Downfall::Deleted },
            Write::RemoveUser { user: subject(), revision: 1 },
            Write::RemoveSigningKey(rows::signing_key_id(99)),
        ])
        .await;
    let denied = changes::denied(changes::event(Action::ActorTokenAccepted, rows::START), "some_code");
    trial.lands(changes::told(denied, Vec::new(), Vec::new())).await;
    trial.store.record_activity(&rows::session_id(99), rows::after(30)).await.unwrap();
    let before = trial.everything().await;
    let Some(again) = reopen(harness, trial).await else { return };
    assert_eq!(again.everything().await, before);
    for identifier in rows::full_user("subject", 1).identifiers() {
        assert_eq!(again.store.identifier_owner(&identifier).await.unwrap(), None);
    }
}

/// Positions, counts, conditions and guards go on where they stood.
pub async fn work_goes_on_where_it_stood(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(innocent_writes()).await;
    let Some(trial) = reopen(harness, trial).await else { return };
    trial.fails_alone(Guard::NoInstance).await;
    trial.refused(changes::change(Vec::new(), vec![Write::AddUser(rows::full_user("thief", 99))])).await;
    assert_eq!(trial.write(vec![Write::AddActorToken(rows::actor_token(2))]).await.position, 2);
    let Some(trial) = reopen(harness, trial).await else { return };
    assert_eq!(trial.write(Vec::new()).await.position, 3);
    let positions: Vec<_> = trial.entries().await.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [1, 2, 3]);
}

/// Of many changes at once, all that were answered, and none whose guard failed, are there afterwards.
pub async fn what_was_answered_is_there_again(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let work = (0..200_u64).map(|number| {
        let store = Arc::clone(&trial.store);
        async move {
            let guard =
                Guard::InGoodStanding { user: rows::user_id("nobody"), must_be_present: number % 3 == 1 };
            let write = Write::AddActorToken(rows::actor_token(number));
            store.commit(changes::change(vec![guard], vec![write])).await
        }
    });
    let results = concurrently(harness, work).await;
    let Some(trial) = reopen(harness, trial).await else { return };
    for (number, result) in (0..).zip(results) {
        let stored = trial.store.actor_token(&rows::actor_token_id(number)).await.unwrap();
        match result {
            Ok(committed) => {
                assert_eq!(stored, Some(rows::actor_token(number)));
                assert!(committed.position <= trial.entries().await.len() as u64);
            }
            Err(CommitError::GuardFailed) => assert_eq!(stored, None),
            Err(CommitError::Store(error)) => panic!("{error}"),
        }
    }
}

/// `None` from a store that keeps nothing, for there is nothing more to see.
async fn reopen(harness: &dyn Harness, trial: Trial) -> Option<Trial> {
    let Trial { store, clock } = trial;
    harness.reopen(store).await.map(|store| Trial { store, clock })
}
