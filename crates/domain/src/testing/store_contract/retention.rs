//! Retention: what has been kept for long enough goes, the oldest first and in steps; what is in use stays, and so do
//! counts and positions.

use super::{
    Harness,
    trial::{Trial, Work, concurrently},
};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    audit::{
        Action, AuditEvent,
        find::{AuditQuery, AuditRange},
    },
    change::{Guard, Write},
    client::Client,
    ports::{CommitError, Store},
    retention::{Purge, Purged},
    session::{Session, SessionStatus},
    sign_in_token::{SignInToken, SignInTokenStatus},
    testing::{changes, rows},
    time::{Month, UnixMillis},
};
use std::sync::Arc;

const KEPT_SECONDS: i64 = 1_000;

/// So long after the end of what was over so many seconds after the start.
const fn kept_from(seconds: i64) -> UnixMillis {
    rows::after(seconds + KEPT_SECONDS)
}

const fn purge_of(of: Purged) -> Purge {
    Purge { of, kept_seconds: KEPT_SECONDS }
}

impl Trial {
    /// One step at the time, by both clocks.
    async fn purge(&self, of: Purged, at: UnixMillis, limit: u32) -> u32 {
        self.clock.set(at);
        self.store.purge(&purge_of(of), at, limit).await.unwrap()
    }

    /// Which of the first nine are there.
    async fn actor_tokens_left(&self) -> Vec<u64> {
        there(async |number| self.store.actor_token(&rows::actor_token_id(number)).await.unwrap().is_some())
            .await
    }

    async fn sign_in_tokens_left(&self) -> Vec<u64> {
        there(async |number| {
            self.store.sign_in_token(&rows::sign_in_token_id(number)).await.unwrap().is_some()
        })
        .await
    }

    async fn sessions_left(&self) -> Vec<u64> {
        there(async |number| self.store.session(&rows::session_id(number)).await.unwrap().is_some()).await
    }

    async fn clients_left(&self) -> Vec<u64> {
        there(async |number| self.store.client(&rows::client_id(number)).await.unwrap().is_some()).await
    }
}

async fn there(is_there: impl AsyncFn(u64) -> bool) -> Vec<u64> {
    let mut left = Vec::new();
    for number in 1..10 {
        if is_there(number).await {
            left.push(number);
        }
    }
    left
}

fn accepted(number: u64, expires_at: UnixMillis) -> ActorToken {
    let session = Some(rows::session_id(number));
    ActorToken { status: ActorTokenStatus::Accepted, session, expires_at, ..rows::actor_token(number) }
}

fn ended(session: Session) -> Session {
    Session { status: SessionStatus::Ended, updated_at: rows::after(10), ..session }
}

/// Whatever became of the token, its lifetime counts; the session goes in the same step. One that is stored as active
/// keeps its token, and nothing that is behind it in the order of time.
pub async fn an_actor_token_goes_with_its_session(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let token =
        |number, seconds| ActorToken { expires_at: rows::after(seconds), ..rows::actor_token(number) };
    let revoked =
        ActorToken { status: ActorTokenStatus::Revoked, updated_at: rows::after(90), ..token(3, 30) };
    trial
        .write(vec![
            Write::AddActorToken(token(4, 40)),
            Write::AddActorToken(accepted(1, rows::after(10))),
            Write::AddSession(ended(rows::impersonated_session(1))),
            Write::AddActorToken(accepted(2, rows::after(20))),
            Write::AddSession(rows::impersonated_session(2)),
            Write::AddActorToken(revoked),
            Write::AddActorToken(accepted(5, rows::after(50))),
        ])
        .await;
    let of = Purged::ActorTokens;
    assert_eq!(trial.purge(of, kept_from(10).plus_millis(-1), 10).await, 0);
    assert_eq!(trial.actor_tokens_left().await, [1, 2, 3, 4, 5]);
    assert_eq!(trial.purge(of, kept_from(10), 10).await, 1);
    assert_eq!(trial.actor_tokens_left().await, [2, 3, 4, 5]);
    assert_eq!(trial.sessions_left().await, [2]);
    assert_eq!(trial.purge(of, kept_from(40), 1).await, 1, "a step has its bound");
    assert_eq!(trial.actor_tokens_left().await, [2, 4, 5]);
    assert_eq!(trial.purge(of, kept_from(50), 10).await, 2);
    assert_eq!(trial.actor_tokens_left().await, [2], "the session of the second is stored as active");
    trial
        .write(vec![Write::MoveSession {
            to: ended(rows::impersonated_session(2)),
            from: SessionStatus::Active,
        }])
        .await;
    assert_eq!(trial.purge(of, kept_from(50), 10).await, 1);
    assert_eq!((trial.actor_tokens_left().await, trial.sessions_left().await), (vec![], vec![]));
}

