//! Many at once on one store: exactly one wins where there is one thing to win, and nobody's win is lost.

use super::{
    Harness,
    trial::{Trial, concurrently},
};
use crate::{
    actor_token::{ActorToken, ActorTokenStatus},
    audit::{Action, Cause},
    change::{Change, Downfall, Guard, SessionSelection, Write},
    ids::UserId,
    ports::{CommitError, Committed},
    session::{Ending, Session, SessionStatus},
    testing::{changes, rows},
    time::Month,
    user::User,
};
use std::sync::Arc;

const RIVALS: u64 = 64;

/// One ticket, many redemptions: one session.
pub async fn a_ticket_makes_one_session(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddActorToken(rows::actor_token(1))]).await;
    let results = race(harness, &trial, |rival| accept(1, rival)).await;
    let winners = winners(&results);
    assert_eq!(winners.len(), 1, "{winners:?}");
    let session = trial.session(winners[0]).await;
    assert_eq!(trial.actor_token(1).await.session, Some(session.id));
    for rival in (0..RIVALS).filter(|rival| *rival != winners[0]) {
        assert_eq!(trial.store.session(&rows::session_id(rival)).await.unwrap(), None);
        assert_eq!(trial.store.client(&rows::client_id(rival)).await.unwrap(), None);
    }
    let accepted = trial.entries().await;
    let accepted = accepted.iter().filter(|entry| entry.event.action == Action::ActorTokenAccepted);
    assert_eq!(accepted.count(), 1);
}

/// Redeemed or revoked, never both.
pub async fn a_ticket_is_accepted_or_revoked(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for number in 0..32 {
        trial.write(vec![Write::AddActorToken(rows::actor_token(number))]).await;
    }
    let results = race(harness, &trial, |rival| {
        let number = rival / 2;
        if rival % 2 == 0 {
            return accept(number, rival);
        }
        let to = rows::actor_token(number).revoked(rows::START, Cause::Requested);
        changes::change(Vec::new(), vec![Write::MoveActorToken { to, from: ActorTokenStatus::Pending }])
    })
    .await;
    for (number, pair) in (0..).zip(results.chunks(2)) {
        assert!(pair[0].is_ok() != pair[1].is_ok(), "token {number}: {pair:?}");
        let wanted = if pair[0].is_ok() { ActorTokenStatus::Accepted } else { ActorTokenStatus::Revoked };
        assert_eq!(trial.actor_token(number).await.status, wanted);
    }
}

pub async fn a_quota_is_never_passed(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let month = Month::of(rows::START);
    let results = race(harness, &trial, |rival| {
        changes::change(
            vec![Guard::QuotaLeft { month, limit: 10 }],
            vec![Write::AddActorToken(rows::actor_token(rival)), Write::CountActorToken(month)],
        )
    })
    .await;
    assert_eq!(winners(&results).len(), 10);
    assert_eq!(trial.store.actor_tokens_created_in(month).await.unwrap(), 10);
}

pub async fn an_identifier_has_one_winner(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let contested = rows::full_user("contested", 1);
    let results = race(harness, &trial, |rival| {
        let user = User { id: rows::user_id(&format!("rival-{rival}")), ..contested.clone() };
        changes::change(Vec::new(), vec![Write::AddUser(user)])
    })
    .await;
    let winners = winners(&results);
    assert_eq!(winners.len(), 1, "{winners:?}");
    let winner = rows::user_id(&format!("rival-{}", winners[0]));
    for identifier in contested.identifiers() {
        assert_eq!(trial.store.identifier_owner(&identifier).await.unwrap(), Some(winner.clone()));
    }
}

pub async fn a_revision_has_one_successor(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    trial.write(vec![Write::AddUser(rows::user("subject"))]).await;
    let results = race(harness, &trial, |rival| {
        let user = User { revision: 2, locale: Some(rival.to_string()), ..rows::user("subject") };
        changes::change(Vec::new(), vec![Write::ReplaceUser(user)])
    })
    .await;
    let winners = winners(&results);
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(trial.user("subject").await.locale, Some(winners[0].to_string()));
}

/// Two tickets on one client at once make no chain, and a cookie is good for one sign-in.
pub async fn a_client_begins_one_impersonation(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let mut writes = vec![Write::AddClient(rows::client(1))];
    writes.extend((0..RIVALS).map(|rival| Write::AddActorToken(rows::actor_token(rival))));
    trial.write(writes).await;
    let results = race(harness, &trial, |rival| {
        let session = Session { client: rows::client_id(1), ..rows::impersonated_session(rival) };
        changes::change(
            vec![Guard::NoImpersonation(rows::client_id(1))],
            vec![accepted(rival, rival), Write::AddSession(session)],
        )
    })
    .await;
    assert_eq!(winners(&results).len(), 1);
    let cookie = |rotation| rows::cookie_hash(1, rotation);
    let results = race(harness, &trial, |rival| {
        changes::change(
            vec![Guard::CookieUnchanged { client: rows::client_id(1), hash: cookie(0) }],
            vec![Write::RotateCookie { client: rows::client_id(1), hash: cookie(rival + 1) }],
        )
    })
    .await;
    let winners = winners(&results);
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(trial.client(1).await.cookie_hash, Some(cookie(winners[0] + 1)));
}

pub async fn a_first_start_happens_once(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let results = race(harness, &trial, |rival| {
        changes::change(vec![Guard::NoInstance], vec![Write::SetInstance(rows::instance(rival))])
    })
    .await;
    let winners = winners(&results);
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(trial.store.instance().await.unwrap(), Some(rows::instance(winners[0])));
}

