//! A change lands whole or not at all, and its entry with it.

use super::{
    Harness,
    trial::{ALL, INNOCENT_FAILURES, Trial, concurrently, innocent_writes},
};
use crate::{
    audit::{Action, Cause},
    change::{Downfall, Guard, SessionSelection, Write},
    keys::SigningKeyStatus,
    page::Listed,
    ports::CommitError,
    session::{Ending, Session, SessionStatus, find::SessionQuery},
    testing::{changes, rows},
    time::Month,
    user::User,
};
use std::sync::Arc;

/// Every kind of row that a change adds is there afterwards, to the letter, and one entry tells of it.
pub async fn a_change_lands_whole(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let committed = trial.write(innocent_writes()).await;
    assert_eq!(committed.position, 1);
    let store = &trial.store;
    assert_eq!(trial.actor_token(99).await, rows::actor_token(99));
    assert_eq!(store.actor_tokens_created_in(Month::of(rows::START)).await.unwrap(), 1);
    assert_eq!(trial.sign_in_token(99).await, rows::sign_in_token(99));
    assert_eq!(trial.client(99).await, rows::client(99));
    assert_eq!(trial.session(99).await, rows::session(99));
    let password_failures = Some(INNOCENT_FAILURES);
    assert_eq!(trial.user("innocent").await, User { password_failures, ..rows::full_user("innocent", 99) });
    let kept = store.kept_return(&rows::client_id(99)).await.unwrap();
    assert_eq!(kept, Some(rows::kept_return(99, "innocent")));
    assert!(trial.standing("stranger").await.banned);
    assert_eq!(store.secret_key(&rows::secret_key_id(99)).await.unwrap(), Some(rows::secret_key(99)));
    assert_eq!(store.signing_keys().await.unwrap(), vec![rows::signing_key(99, SigningKeyStatus::Next)]);
    assert_eq!(store.instance().await.unwrap(), Some(rows::instance(99)));
    let entries = trial.entries().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(&entries[0].event, changes::change(Vec::new(), Vec::new()).event());
}

/// A new store is empty and fit for work.
pub async fn a_new_store_is_empty(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.store.check().await.unwrap();
    assert_eq!(trial.everything().await, Trial::begin(harness).await.everything().await);
    assert_eq!(trial.entries().await, Vec::new());
    assert_eq!(trial.store.instance().await.unwrap(), None);
    trial.write(innocent_writes()).await;
    let other = Trial::begin(harness).await;
    assert_eq!(other.entries().await, Vec::new(), "two stores share what they hold");
}

/// A failed guard, first or last among others that hold, takes every kind of write with it.
pub async fn a_failed_guard_leaves_nothing(harness: &dyn Harness) {
    let trial = inhabited(harness).await;
    let good = Guard::InGoodStanding { user: rows::user_id("subject"), must_be_present: true };
    let bad = Guard::RevisionUnchanged { user: rows::user_id("subject"), revision: 0 };
    let mut writes = innocent_writes();
    writes.extend(sweeping_writes());
    trial.refused(changes::change(vec![bad.clone(), good.clone()], writes.clone())).await;
    trial.refused(changes::change(vec![good.clone(), bad.clone()], writes.clone())).await;
    trial.refused(changes::change(vec![bad], Vec::new())).await;
    trial.lands(changes::change(vec![good], writes)).await;
}

/// A write that may not start from what is stored, first or last, takes the others with it, also set-wise ones.
pub async fn a_failed_write_leaves_nothing(harness: &dyn Harness) {
    let trial = inhabited(harness).await;
    let bad = Write::RemoveUser { user: rows::user_id("subject"), revision: 7 };
    let mut writes = innocent_writes();
    writes.extend(sweeping_writes());
    let first = [vec![bad.clone()], writes.clone()].concat();
    let last = [writes.clone(), vec![bad]].concat();
    trial.refused(changes::change(Vec::new(), first)).await;
    trial.refused(changes::change(Vec::new(), last)).await;
    trial.write(writes).await;
}

/// A refusal by a rule is an entry and nothing else.
pub async fn a_refusal_is_only_an_entry(harness: &dyn Harness) {
    let trial = inhabited(harness).await;
    let event = changes::denied(changes::event(Action::ActorTokenAccepted, rows::START), "some_code");
    let committed = trial.lands(changes::told(event.clone(), Vec::new(), Vec::new())).await;
    let entries = trial.entries().await;
    let own = entries.last().unwrap();
    assert_eq!((own.position, &own.event), (committed.position, &event));
    assert_eq!(trial.session(1).await, rows::session(1));
}