pub async fn a_sign_in_token_goes_by_its_lifetime(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for (number, seconds, status) in [
        (1, 30, SignInTokenStatus::Pending),
        (2, 10, SignInTokenStatus::Accepted),
        (3, 20, SignInTokenStatus::Revoked),
        (4, 40, SignInTokenStatus::Pending),
    ] {
        let expires_at = rows::after(seconds);
        let token = SignInToken { status, expires_at, ..rows::sign_in_token(number) };
        trial.write(vec![Write::AddSignInToken(token)]).await;
    }
    for (seconds, limit, removed, left) in
        [(9, 9, 0, "1234"), (30, 2, 2, "14"), (30, 2, 1, "4"), (39, 2, 0, "4"), (40, 2, 1, "")]
    {
        assert_eq!(trial.purge(Purged::SignInTokens, kept_from(seconds), limit).await, removed);
        let found: String = trial.sign_in_tokens_left().await.iter().map(u64::to_string).collect();
        assert_eq!(found, left);
    }
}

/// The end that it was bound for, not the one that somebody made: until then a token of it may be alive, and a return
/// may refer to it. One of an actor token goes with that.
pub async fn an_ordinary_session_goes_by_its_end(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let until = |session: Session, seconds| Session { idle_seconds: seconds, ..session };
    for number in 1..=5 {
        trial.write(vec![Write::AddClient(rows::client(number))]).await;
    }
    trial
        .write(vec![
            Write::AddSession(until(rows::session(1), 20)),
            Write::AddSession(until(ended(rows::session(2)), 20)),
            Write::AddSession(until(ended(rows::session(3)), 30)),
            Write::AddSession(until(ended(rows::session(4)), 10_000)),
            Write::AddSession(until(ended(rows::impersonated_session(5)), 20)),
        ])
        .await;
    let of = Purged::Sessions;
    assert_eq!(trial.purge(of, kept_from(20).plus_millis(-1), 9).await, 0);
    assert_eq!(trial.purge(of, kept_from(30), 1).await, 1);
    assert_eq!(trial.sessions_left().await, [1, 3, 4, 5]);
    assert_eq!(trial.purge(of, kept_from(1_799), 9).await, 1);
    assert_eq!(trial.sessions_left().await, [1, 4, 5], "one that is stored as active is not over");
    let expired = Session { status: SessionStatus::Expired, ..until(rows::session(1), 20) };
    trial.write(vec![Write::MoveSession { to: expired, from: SessionStatus::Active }]).await;
    assert_eq!(trial.purge(of, kept_from(1_800), 9).await, 2);
    assert_eq!(trial.sessions_left().await, [5]);
}

pub async fn a_client_goes_when_nothing_is_left_on_it(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for number in 1..=6 {
        let client = Client { updated_at: rows::after(10), ..rows::client(number) };
        trial.write(vec![Write::AddClient(client)]).await;
    }
    let changed = Session { updated_at: rows::after(20), ..ended(rows::session(4)) };
    trial
        .write(vec![
            Write::AddSession(ended(rows::session(1))),
            Write::KeepReturn(rows::kept_return(2, "subject")),
            Write::AddSession(changed),
        ])
        .await;
    trial.store.begin_sign_in(&rows::pending_sign_in(3, 1)).await.unwrap();
    let of = Purged::Clients;
    assert_eq!(trial.purge(of, kept_from(10).plus_millis(-1), 9).await, 0);
    assert_eq!(trial.purge(of, kept_from(10), 1).await, 1, "a step has its bound");
    assert_eq!(trial.purge(of, kept_from(10), 9).await, 1);
    assert_eq!(trial.clients_left().await, [1, 2, 3, 4]);
    assert_eq!(trial.purge(Purged::Sessions, kept_from(1_800), 9).await, 2);
    trial.write(vec![Write::DropReturn(rows::client_id(2)), Write::EndSignIn(rows::client_id(3))]).await;
    assert_eq!(trial.purge(of, kept_from(19), 9).await, 3);
    assert_eq!(trial.clients_left().await, [4], "its sessions changed later");
    assert_eq!(trial.purge(of, kept_from(20), 9).await, 1);
}

/// An event at so many seconds after the start.
async fn record(trial: &Trial, seconds: i64) -> u64 {
    let event = changes::event(Action::UserUpdated, rows::after(seconds));
    trial.lands(changes::told(event, Vec::new(), Vec::new())).await.position
}

async fn positions(trial: &Trial) -> Vec<u64> {
    trial.entries().await.iter().map(|entry| entry.position).collect()
}

