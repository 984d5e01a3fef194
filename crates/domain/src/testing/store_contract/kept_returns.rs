//! Returns that clients keep: one for each client, taken once, gone with all of a user's sessions.

use super::{
    Harness,
    trial::{Trial, concurrently},
};
use crate::{
    change::{Guard, Write},
    client::returning::KeptReturn,
    session::{Session, SessionStatus},
    testing::{changes, rows},
};

async fn kept(trial: &Trial, client: u64) -> Option<KeptReturn> {
    trial.store.kept_return(&rows::client_id(client)).await.unwrap()
}

fn take(client: u64, session: u64) -> Write {
    Write::TakeReturn { client: rows::client_id(client), session: rows::session_id(session) }
}

pub async fn a_client_keeps_one_return(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let first = rows::kept_return(1, "actor");
    let second = KeptReturn { session: rows::session_id(9), until: rows::after(7), ..first.clone() };
    for wanted in [&first, &second] {
        trial.write(vec![Write::KeepReturn(wanted.clone())]).await;
        assert_eq!(kept(&trial, 1).await.as_ref(), Some(wanted));
    }
    trial.write(vec![Write::DropReturn(rows::client_id(1)), Write::DropReturn(rows::client_id(2))]).await;
    assert_eq!(kept(&trial, 1).await, None);
}

pub async fn a_return_is_taken_once(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write_fails(take(1, 1)).await;
    trial.write(vec![Write::KeepReturn(rows::kept_return(1, "actor"))]).await;
    trial.write_fails(take(1, 2)).await;
    trial.write_fails(take(2, 1)).await;
    let take_it = |store: std::sync::Arc<dyn crate::ports::Store>| async move {
        store.commit(changes::change(Vec::new(), vec![take(1, 1)])).await.is_ok()
    };
    let taken = concurrently(harness, (0..8).map(|_| take_it(trial.store.clone()))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    assert_eq!(kept(&trial, 1).await, None);
}

pub async fn all_returns_of_a_user_go_together(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let keep = |client, user| Write::KeepReturn(rows::kept_return(client, user));
    trial.write(vec![keep(1, "actor"), keep(2, "other"), keep(3, "actor")]).await;
    trial.write(vec![Write::DropReturns(rows::user_id("actor"))]).await;
    assert_eq!((kept(&trial, 1).await, kept(&trial, 3).await), (None, None));
    assert_eq!(kept(&trial, 2).await, Some(rows::kept_return(2, "other")));
}

pub async fn session_live(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |number| Guard::SessionLive(rows::session_id(number));
    trial.fails(guard(1)).await;
    for (number, status) in (1..).zip(SessionStatus::ALL) {
        let session = Session { status, ..rows::session(number) };
        trial.write(vec![Write::AddClient(rows::client(number)), Write::AddSession(session)]).await;
        if status == SessionStatus::Active {
            trial.holds(guard(number)).await
        } else {
            trial.fails(guard(number)).await
        }
    }
    trial.clock.set(rows::after(600));
    trial.fails(guard(1)).await;
}
