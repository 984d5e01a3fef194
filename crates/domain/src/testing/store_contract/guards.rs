//! Every guard: that it lets a change pass while it holds, and stops all of it when it does not.

use super::{Harness, trial::Trial};
use crate::{
    change::{Guard, Write},
    client::Client,
    keys::SigningKeyStatus,
    secret_key::SecretKey,
    session::{Session, SessionStatus},
    testing::{changes, rows},
    time::Month,
    user::{Standing, User},
};

const GOOD: Standing = Standing { present: false, banned: false, locked: false };
const BANNED: Standing = Standing { present: false, banned: true, locked: false };
const LOCKED: Standing = Standing { present: false, banned: false, locked: true };

pub async fn secret_key_valid(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = || Guard::SecretKeyValid(rows::secret_key_id(1));
    trial.fails(guard()).await;
    trial
        .write(vec![Write::AddSecretKey(rows::secret_key(1)), Write::AddSecretKey(rows::secret_key(2))])
        .await;
    trial.holds(guard()).await;
    let revoked = SecretKey { revoked_at: Some(rows::START), ..rows::secret_key(1) };
    trial.write(vec![Write::RevokeSecretKey(revoked)]).await;
    trial.fails(guard()).await;
    trial.holds(Guard::SecretKeyValid(rows::secret_key_id(2))).await;
}

pub async fn another_secret_key_valid(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = || Guard::AnotherSecretKeyValid(rows::secret_key_id(1));
    trial.write(vec![Write::AddSecretKey(rows::secret_key(1))]).await;
    trial.fails(guard()).await;
    trial.write(vec![Write::AddSecretKey(rows::secret_key(2))]).await;
    trial.holds(guard()).await;
    let revoked = SecretKey { revoked_at: Some(rows::START), ..rows::secret_key(2) };
    trial.write(vec![Write::RevokeSecretKey(revoked)]).await;
    trial.fails(guard()).await;
}

pub async fn in_good_standing_of_a_stored_user(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |must_be_present| Guard::InGoodStanding { user: rows::user_id("subject"), must_be_present };
    trial.fails(guard(true)).await;
    trial.holds(guard(false)).await;
    let user = |revision, banned, locked| User { revision, banned, locked, ..rows::user("subject") };
    trial.write(vec![Write::AddUser(user(1, false, false))]).await;
    trial.holds(guard(true)).await;
    trial.holds(guard(false)).await;
    for (revision, banned, locked) in [(2, true, false), (3, false, true), (4, true, true)] {
        trial.write(vec![Write::ReplaceUser(user(revision, banned, locked))]).await;
        trial.fails(guard(true)).await;
        trial.fails(guard(false)).await;
    }
    trial.write(vec![Write::ReplaceUser(user(5, false, false))]).await;
    trial.holds(guard(true)).await;
    trial.write(vec![Write::RemoveUser { user: rows::user_id("subject"), revision: 5 }]).await;
    trial.fails(guard(true)).await;
    trial.holds(guard(false)).await;
}

/// What is kept of somebody who is not stored counts, and goes on counting if they are stored later.
pub async fn in_good_standing_of_an_outsider(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |must_be_present| Guard::InGoodStanding { user: rows::user_id("subject"), must_be_present };
    let keep = |standing| Write::SetStanding { user: rows::user_id("subject"), standing };
    for standing in [BANNED, LOCKED] {
        trial.write(vec![keep(standing)]).await;
        trial.fails(guard(false)).await;
        trial.write(vec![keep(GOOD)]).await;
        trial.holds(guard(false)).await;
    }
    trial.fails(guard(true)).await;
    trial.write(vec![keep(BANNED), Write::AddUser(rows::user("subject"))]).await;
    trial.fails(guard(true)).await;
    trial.write(vec![keep(GOOD)]).await;
    trial.holds(guard(true)).await;
}