/// A younger entry keeps those behind it, the bound those behind it, and the newest is never removed: the next one has
/// the next position.
pub async fn the_record_is_cut_from_the_oldest_on(harness: &dyn Harness) {
    let mut trial = Trial::begin(harness).await;
    for seconds in [10, 10, 30, 10, 40, 40] {
        record(&trial, seconds).await;
    }
    let to = |through| Purged::Entries { through };
    assert_eq!(trial.purge(to(9), kept_from(10).plus_millis(-1), 9).await, 0);
    assert_eq!(trial.purge(to(9), kept_from(20), 1).await, 1);
    assert_eq!(trial.purge(to(9), kept_from(20), 9).await, 1);
    assert_eq!(positions(&trial).await, [3, 4, 5, 6]);
    assert_eq!(trial.purge(to(3), kept_from(60), 9).await, 1);
    assert_eq!(positions(&trial).await, [4, 5, 6]);
    assert_eq!(trial.purge(to(u64::MAX), kept_from(60), 9).await, 2);
    assert_eq!(trial.purge(to(u64::MAX), kept_from(60), 9).await, 0);
    assert_eq!(positions(&trial).await, [6]);
    assert_eq!(record(&trial, 60).await, 7);
    if let Some(store) = harness.reopen(trial.store).await {
        trial = Trial { store, clock: trial.clock };
        assert_eq!(record(&trial, 60).await, 8);
        assert_eq!(positions(&trial).await, [6, 7, 8]);
    }
}

pub async fn a_cut_record_is_read_as_before(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for _ in 0..9 {
        record(&trial, 10).await;
    }
    let told =
        AuditEvent { purged_through: Some(6), ..changes::event(Action::RecordPurged, rows::after(20)) };
    trial.lands(changes::told(told.clone(), Vec::new(), Vec::new())).await;
    assert_eq!(trial.purge(Purged::Entries { through: 6 }, kept_from(10), 9).await, 6);
    let found = async |range, limit, action| {
        let query = AuditQuery { range, limit, action, ..AuditQuery::default() };
        let entries = trial.store.audit_entries(&query).await.unwrap();
        entries.iter().map(|entry| entry.position).collect::<Vec<_>>()
    };
    assert_eq!(found(AuditRange::Forward { after: 0 }, 2, None).await, [7, 8]);
    assert_eq!(found(AuditRange::Forward { after: 5 }, 2, None).await, [7, 8]);
    assert_eq!(found(AuditRange::Forward { after: 7 }, 9, None).await, [8, 9, 10]);
    assert_eq!(found(AuditRange::Forward { after: 10 }, 9, None).await, [0_u64; 0]);
    assert_eq!(found(AuditRange::Backward { before: None }, 2, None).await, [10, 9]);
    assert_eq!(found(AuditRange::Backward { before: Some(9) }, 9, None).await, [8, 7]);
    assert_eq!(found(AuditRange::Backward { before: Some(7) }, 9, None).await, [0_u64; 0]);
    assert_eq!(found(AuditRange::Forward { after: 0 }, 9, Some(Action::RecordPurged)).await, [10]);
    assert_eq!(trial.entries_behind(9).await[0].event, told);
}

/// A server whose clock is ahead removes nothing that is not over by the store's.
pub async fn the_stores_own_clock_counts(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial
        .write(vec![
            Write::AddActorToken(rows::actor_token(1)),
            Write::AddSignInToken(rows::sign_in_token(1)),
            Write::AddClient(rows::client(1)),
            Write::AddClient(rows::client(2)),
            Write::AddSession(ended(rows::session(2))),
        ])
        .await;
    record(&trial, 0).await;
    let before = trial.everything().await;
    let ahead = rows::after(1_000_000);
    trial.clock.set(rows::after(KEPT_SECONDS - 1));
    for of in [
        Purged::ActorTokens,
        Purged::SignInTokens,
        Purged::Sessions,
        Purged::Clients,
        Purged::Entries { through: 1 },
    ] {
        assert_eq!(trial.store.purge(&purge_of(of), ahead, 9).await.unwrap(), 0, "{of:?}");
    }
    assert_eq!(trial.everything().await, before);
    // And the other way round.
    trial.clock.set(ahead);
    assert_eq!(trial.store.purge(&purge_of(Purged::ActorTokens), rows::START, 9).await.unwrap(), 0);
}

/// Of what goes, the month's count stays, and users and their standing stay.
pub async fn what_is_counted_stays(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let month = Month::of(rows::START);
    trial
        .write(vec![
            Write::AddUser(rows::full_user("subject", 1)),
            Write::AddActorToken(rows::actor_token(1)),
            Write::CountActorToken(month),
        ])
        .await;
    let (user, entries) = (trial.user("subject").await, trial.entries().await);
    assert_eq!(trial.purge(Purged::ActorTokens, kept_from(3_600), 9).await, 1);
    assert_eq!(trial.store.actor_tokens_created_in(month).await.unwrap(), 1);
    trial.fails_alone(Guard::QuotaLeft { month, limit: 1 }).await;
    assert_eq!((trial.user("subject").await, trial.entries().await), (user, entries));
    // Its id is free, as any that is not there.
    trial.write(vec![Write::AddActorToken(rows::actor_token(1))]).await;
}

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
            work.push(Box::pin(
                async move { store.purge(&purge_of(Purged::Clients), now, 3).await.unwrap() > 0 },
            ));
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
                (0, u64::from(store.purge(&purge_of(Purged::ActorTokens), now, 4).await.unwrap()))
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
