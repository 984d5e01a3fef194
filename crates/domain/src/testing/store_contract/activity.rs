//! The one write without an entry: a session's activity, forward and only while it is live.

use super::{Harness, trial::Trial};
use crate::{
    change::Write,
    session::{Session, SessionStatus},
    testing::rows,
    time::UnixMillis,
    user::User,
};

/// Only `last_active_at` moves, of the session and of its user: no entry, no revision, no other time.
pub async fn activity_moves_one_thing(harness: &dyn Harness) {
    let trial = with_session(harness, rows::session(1)).await;
    let client = trial.client(1).await;
    record(&trial, rows::after(30)).await;
    let at = rows::after(30);
    assert_eq!(trial.session(1).await, Session { last_active_at: at, ..rows::session(1) });
    assert_eq!(trial.user("subject").await, User { last_active_at: Some(at), ..rows::user("subject") });
    assert_eq!(trial.client(1).await, client);
    assert_eq!(trial.entries().await.len(), 1);
}

/// An impersonation is no activity of the subject, nor of the actor.
pub async fn an_impersonation_moves_no_user(harness: &dyn Harness) {
    let trial = with_session(harness, rows::impersonated_session(1)).await;
    trial.write(vec![Write::AddUser(rows::user("actor"))]).await;
    record(&trial, rows::after(30)).await;
    assert_eq!(trial.session(1).await.last_active_at, rows::after(30));
    assert_eq!(trial.user("subject").await, rows::user("subject"));
    assert_eq!(trial.user("actor").await, rows::user("actor"));
}

pub async fn activity_never_moves_backward(harness: &dyn Harness) {
    let trial = with_session(harness, rows::session(1)).await;
    record(&trial, rows::after(30)).await;
    for earlier in [rows::after(30), rows::after(29), rows::after(-1)] {
        record(&trial, earlier).await;
        assert_eq!(trial.session(1).await.last_active_at, rows::after(30));
        assert_eq!(trial.user("subject").await.last_active_at, Some(rows::after(30)));
    }
}

/// What ends a session was decided before, and does not know of it.
pub async fn an_end_keeps_the_activity(harness: &dyn Harness) {
    let trial = with_session(harness, rows::session(1)).await;
    record(&trial, rows::after(30)).await;
    let ended = Session { status: SessionStatus::Ended, updated_at: rows::after(31), ..rows::session(1) };
    trial.write(vec![Write::MoveSession { to: ended.clone(), from: SessionStatus::Active }]).await;
    assert_eq!(trial.session(1).await, Session { last_active_at: rows::after(30), ..ended });
}

/// Another session of the user's may have been active later.
pub async fn a_users_activity_is_the_latest(harness: &dyn Harness) {
    let trial = with_session(harness, rows::session(1)).await;
    trial.write(vec![Write::AddClient(rows::client(2)), Write::AddSession(rows::session(2))]).await;
    record(&trial, rows::after(30)).await;
    trial.store.record_activity(&rows::session_id(2), rows::after(20)).await.unwrap();
    assert_eq!(trial.session(2).await.last_active_at, rows::after(20));
    assert_eq!(trial.user("subject").await.last_active_at, Some(rows::after(30)));
}

/// At the very end, idle or absolute, activity comes too late.
pub async fn activity_revives_nothing(harness: &dyn Harness) {
    let trial = with_session(harness, rows::session(1)).await;
    record(&trial, rows::after(600)).await;
    assert_eq!(trial.session(1).await, rows::session(1));
    record(&trial, rows::after(600).plus_millis(-1)).await;
    record(&trial, rows::after(1_199)).await;
    record(&trial, rows::after(1_798)).await;
    let active_until_the_end = trial.session(1).await;
    assert_eq!(active_until_the_end.last_active_at, rows::after(1_798));
    record(&trial, rows::after(1_800)).await;
    assert_eq!(trial.session(1).await, active_until_the_end);
    assert_eq!(trial.user("subject").await.last_active_at, Some(rows::after(1_798)));
}

pub async fn an_ended_session_is_never_active(harness: &dyn Harness) {
    for (number, status) in (1..).zip(SessionStatus::ALL) {
        let trial = Trial::begin(harness).await;
        let session = Session { status, ..rows::session(number) };
        trial.write(vec![Write::AddClient(rows::client(number)), Write::AddSession(session.clone())]).await;
        trial.store.record_activity(&session.id, rows::after(1)).await.unwrap();
        let moved = trial.session(number).await.last_active_at == rows::after(1);
        assert_eq!(moved, status == SessionStatus::Active, "{status:?}");
    }
}

/// Neither a session nor a user has to be stored for activity to be asked for.
pub async fn activity_of_nobody_is_nothing(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    record(&trial, rows::after(1)).await;
    trial.write(vec![Write::AddClient(rows::client(1)), Write::AddSession(rows::session(1))]).await;
    record(&trial, rows::after(1)).await;
    assert_eq!(trial.session(1).await.last_active_at, rows::after(1));
    assert_eq!(trial.store.user(&rows::user_id("subject")).await.unwrap(), None);
}

/// A change of the user that was made before the activity does not take it back.
pub async fn a_change_of_the_user_keeps_the_activity(harness: &dyn Harness) {
    let trial = with_session(harness, rows::session(1)).await;
    let made_before = trial.user("subject").await;
    record(&trial, rows::after(30)).await;
    let sign_in = Write::RecordSignIn { user: rows::user_id("subject"), at: rows::after(40) };
    trial.write(vec![sign_in]).await;
    let to = User { revision: 2, locale: Some("de".into()), ..made_before };
    trial.write(vec![Write::ReplaceUser(to.clone())]).await;
    let wanted = User { last_active_at: Some(rows::after(30)), last_sign_in_at: Some(rows::after(40)), ..to };
    assert_eq!(trial.user("subject").await, wanted);
}

/// A sign-in moves `last_sign_in_at` forward and nothing else; nobody is made by it.
pub async fn a_sign_in_is_recorded(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddUser(rows::user("subject"))]).await;
    let sign_in = |user, at| vec![Write::RecordSignIn { user: rows::user_id(user), at }];
    trial.write(sign_in("subject", rows::after(5))).await;
    trial.write(sign_in("subject", rows::after(4))).await;
    trial.write(sign_in("stranger", rows::after(5))).await;
    let wanted = User { last_sign_in_at: Some(rows::after(5)), ..rows::user("subject") };
    assert_eq!(trial.user("subject").await, wanted);
    assert_eq!(trial.store.user(&rows::user_id("stranger")).await.unwrap(), None);
}

async fn with_session(harness: &dyn Harness, session: Session) -> Trial {
    let trial = Trial::begin(harness).await;
    trial
        .write(vec![
            Write::AddUser(rows::user("subject")),
            Write::AddClient(rows::client(1)),
            Write::AddSession(session),
        ])
        .await;
    trial
}

async fn record(trial: &Trial, at: UnixMillis) {
    trial.store.record_activity(&rows::session_id(1), at).await.unwrap();
}