/// A ban in the midst of redemptions: whatever the order, nothing of the banned user's is left alive.
pub async fn a_downfall_leaves_nobody_behind(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let subject = || rows::user_id("subject");
    let mut writes = vec![Write::AddUser(rows::user("subject"))];
    writes.extend((0..RIVALS).map(|rival| Write::AddActorToken(rows::actor_token(rival))));
    trial.write(writes).await;
    let guard = || Guard::InGoodStanding { user: subject(), must_be_present: true };
    let results = race(harness, &trial, |rival| {
        if rival == RIVALS / 2 {
            return ban(&subject());
        }
        changes::change(vec![guard()], accept(rival, rival).writes().to_vec())
    })
    .await;
    assert!(results[(RIVALS / 2) as usize].is_ok());
    for rival in (0..RIVALS).filter(|rival| *rival != RIVALS / 2) {
        let session = trial.store.session(&rows::session_id(rival)).await.unwrap();
        let token = trial.actor_token(rival).await;
        if results[rival as usize].is_ok() {
            assert_eq!(token.status, ActorTokenStatus::Accepted);
            assert_eq!(session.unwrap().status, SessionStatus::Revoked, "session {rival} outlived the ban");
        } else {
            assert_eq!((token.status, session), (ActorTokenStatus::Revoked, None));
        }
    }
}

/// A session is found to be over, or its activity moves; whoever comes second sees the first.
pub async fn an_expiry_and_an_activity_exclude_each_other(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for number in 0..32 {
        let writes = vec![Write::AddClient(rows::client(number)), Write::AddSession(rows::session(number))];
        trial.write(writes).await;
    }
    let (last, end) = (rows::after(599), rows::after(600));
    let work = (0..RIVALS).map(|rival| {
        let store = Arc::clone(&trial.store);
        let id = rows::session_id(rival / 2);
        async move {
            if rival % 2 == 0 {
                store.record_activity(&id, last).await.unwrap();
                return true;
            }
            let guard = Guard::ActivityUnchanged { session: id, last_active_at: rows::START };
            let to = rows::session(rival / 2).as_of(end);
            let write = Write::MoveSession { to, from: SessionStatus::Active };
            store.commit(changes::change(vec![guard], vec![write])).await.is_ok()
        }
    });
    let results = concurrently(harness, work).await;
    for (number, pair) in (0..).zip(results.chunks(2)) {
        let session = trial.session(number).await;
        let found = (session.status, session.last_active_at);
        let wanted =
            if pair[1] { (SessionStatus::Expired, rows::START) } else { (SessionStatus::Active, last) };
        assert_eq!(found, wanted, "session {number}");
    }
}

/// A read that begins after a commit was answered sees it, from whichever thread.
pub async fn an_answered_commit_is_seen(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let work = (0..RIVALS).map(|rival| {
        let store = Arc::clone(&trial.store);
        async move {
            let write = Write::AddActorToken(rows::actor_token(rival));
            store.commit(changes::change(Vec::new(), vec![write])).await.unwrap();
            let added = store.actor_token(&rows::actor_token_id(rival)).await.unwrap();
            let to = rows::actor_token(rival).revoked(rows::START, Cause::Requested);
            let write = Write::MoveActorToken { to: to.clone(), from: ActorTokenStatus::Pending };
            store.commit(changes::change(Vec::new(), vec![write])).await.unwrap();
            let moved = store.actor_token(&rows::actor_token_id(rival)).await.unwrap();
            assert_eq!((added, moved), (Some(rows::actor_token(rival)), Some(to)));
        }
    });
    concurrently(harness, work).await;
}

async fn race(
    harness: &dyn Harness,
    trial: &Trial,
    change: impl Fn(u64) -> Change,
) -> Vec<Result<Committed, CommitError>> {
    let work = (0..RIVALS).map(|rival| {
        let (store, change) = (Arc::clone(&trial.store), change(rival));
        async move { store.commit(change).await }
    });
    let results = concurrently(harness, work).await;
    let only_guards = results.iter().all(|result| matches!(result, Ok(_) | Err(CommitError::GuardFailed)));
    assert!(only_guards, "{results:?}");
    results
}

fn winners(results: &[Result<Committed, CommitError>]) -> Vec<u64> {
    (0..).zip(results).filter(|(_, result)| result.is_ok()).map(|(rival, _)| rival).collect()
}

/// The rival redeems the token's ticket on a client of its own.
fn accept(token: u64, rival: u64) -> Change {
    let session =
        Session { actor_token: Some(rows::actor_token_id(token)), ..rows::impersonated_session(rival) };
    changes::told(
        changes::event(Action::ActorTokenAccepted, rows::START),
        Vec::new(),
        vec![accepted(token, rival), Write::AddClient(rows::client(rival)), Write::AddSession(session)],
    )
}

fn accepted(token: u64, session: u64) -> Write {
    let to = ActorToken {
        status: ActorTokenStatus::Accepted,
        session: Some(rows::session_id(session)),
        ..rows::actor_token(token)
    };
    Write::MoveActorToken { to, from: ActorTokenStatus::Pending }
}

fn ban(user: &UserId) -> Change {
    changes::change(
        Vec::new(),
        vec![
            Write::ReplaceUser(User { revision: 2, banned: true, ..rows::user(user.as_str()) }),
            Write::EndSessions {
                of: SessionSelection::Party(user.clone()),
                ending: Ending { status: SessionStatus::Revoked, cause: Cause::SubjectBanned },
            },
            Write::RevokeTokens { party: user.clone(), downfall: Downfall::Banned },
        ],
    )
}