pub async fn standing_unchanged(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let present = |banned, locked| Standing { present: true, banned, locked };
    let user = |revision, banned, locked| User { revision, banned, locked, ..rows::user("subject") };
    let keep = |standing| Write::SetStanding { user: rows::user_id("subject"), standing };
    let steps = [
        (Vec::new(), GOOD),
        (vec![keep(BANNED)], BANNED),
        (vec![keep(LOCKED)], LOCKED),
        (vec![Write::AddUser(user(1, true, false))], present(true, true)),
        (vec![keep(GOOD)], present(true, false)),
        (vec![Write::ReplaceUser(user(2, false, true))], present(false, true)),
        (vec![Write::ReplaceUser(user(3, false, false))], present(false, false)),
    ];
    let every_standing = [false, true].into_iter().flat_map(|present| {
        [(false, false), (true, false), (false, true), (true, true)].map(|(banned, locked)| Standing {
            present,
            banned,
            locked,
        })
    });
    let every_standing: Vec<_> = every_standing.collect();
    for (writes, now) in steps {
        trial.write(writes).await;
        assert_eq!(trial.standing("subject").await, now);
        for standing in &every_standing {
            let guard = Guard::StandingUnchanged { user: rows::user_id("subject"), standing: *standing };
            if *standing == now {
                trial.holds(guard).await;
            } else {
                trial.fails(guard).await;
            }
        }
    }
}

pub async fn quota_left(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let month = Month::of(rows::START);
    let guard = |limit| Guard::QuotaLeft { month, limit };
    trial.fails(guard(0)).await;
    trial.holds(guard(1)).await;
    let next_month = Month::of(rows::after(31 * 86_400));
    trial.write(vec![Write::CountActorToken(next_month)]).await;
    trial.holds(guard(1)).await;
    trial.write(vec![Write::CountActorToken(month)]).await;
    trial.fails(guard(1)).await;
    trial.holds(guard(2)).await;
    trial.write(vec![Write::CountActorToken(month), Write::CountActorToken(month)]).await;
    trial.fails(guard(3)).await;
    trial.holds(guard(4)).await;
}

/// The store's own clock decides, and the end itself is too late.
pub async fn before(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let end = rows::after(60);
    trial.clock.set(end.plus_millis(-1));
    trial.holds(Guard::Before(end)).await;
    trial.clock.set(end);
    trial.fails(Guard::Before(end)).await;
    trial.clock.advance_millis(1);
    trial.fails(Guard::Before(end)).await;
    trial.clock.set(rows::START);
    trial.holds(Guard::Before(end)).await;
}

pub async fn cookie_unchanged(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |client, rotation| Guard::CookieUnchanged {
        client: rows::client_id(client),
        hash: rows::cookie_hash(client, rotation),
    };
    trial.fails(guard(1, 0)).await;
    let without_cookie = Client { cookie_hash: None, ..rows::client(2) };
    trial.write(vec![Write::AddClient(rows::client(1)), Write::AddClient(without_cookie)]).await;
    trial.holds(guard(1, 0)).await;
    trial.fails(guard(1, 1)).await;
    trial.fails(guard(2, 0)).await;
    let rotate = Write::RotateCookie { client: rows::client_id(1), hash: rows::cookie_hash(1, 1) };
    trial.lands(changes::change(vec![guard(1, 0)], vec![rotate])).await;
    trial.fails(guard(1, 0)).await;
    trial.holds(guard(1, 1)).await;
}

/// Only a session that is of this client, impersonated and live stands in the way.
pub async fn no_impersonation(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = || Guard::NoImpersonation(rows::client_id(1));
    trial.holds(guard()).await;
    let on_client_1 = |session| Session { client: rows::client_id(1), ..session };
    trial
        .write(vec![
            Write::AddClient(rows::client(1)),
            Write::AddClient(rows::client(2)),
            Write::AddSession(rows::session(1)),
            Write::AddSession(rows::impersonated_session(2)),
        ])
        .await;
    trial.holds(guard()).await;
    let impersonated = on_client_1(rows::impersonated_session(3));
    trial.write(vec![Write::AddSession(impersonated.clone())]).await;
    trial.fails(guard()).await;
    let ended = Session { status: SessionStatus::Ended, ..impersonated };
    trial.write(vec![Write::MoveSession { to: ended, from: SessionStatus::Active }]).await;
    trial.holds(guard()).await;
}

