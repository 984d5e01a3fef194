//! The record: positions dense from 1, one entry for each state reached, kept to the letter, followed without a gap.

use super::{
    Harness,
    trial::{Trial, Work, concurrently},
};
use crate::{
    audit::{
        Action, AuditEvent, Cause, Outcome,
        find::{AuditQuery, AuditRange},
    },
    caller::{Caller, Context},
    change::{Change, Guard, SessionSelection, Write},
    session::{Ending, Session, SessionStatus},
    testing::{changes, rows},
};
use std::sync::Arc;

/// A refused change takes no position, and the entries of set-wise writes come right behind their change's own.
pub async fn positions_are_dense(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let mut next = 1;
    for round in 1..=4_u64 {
        assert_eq!(trial.write(Vec::new()).await.position, next);
        trial.refused(changes::change(vec![Guard::Before(rows::START)], Vec::new())).await;
        let sessions = (0..round).map(|each| {
            let session = rows::session(10 * round + each);
            Write::AddSession(Session { client: rows::client_id(round), ..session })
        });
        let writes = std::iter::once(Write::AddClient(rows::client(round))).chain(sessions);
        assert_eq!(trial.write(writes.collect()).await.position, next + 1);
        let ending = Ending { status: SessionStatus::Removed, cause: Cause::SignedOut };
        let of = SessionSelection::Client(rows::client_id(round));
        assert_eq!(trial.write(vec![Write::EndSessions { of, ending }]).await.position, next + 2);
        next += 3 + round;
    }
    let positions: Vec<_> = trial.entries().await.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, (1..next).collect::<Vec<_>>());
}

/// Every answered change of many at once has its own entry at the position that it was told.
pub async fn positions_are_dense_under_load(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let work = (0..300_u64).map(|number| {
        let store = Arc::clone(&trial.store);
        async move { store.commit(numbered(number)).await.unwrap().position }
    });
    let positions = concurrently(harness, work).await;
    let entries = trial.entries().await;
    assert_eq!(entries.len(), 300);
    for (place, entry) in (1..).zip(&entries) {
        assert_eq!(entry.position, place);
    }
    for (number, position) in (0..).zip(positions) {
        assert_eq!(&entries[position as usize - 1].event, numbered(number).event());
    }
}

/// Whoever follows by position, while others write, sees every entry once and in order.
pub async fn a_follower_misses_nothing(harness: &dyn Harness) {
    const ENTRIES: u64 = 300;
    let trial = Trial::begin(harness).await;
    let mut work: Vec<Work<()>> = Vec::new();
    for number in 0..ENTRIES {
        let store = Arc::clone(&trial.store);
        work.push(Box::pin(async move {
            store.commit(numbered(number)).await.unwrap();
        }));
    }
    for (place, limit) in [(0, 1), (1, 7), (2, 1_000)] {
        let store = Arc::clone(&trial.store);
        work.insert(
            place,
            Box::pin(async move {
                let mut last = 0;
                while last < ENTRIES {
                    let range = AuditRange::Forward { after: last };
                    let query = AuditQuery { range, limit, ..AuditQuery::default() };
                    for entry in store.audit_entries(&query).await.unwrap() {
                        assert_eq!(entry.position, last + 1, "a follower by {limit} missed an entry");
                        last = entry.position;
                    }
                    give_way().await;
                }
            }),
        );
    }
    concurrently(harness, work).await;
}

/// Every member of an event is read as it was written, whatever the action, the cause and the caller.
pub async fn an_entry_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let callers = [
        Caller::SecretKey(rows::secret_key_id(3)),
        Caller::Client(Some(rows::client_id(4))),
        Caller::Client(None),
        Caller::Operator,
        Caller::System,
    ];
    let addresses = [None, Some("203.0.113.7"), Some("2001:db8::7"), Some("::ffff:203.0.113.7")];
    let mut events = Vec::new();
    for (place, action) in Action::ALL.iter().enumerate() {
        let address = addresses[place % addresses.len()].map(|text| text.parse().unwrap());
        let caller = callers[place % callers.len()].clone();
        let trace_id = format!("{place:032x}").into();
        let context = Context { caller, address, trace_id };
        events.push(AuditEvent { context, ..full_event(*action, place) });
    }
    for (place, cause) in Cause::ALL.iter().enumerate() {
        let event = changes::event(Action::SessionRevoked, rows::after(-(place as i64)).plus_millis(1));
        events.push(AuditEvent { cause: Some(*cause), ..event });
    }
    for event in &events {
        trial.lands(changes::told(event.clone(), Vec::new(), Vec::new())).await;
    }
    let found: Vec<_> = trial.entries().await.into_iter().map(|entry| entry.event).collect();
    assert_eq!(found, events);
}