/// Of many changes at once, those that fail a guard or a write's condition fail alone, whoever they share a
/// transaction with.
pub async fn a_failed_change_fails_alone(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddUser(rows::full_user("first", 1))]).await;
    let fails_a_guard = |number: u64| number % 4 == 1;
    let fails_a_write = |number: u64| number % 4 == 3;
    let work = (0..200_u64).map(|number| {
        let store = Arc::clone(&trial.store);
        let guard =
            Guard::InGoodStanding { user: rows::user_id("nobody"), must_be_present: fails_a_guard(number) };
        let mut writes = vec![Write::AddActorToken(rows::actor_token(number))];
        if fails_a_write(number) {
            writes.push(Write::AddUser(rows::full_user("thief", 1)));
        }
        async move { store.commit(changes::change(vec![guard], writes)).await }
    });
    let results = concurrently(harness, work).await;
    for (number, result) in (0..).zip(results) {
        let stored = trial.store.actor_token(&rows::actor_token_id(number)).await.unwrap();
        if fails_a_guard(number) || fails_a_write(number) {
            assert!(matches!(result, Err(CommitError::GuardFailed)), "{number}: {result:?}");
            assert_eq!(stored, None);
        } else {
            assert!(result.is_ok(), "{number}: {result:?}");
            assert_eq!(stored, Some(rows::actor_token(number)));
        }
    }
    assert_eq!(trial.entries().await.len(), 101);
    assert_eq!(trial.store.user(&rows::user_id("thief")).await.unwrap(), None);
}

/// Whoever reads while changes land sees all of a change or nothing of it.
pub async fn a_reader_sees_whole_changes(harness: &dyn Harness) {
    const SESSIONS_EACH: u64 = 10;
    const CHANGES: u64 = 20;
    let trial = Trial::begin(harness).await;
    let write = |number: u64| {
        let store = Arc::clone(&trial.store);
        async move {
            let mut writes = vec![Write::AddClient(rows::client(number))];
            writes.extend((0..SESSIONS_EACH).map(|each| {
                let session = rows::session(number * SESSIONS_EACH + each);
                Write::AddSession(Session { client: rows::client_id(number), ..session })
            }));
            store.commit(changes::change(Vec::new(), writes)).await.unwrap();
            Vec::new()
        }
    };
    let read = || {
        let store = Arc::clone(&trial.store);
        async move {
            let query = SessionQuery { client: None, user: None, status: None, now: rows::START, page: ALL };
            let mut seen = Vec::new();
            for _ in 0..50 {
                let Listed { rows, total } = store.sessions(&query).await.unwrap();
                assert_eq!(rows.len() as u64, total, "a page and its total are of two states");
                seen.push(total);
            }
            seen
        }
    };
    let mut tasks: Vec<super::trial::Work<Vec<u64>>> = Vec::new();
    for number in 0..CHANGES {
        tasks.push(Box::pin(write(number)));
        if number % 5 == 0 {
            tasks.push(Box::pin(read()));
        }
    }
    for seen in concurrently(harness, tasks).await {
        assert!(seen.is_sorted(), "a reader went back in time: {seen:?}");
        assert!(
            seen.iter().all(|total| total % SESSIONS_EACH == 0),
            "a reader saw part of a change: {seen:?}"
        );
    }
}

/// A store in which every set-wise write finds something.
async fn inhabited(harness: &dyn Harness) -> Trial {
    let trial = Trial::begin(harness).await;
    trial
        .write(vec![
            Write::AddUser(rows::full_user("subject", 1)),
            Write::AddClient(rows::client(1)),
            Write::AddSession(rows::session(1)),
            Write::AddActorToken(rows::actor_token(1)),
            Write::AddSignInToken(rows::sign_in_token(1)),
            Write::AddSecretKey(rows::secret_key(1)),
            Write::AddSigningKey(rows::signing_key(1, SigningKeyStatus::Current)),
        ])
        .await;
    trial
}

/// Writes that change or remove what [`inhabited`] holds.
fn sweeping_writes() -> Vec<Write> {
    let subject = || rows::user_id("subject");
    vec![
        Write::EndSessions {
            of: SessionSelection::Party(subject()),
            ending: Ending { status: SessionStatus::Revoked, cause: Cause::SubjectDeleted },
        },
        Write::RevokeTokens { party: subject(), downfall: Downfall::Deleted },
        Write::RotateCookie { client: rows::client_id(1), hash: rows::cookie_hash(1, 1) },
        Write::RecordSignIn { user: subject(), at: rows::after(1) },
        Write::RemoveUser { user: subject(), revision: 1 },
        Write::RevokeSecretKey(crate::secret_key::SecretKey {
            revoked_at: Some(rows::START),
            ..rows::secret_key(1)
        }),
        Write::RemoveSigningKey(rows::signing_key_id(1)),
    ]
}
