//! Ordinary sign-in: attempts that wait, and wrong passwords of users and of nobody.

use super::{Harness, trial::Trial};
use crate::{
    change::{Guard, Write},
    secret::SecretHash,
    sign_in::{
        PendingSignIn,
        failures::{Guessed, PasswordFailures},
    },
    testing::{changes, rows},
    user::User,
};

const fn failures(count: u32, seconds: i64) -> PasswordFailures {
    PasswordFailures { count, last_at: rows::after(seconds) }
}

fn of_user(id: &str, failures: Option<PasswordFailures>) -> Write {
    Write::SetPasswordFailures { user: rows::user_id(id), failures }
}

async fn failures_of(trial: &Trial, id: &str) -> Option<PasswordFailures> {
    let found = trial.store.password_failures(&Guessed::User(rows::user_id(id))).await.unwrap();
    let user = trial.store.user(&rows::user_id(id)).await.unwrap();
    assert_eq!(user.and_then(|user| user.password_failures), found, "the user shows something else");
    found
}

async fn pending(trial: &Trial, client: u64) -> Option<PendingSignIn> {
    trial.store.pending_sign_in(&rows::client_id(client)).await.unwrap()
}

/// A later attempt takes the place of an earlier one, and another client's is another's.
pub async fn a_client_has_one_attempt(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    assert_eq!(pending(&trial, 1).await, None);
    for attempt in [rows::pending_sign_in(1, 1), rows::pending_sign_in(2, 2), rows::pending_sign_in(1, 3)] {
        trial.store.begin_sign_in(&attempt).await.unwrap();
        assert_eq!(trial.store.pending_sign_in(&attempt.client).await.unwrap(), Some(attempt));
    }
    trial.write(vec![Write::EndSignIn(rows::client_id(1)), Write::EndSignIn(rows::client_id(7))]).await;
    assert_eq!(pending(&trial, 1).await, None);
    assert_eq!(pending(&trial, 2).await, Some(rows::pending_sign_in(2, 2)));
    assert_eq!(trial.entries().await.len(), 1, "an attempt is no state of record");
}

/// What is over at the very millisecond goes; what is not stays.
pub async fn what_is_over_is_forgotten(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddUser(rows::user("early")), Write::AddUser(rows::user("late"))]).await;
    trial.write(vec![of_user("early", Some(failures(3, 10))), of_user("late", Some(failures(4, 11)))]).await;
    let late = PendingSignIn { expires_at: rows::after(3_601), ..rows::pending_sign_in(2, 2) };
    for attempt in [&rows::pending_sign_in(1, 1), &late] {
        trial.store.begin_sign_in(attempt).await.unwrap();
    }
    let kept =
        crate::client::returning::KeptReturn { until: rows::after(3_601), ..rows::kept_return(2, "late") };
    trial
        .write(vec![Write::KeepReturn(rows::kept_return(1, "early")), Write::KeepReturn(kept.clone())])
        .await;
    let forgotten = trial.store.forget_sign_ins(rows::after(3_600), rows::after(10), 500).await.unwrap();
    assert_eq!(forgotten, 3);
    assert_eq!(pending(&trial, 1).await, None);
    assert_eq!(pending(&trial, 2).await, Some(late));
    assert_eq!(failures_of(&trial, "early").await, None);
    assert_eq!(failures_of(&trial, "late").await, Some(failures(4, 11)));
    assert_eq!(trial.store.kept_return(&rows::client_id(1)).await.unwrap(), None);
    assert_eq!(trial.store.kept_return(&rows::client_id(2)).await.unwrap(), Some(kept));
}

/// A step at a time, of each kind, and the longest over first.
pub async fn what_is_over_is_forgotten_in_steps(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for number in 1..=3 {
        let attempt = rows::pending_sign_in(number, number);
        let expires_at = rows::after(10 - i64::try_from(number).unwrap());
        trial.store.begin_sign_in(&PendingSignIn { expires_at, ..attempt }).await.unwrap();
        let identifier = SecretHash::of(&format!("nobody {number}"));
        assert!(trial.store.set_guesses(identifier, None, failures(1, 7)).await.unwrap());
    }
    let forget = || trial.store.forget_sign_ins(rows::after(10), rows::after(7), 2);
    assert_eq!(forget().await.unwrap(), 4);
    assert!(pending(&trial, 1).await.is_some(), "it is not the longest over");
    assert_eq!((pending(&trial, 2).await, pending(&trial, 3).await), (None, None));
    assert_eq!(forget().await.unwrap(), 2);
    assert_eq!(forget().await.unwrap(), 0);
    assert_eq!(pending(&trial, 1).await, None);
}