/// An impersonation whose time is over, idle or absolute, is none, whatever its stored status says.
pub async fn no_impersonation_as_time_passes(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let session = rows::impersonated_session(1);
    trial.write(vec![Write::AddClient(rows::client(1)), Write::AddSession(session.clone())]).await;
    let guard = || Guard::NoImpersonation(rows::client_id(1));
    let idle_end = session.idle_end();
    trial.clock.set(idle_end.plus_millis(-1));
    trial.fails(guard()).await;
    trial.store.record_activity(&session.id, idle_end.plus_millis(-1)).await.unwrap();
    trial.clock.set(idle_end);
    trial.fails(guard()).await;
    for _ in 0..2 {
        let now = trial.session(1).await.ends_at().plus_millis(-1);
        trial.store.record_activity(&session.id, now).await.unwrap();
    }
    assert_eq!(trial.session(1).await.ends_at(), session.expire_at);
    trial.clock.set(session.expire_at.plus_millis(-1));
    trial.fails(guard()).await;
    trial.clock.set(session.expire_at);
    trial.holds(guard()).await;
    assert_eq!(trial.session(1).await.status, SessionStatus::Active);
}

pub async fn activity_unchanged(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let guard = |last_active_at| Guard::ActivityUnchanged { session: rows::session_id(1), last_active_at };
    trial.fails(guard(rows::START)).await;
    trial.write(vec![Write::AddClient(rows::client(1)), Write::AddSession(rows::session(1))]).await;
    trial.holds(guard(rows::START)).await;
    trial.fails(guard(rows::after(1))).await;
    trial.store.record_activity(&rows::session_id(1), rows::after(1)).await.unwrap();
    trial.fails(guard(rows::START)).await;
    trial.holds(guard(rows::after(1))).await;
}

pub async fn no_instance(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.lands(changes::change(vec![Guard::NoInstance], vec![Write::SetInstance(rows::instance(1))])).await;
    trial.fails(Guard::NoInstance).await;
    assert_eq!(trial.store.instance().await.unwrap(), Some(rows::instance(1)));
}

pub async fn no_next_key(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let key = rows::signing_key(1, SigningKeyStatus::Current);
    trial.lands(changes::change(vec![Guard::NoNextKey], vec![Write::AddSigningKey(key)])).await;
    trial.holds(Guard::NoNextKey).await;
    let next = rows::signing_key(2, SigningKeyStatus::Next);
    trial.lands(changes::change(vec![Guard::NoNextKey], vec![Write::AddSigningKey(next)])).await;
    trial.fails(Guard::NoNextKey).await;
    let current = rows::signing_key(2, SigningKeyStatus::Current);
    trial.write(vec![Write::MoveSigningKey { to: current, from: SigningKeyStatus::Next }]).await;
    trial.holds(Guard::NoNextKey).await;
}

/// Guards look at what was stored before the change, not at what its own writes will have done.
pub async fn guards_look_before_the_writes(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let month = Month::of(rows::START);
    let user = || rows::user_id("subject");
    trial
        .lands(changes::change(
            vec![
                Guard::StandingUnchanged { user: user(), standing: GOOD },
                Guard::QuotaLeft { month, limit: 1 },
                Guard::NoImpersonation(rows::client_id(1)),
            ],
            vec![
                Write::AddUser(rows::user("subject")),
                Write::CountActorToken(month),
                Write::AddClient(rows::client(1)),
                Write::AddSession(rows::impersonated_session(1)),
            ],
        ))
        .await;
    trial
        .refused(changes::change(
            vec![Guard::SecretKeyValid(rows::secret_key_id(1))],
            vec![Write::AddSecretKey(rows::secret_key(1))],
        ))
        .await;
}
