//! Retention: what has been kept for long enough goes, the oldest first and in steps; what is in use stays, and so do
//! counts and positions.

use super::{Harness, trial::Trial};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    audit::{
        Action, AuditEvent,
        find::{AuditQuery, AuditRange},
    },
    change::{Guard, Write},
    client::Client,
    retention::{Purge, Purged},
    session::{Session, SessionStatus},
    sign_in_token::{SignInToken, SignInTokenStatus},
    testing::{changes, rows},
    time::{Month, UnixMillis},
};

const KEPT_SECONDS: i64 = 1_000;

/// So long after the end of what was over so many seconds after the start.
pub(super) const fn kept_from(seconds: i64) -> UnixMillis {
    rows::after(seconds + KEPT_SECONDS)
}

pub(super) const fn purge_of(of: Purged) -> Purge {
    Purge::of(of, KEPT_SECONDS)
}

impl Trial {
    /// Steps at the time, by both clocks, to the first that removes something, or to the end.
    pub(super) async fn purge(&self, of: Purged, at: UnixMillis, limit: u32) -> u32 {
        self.clock.set(at);
        let mut purge = purge_of(of);
        loop {
            let stepped = self.store.purge(&purge, at, limit).await.unwrap();
            match stepped.rest {
                Some(rest) if stepped.removed == 0 => purge = rest,
                _ => return stepped.removed,
            }
        }
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

/// A step looks at no more rows than it is told, however many stay, and the next one goes on behind them; so a run
/// looks at each once.
pub async fn what_stays_is_looked_at_once(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for number in 1..=6 {
        let client = Client { updated_at: rows::after(10), ..rows::client(number) };
        let token = accepted(number, rows::after(10));
        let mut writes = vec![Write::AddClient(client), Write::AddActorToken(token)];
        if number < 5 {
            writes.push(Write::AddSession(rows::impersonated_session(number)));
        }
        trial.write(writes).await;
    }
    let at = kept_from(10);
    trial.clock.set(at);
    for of in [Purged::ActorTokens, Purged::Clients] {
        let (mut purge, mut removed) = (purge_of(of), Vec::new());
        while removed.len() < 9 {
            let stepped = trial.store.purge(&purge, at, 2).await.unwrap();
            removed.push(stepped.removed);
            let Some(rest) = stepped.rest else { break };
            purge = rest;
        }
        assert_eq!(removed, [0, 0, 2, 0], "{of:?}");
    }
    assert_eq!(trial.actor_tokens_left().await, [1, 2, 3, 4]);
    assert_eq!(trial.clients_left().await, [1, 2, 3, 4]);
    assert_eq!(trial.store.time().await.unwrap(), at);
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
    let to = |through| Purged::Entries { after: 0, through };
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
    assert_eq!(trial.purge(Purged::Entries { after: 0, through: 6 }, kept_from(10), 9).await, 6);
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
        Purged::Entries { after: 0, through: 1 },
    ] {
        assert_eq!(trial.store.purge(&purge_of(of), ahead, 9).await.unwrap().removed, 0, "{of:?}");
    }
    assert_eq!(trial.everything().await, before);
    // And the other way round.
    trial.clock.set(ahead);
    let behind = trial.store.purge(&purge_of(Purged::ActorTokens), rows::START, 9).await.unwrap();
    assert_eq!(behind.removed, 0);
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