/// They move without a revision, a change of the user leaves them alone, and they go with the user.
pub async fn failures_belong_to_a_user(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddUser(rows::user("subject")), of_user("stranger", Some(failures(1, 1)))]).await;
    assert_eq!(failures_of(&trial, "stranger").await, None);
    trial.write(vec![of_user("subject", Some(failures(2, 5)))]).await;
    let renamed = User { revision: 2, locale: Some("de".into()), ..rows::user("subject") };
    trial.write(vec![Write::ReplaceUser(renamed)]).await;
    assert_eq!(failures_of(&trial, "subject").await, Some(failures(2, 5)));
    trial.write(vec![of_user("subject", None)]).await;
    assert_eq!(failures_of(&trial, "subject").await, None);
    trial.write(vec![of_user("subject", Some(failures(9, 6)))]).await;
    trial.write(vec![Write::RemoveUser { user: rows::user_id("subject"), revision: 2 }]).await;
    trial.write(vec![Write::AddUser(rows::user("subject"))]).await;
    assert_eq!(failures_of(&trial, "subject").await, None);
}

pub async fn password_failures_unchanged(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |failures| Guard::PasswordFailuresUnchanged { user: rows::user_id("subject"), failures };
    trial.holds(guard(None)).await;
    trial.write(vec![Write::AddUser(rows::user("subject"))]).await;
    trial.holds(guard(None)).await;
    trial.fails(guard(Some(failures(1, 1)))).await;
    trial.write(vec![of_user("subject", Some(failures(1, 1)))]).await;
    trial.holds(guard(Some(failures(1, 1)))).await;
    for other in [None, Some(failures(2, 1)), Some(failures(1, 2))] {
        trial.fails(guard(other)).await;
    }
}

pub async fn revision_unchanged(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |revision| Guard::RevisionUnchanged { user: rows::user_id("subject"), revision };
    trial.fails(guard(0)).await;
    trial.write(vec![Write::AddUser(rows::user("subject"))]).await;
    trial.holds(guard(1)).await;
    trial.fails(guard(0)).await;
    trial.fails(guard(2)).await;
}

/// Of several wrong passwords at once each is counted.
pub async fn every_wrong_password_is_counted(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddUser(rows::user("subject"))]).await;
    let count = |store: std::sync::Arc<dyn crate::ports::Store>| async move {
        loop {
            let user = rows::user_id("subject");
            let seen = store.password_failures(&Guessed::User(user.clone())).await.unwrap();
            let next = failures(seen.map_or(0, |seen| seen.count) + 1, 0);
            let guard = Guard::PasswordFailuresUnchanged { user, failures: seen };
            let change = changes::change(vec![guard], vec![of_user("subject", Some(next))]);
            if store.commit(change).await.is_ok() {
                return;
            }
        }
    };
    super::trial::concurrently(harness, (0..8).map(|_| count(trial.store.clone()))).await;
    assert_eq!(failures_of(&trial, "subject").await, Some(failures(8, 0)));
}

/// By the hash of an identifier, apart from all users and from other hashes.
pub async fn guesses_at_nobody_are_counted(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let (one, other) = (SecretHash::of("one"), SecretHash::of("other"));
    let guesses = |hash| {
        let store = trial.store.clone();
        async move { store.password_failures(&Guessed::Nobody(hash)).await.unwrap() }
    };
    assert_eq!(guesses(one).await, None);
    let mut seen = None;
    for set in [failures(1, 0), failures(2, 5), failures(1, 90)] {
        assert!(trial.store.set_guesses(one, seen, set).await.unwrap());
        assert_eq!(guesses(one).await, Some(set));
        seen = Some(set);
    }
    for not_seen in [None, Some(failures(2, 90)), Some(failures(1, 91))] {
        assert!(!trial.store.set_guesses(one, not_seen, failures(7, 99)).await.unwrap());
    }
    assert_eq!(guesses(one).await, seen, "what was not as seen is changed");
    assert!(!trial.store.set_guesses(other, seen, failures(7, 99)).await.unwrap());
    assert_eq!(guesses(other).await, None);
    assert!(trial.entries().await.is_empty(), "a guess at nobody is no entry");
}