/// Each filter alone, and all of them together, keep exactly the entries that match, in both directions.
pub async fn filters_keep_what_matches(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    for place in 0..24 {
        let action = [Action::ActorTokenCreated, Action::ActorTokenAccepted][place % 2];
        let event = full_event(action, place % 6);
        trial.lands(changes::told(event, Vec::new(), Vec::new())).await;
        trial.write(Vec::new()).await;
    }
    let all = trial.entries().await;
    let any = AuditQuery { limit: u32::MAX, ..AuditQuery::default() };
    let full = full_event(Action::ActorTokenAccepted, 3);
    let queries = [
        AuditQuery { subject: full.subject.clone(), ..any.clone() },
        AuditQuery { actor_sub: full.actor_sub.as_deref().map(str::to_owned), ..any.clone() },
        AuditQuery { actor_token: full.actor_token.clone(), ..any.clone() },
        AuditQuery { session: full.session.clone(), ..any.clone() },
        AuditQuery { action: Some(full.action), ..any.clone() },
        AuditQuery { denied: Some(true), ..any.clone() },
        AuditQuery { denied: Some(false), ..any.clone() },
        AuditQuery { at_or_after: Some(full.at), ..any.clone() },
        AuditQuery { before: Some(full.at), ..any.clone() },
        AuditQuery { at_or_after: Some(full.at), before: Some(full.at.plus_millis(1)), ..any.clone() },
        AuditQuery {
            subject: full.subject.clone(),
            actor_sub: full.actor_sub.as_deref().map(str::to_owned),
            actor_token: full.actor_token.clone(),
            session: full.session.clone(),
            action: Some(full.action),
            denied: Some(true),
            at_or_after: Some(full.at),
            before: Some(full.at.plus_millis(1)),
            ..any.clone()
        },
    ];
    for query in queries {
        let wanted: Vec<_> = all.iter().filter(|entry| matches(&query, &entry.event)).cloned().collect();
        assert!(!wanted.is_empty() && wanted.len() < all.len(), "{query:?} tests nothing");
        let forward = AuditQuery { range: AuditRange::Forward { after: 0 }, ..query.clone() };
        assert_eq!(trial.store.audit_entries(&forward).await.unwrap(), wanted, "{forward:?}");
        let newest_first: Vec<_> = wanted.iter().rev().cloned().collect();
        assert_eq!(trial.store.audit_entries(&query).await.unwrap(), newest_first, "{query:?}");
        let page = AuditQuery { limit: 2, ..query };
        assert_eq!(trial.store.audit_entries(&page).await.unwrap(), newest_first[..2], "{page:?}");
    }
    let nobody = AuditQuery { subject: Some(rows::user_id("nobody")), ..any };
    assert_eq!(trial.store.audit_entries(&nobody).await.unwrap(), Vec::new());
}

/// Both ranges, from every place, a page at a time and with a filter.
pub async fn ranges_begin_where_they_say(harness: &dyn Harness) {
    const ENTRIES: u64 = 12;
    let trial = Trial::begin(harness).await;
    for number in 0..ENTRIES {
        trial.lands(numbered(number)).await;
    }
    let positions = |range, limit, denied| {
        let query = AuditQuery { range, limit, denied, ..AuditQuery::default() };
        let store = Arc::clone(&trial.store);
        async move {
            let entries = store.audit_entries(&query).await.unwrap();
            entries.iter().map(|entry| entry.position).collect::<Vec<_>>()
        }
    };
    for at in (0..=ENTRIES + 2).chain([i64::MAX as u64]) {
        for limit in [0, 1, 5, 100] {
            for denied in [None, Some(true), Some(false)] {
                let fits = |position: &u64| denied.is_none_or(|denied| denied == is_denied(position - 1));
                let page = |places: &mut dyn Iterator<Item = u64>| {
                    places.filter(fits).take(limit as usize).collect::<Vec<_>>()
                };
                let forward = page(&mut (1..=ENTRIES).filter(|position| *position > at));
                assert_eq!(positions(AuditRange::Forward { after: at }, limit, denied).await, forward);
                let backward = page(&mut (1..=ENTRIES).rev().filter(|position| *position < at));
                let range = AuditRange::Backward { before: Some(at) };
                assert_eq!(positions(range, limit, denied).await, backward);
                let newest = page(&mut (1..=ENTRIES).rev());
                assert_eq!(positions(AuditRange::default(), limit, denied).await, newest);
            }
        }
    }
}

/// A change without writes; every third is a refusal.
fn numbered(number: u64) -> Change {
    let event = changes::event(Action::UserUpdated, rows::after(number as i64));
    let event = AuditEvent { reason: Some(format!("entry {number}")), ..event };
    let event = if is_denied(number) { changes::denied(event, "some_code") } else { event };
    changes::told(event, Vec::new(), Vec::new())
}

const fn is_denied(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// An event with all members; `number` makes each of them another.
fn full_event(action: Action, number: usize) -> AuditEvent {
    let row = number as u64;
    let event = AuditEvent {
        subject: Some(rows::user_id(&format!("subject-{number}"))),
        actor_sub: Some(format!("actor {number} 'ü' \"%_\\").into()),
        actor_token: Some(rows::actor_token_id(row)),
        sign_in_token: Some(rows::sign_in_token_id(row)),
        session: Some(rows::session_id(row)),
        client: Some(rows::client_id(row)),
        secret_key: Some(rows::secret_key_id(row)),
        signing_key: Some(rows::signing_key_id(row)),
        reason: Some(format!("ticket #{number}\n\u{1F6DF} 'why' ; --")),
        cause: Some(Cause::ALL[number % Cause::ALL.len()]),
        ..changes::event(action, rows::after(row as i64))
    };
    if is_denied(row) { changes::denied(event, &format!("code_{number}")) } else { event }
}

fn matches(query: &AuditQuery, event: &AuditEvent) -> bool {
    let denied = matches!(event.outcome, Outcome::Denied { .. });
    (query.subject.is_none() || query.subject == event.subject)
        && (query.actor_sub.is_none() || query.actor_sub.as_deref() == event.actor_sub.as_deref())
        && (query.actor_token.is_none() || query.actor_token == event.actor_token)
        && (query.session.is_none() || query.session == event.session)
        && (query.action.is_none() || query.action == Some(event.action))
        && query.denied.is_none_or(|wanted| wanted == denied)
        && query.at_or_after.is_none_or(|at| event.at >= at)
        && query.before.is_none_or(|before| event.at < before)
}

/// Lets the runtime's other tasks go on.
async fn give_way() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if waited {
            return std::task::Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
