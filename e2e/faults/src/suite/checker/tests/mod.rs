//! Histories made by hand: one that holds every promise, and for each property some that break it.

mod chains;
mod keys;
mod reads;
mod record;
mod times;

use super::*;
use crate::suite::{
    evidence::{SessionState, TokenState},
    history::{Claims, Ticket},
};

const ACTOR: &str = r#"{"sub":"staff","n":1.50}"#;
/// Of the origin, so that times on the wall are round.
const ORIGIN_MILLIS: i64 = 1_000_000_000;

/// Second by second: each event takes half of one.
fn at(second: u64) -> (Micros, Micros) {
    (second * 1_000_000, second * 1_000_000 + 500_000)
}

fn event(second: u64, act: Act, outcome: Outcome) -> Event {
    let (begin, end) = at(second);
    let trace = Some(format!("trace-{second}"));
    Event { begin, end, replica: 0, key: Some("main".to_owned()), act, outcome, trace }
}

fn entry(second: u64, action: &str) -> Entry {
    Entry {
        position: second,
        action: action.to_owned(),
        is_done: true,
        trace: format!("trace-{second}"),
        caller_kind: "secret_key".to_owned(),
        caller: Some("main".to_owned()),
        ..Entry::default()
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn created(id: &str) -> Outcome {
    Outcome::Created { id: id.to_owned(), answer: format!("{{{id}}}") }
}

fn create_ticket(intent: &str) -> Act {
    Act::CreateTicket {
        intent: intent.to_owned(),
        kind: Ticket::Actor,
        subject: "user".to_owned(),
        actor: text(ACTOR),
        actor_sub: text("staff"),
    }
}

fn accept(token: &str) -> Act {
    Act::Accept { token: token.to_owned(), kind: Ticket::Actor, beside: None }
}

fn accepted(session: &str) -> Outcome {
    Outcome::Accepted { session: session.to_owned() }
}

fn saw_session(status: &str, last_active_at: i64) -> Outcome {
    Outcome::SawSession { status: status.to_owned(), last_active_at, expire_at: 0 }
}

fn mint() -> Act {
    Act::Mint { session: "sess".to_owned() }
}

fn minted(second: i64, change: impl FnOnce(&mut Claims)) -> Outcome {
    let issued_at = ORIGIN_MILLIS / 1_000 + second;
    let mut claims = Claims {
        session: "sess".to_owned(),
        subject: "user".to_owned(),
        issued_at,
        expires_at: issued_at + 10,
        payload: format!(r#"{{"act":{ACTOR}}}"#),
    };
    change(&mut claims);
    Outcome::Minted(Box::new(claims))
}

fn about(entry: Entry, token: Option<&str>, session: Option<&str>, reason: Option<&str>) -> Entry {
    Entry {
        user: text("user"),
        actor_sub: text("staff"),
        token: token.map(str::to_owned),
        session: session.map(str::to_owned),
        reason: reason.map(str::to_owned),
        ..entry
    }
}

/// A user; a token that is accepted, its session used and ended; one that is revoked; a key that comes and goes.
fn good() -> Epoch {
    let session = || "sess".to_owned();
    let events = vec![
        event(1, Act::CreateUser { intent: "one".to_owned() }, created("user")),
        event(2, create_ticket("two"), created("act_1")),
        event(3, accept("act_1"), accepted("sess")),
        event(4, Act::EndSession { session: session() }, Outcome::Done),
        event(5, create_ticket("five"), created("act_2")),
        event(6, Act::RevokeToken { token: "act_2".to_owned() }, Outcome::Done),
        Event { key: None, ..event(7, Act::CreateKey, created("key")) },
        Event { key: None, ..event(8, Act::RevokeKey { key: "key".to_owned() }, Outcome::Done) },
    ];
    let record = vec![
        Entry { user: text("user"), ..entry(1, "user.created") },
        about(entry(2, "actor_token.created"), Some("act_1"), None, Some("two")),
        about(entry(3, "actor_token.accepted"), Some("act_1"), Some("sess"), None),
        Entry { cause: text("requested"), ..about(entry(4, "session.revoked"), None, Some("sess"), None) },
        about(entry(5, "actor_token.created"), Some("act_2"), None, Some("five")),
        Entry {
            cause: text("requested"),
            ..about(entry(6, "actor_token.revoked"), Some("act_2"), None, None)
        },
        Entry { key: text("key"), ..entry(7, "secret_key.created") },
        Entry { key: text("key"), ..entry(8, "secret_key.revoked") },
    ];
    let token = |status: &str, session: Option<String>| TokenState {
        status: status.to_owned(),
        subject: "user".to_owned(),
        actor: ACTOR.to_owned(),
        session,
    };
    let ended = SessionState {
        status: "revoked".to_owned(),
        user: "user".to_owned(),
        client: "client".to_owned(),
        created_at: ORIGIN_MILLIS + 3_000,
        last_active_at: ORIGIN_MILLIS + 3_000,
        expire_at: ORIGIN_MILLIS + 600_000,
    };
    let state = State {
        tokens: [("act_1", token("accepted", Some(session()))), ("act_2", token("revoked", None))]
            .map(|(id, token)| (id.to_owned(), token))
            .into(),
        sessions: [(session(), ended)].into(),
        users: [("user".to_owned(), false)].into(),
        keys: [("key".to_owned(), true)].into(),
    };
    let facts = Facts {
        origin_millis: ORIGIN_MILLIS,
        idle_seconds: 20,
        token_seconds: 10,
        key_bound: 1_000_000,
        main_key: "main".to_owned(),
        read_at: 60_000_000,
        ..Facts::default()
    };
    Epoch { events, record, before: 0, state, facts }
}

/// The properties that a changed history breaks.
fn broken(change: impl FnOnce(&mut Epoch)) -> Vec<&'static str> {
    let mut epoch = good();
    change(&mut epoch);
    let mut broken: Vec<_> = check(&epoch).into_iter().map(|violation| violation.property).collect();
    broken.sort_unstable();
    broken.dedup();
    broken
}

/// As [`broken`], by one more event.
fn with(extra: Event) -> Vec<&'static str> {
    broken(|epoch| epoch.events.push(extra))
}

const NOTHING: [&str; 0] = [];

/// The session of the good history goes on.
fn without_end(epoch: &mut Epoch) {
    epoch.events.remove(3);
    epoch.record[3] = Entry { is_done: false, ..epoch.record[3].clone() };
    epoch.state.sessions.get_mut("sess").unwrap().status = "active".to_owned();
}

#[test]
fn a_good_history_breaks_nothing() {
    assert_eq!(check(&good()), []);
}

#[test]
fn what_nobody_knows_may_have_happened_or_not() {
    for act in [accept("act_1"), accept("act_2"), create_ticket("nine"), mint(), Act::CreateKey] {
        assert_eq!(with(event(9, act, Outcome::Unknown)), NOTHING);
    }
    let in_doubt = |epoch: &mut Epoch| epoch.events[2].outcome = Outcome::Unknown;
    assert_eq!(broken(in_doubt), NOTHING);
}

#[test]
fn a_ticket_that_is_accepted_twice() {
    assert!(with(event(3, accept("act_1"), accepted("sess_2"))).contains(&"accepted-once"));
    let on_record = |epoch: &mut Epoch| {
        epoch.record.push(about(entry(9, "actor_token.accepted"), Some("act_1"), Some("sess_2"), None));
    };
    assert!(broken(on_record).contains(&"accepted-once"));
}

#[test]
fn what_was_acknowledged_and_is_not_there() {
    let lost: [fn(&mut State); 7] = [
        |state| drop(state.tokens.remove("act_2")),
        |state| state.tokens.get_mut("act_1").unwrap().session = text("other"),
        |state| state.tokens.get_mut("act_2").unwrap().status = "pending".to_owned(),
        |state| state.tokens.get_mut("act_2").unwrap().actor = ACTOR.replace("1.50", "1.5"),
        |state| state.sessions.get_mut("sess").unwrap().status = "active".to_owned(),
        |state| {
            state.users.remove("user");
        },
        |state| {
            state.keys.insert("key".to_owned(), false);
        },
    ];
    for (number, lose) in lost.into_iter().enumerate() {
        let broken = broken(|epoch| lose(&mut epoch.state));
        assert!(broken.contains(&"acknowledged-kept"), "{number}: {broken:?}");
    }
}

#[test]
fn an_accept_after_the_revocation_or_the_fall_of_a_party() {
    assert!(with(event(9, accept("act_2"), accepted("sess_2"))).contains(&"revoked-refused"));
    let fallen = |user: &str| {
        broken(|epoch| {
            let ban = Act::SetBanned { user: user.to_owned(), banned: true };
            epoch.events.push(event(9, ban, Outcome::Done));
            epoch.events.push(event(10, accept("act_1"), accepted("sess_2")));
        })
    };
    assert!(fallen("staff").contains(&"revoked-refused"));
    assert!(fallen("user").contains(&"revoked-refused"));
    assert!(!fallen("another").contains(&"revoked-refused"));
}

#[test]
fn a_session_token_after_the_end() {
    assert_eq!(with(event(3, mint(), minted(3, |_| {}))), NOTHING);
    assert!(with(event(5, mint(), minted(5, |_| {}))).contains(&"ended-mints-nothing"));
    let touched = event(5, Act::Touch { session: "sess".to_owned() }, Outcome::Done);
    assert_eq!(with(touched.clone()), ["ended-mints-nothing"]);
    let by_time = |epoch: &mut Epoch| {
        epoch.state.sessions.get_mut("sess").unwrap().expire_at = ORIGIN_MILLIS + 3_000;
        epoch.events.push(Event { begin: 3_400_000, ..event(3, mint(), minted(3, |_| {})) });
    };
    assert!(broken(by_time).contains(&"ended-mints-nothing"));
    // Being at a primary that was left is no excuse.
    let fenced = |epoch: &mut Epoch| {
        epoch.facts.fenced.push(Fenced { replica: 0, from: 5_000_000, until: 6_000_000 });
        epoch.events.push(touched);
    };
    assert_eq!(broken(fenced), ["ended-mints-nothing"]);
}

#[test]
fn a_session_ends_with_its_party_and_mints_nothing_after() {
    let ban = |epoch: &mut Epoch| {
        epoch.events.remove(3);
        epoch.events.push(event(9, Act::SetBanned { user: "user".to_owned(), banned: true }, Outcome::Done));
        epoch.events.push(event(10, mint(), minted(10, |_| {})));
        let cause = text("subject_banned");
        epoch.record[3] = Entry { cause, ..about(entry(4, "session.revoked"), None, Some("sess"), None) };
        epoch.record.push(Entry { user: text("user"), ..entry(9, "user.banned") });
        epoch.state.users.insert("user".to_owned(), true);
    };
    assert_eq!(broken(ban), ["ended-mints-nothing", "token-truthful"]);
    let goes_on = |epoch: &mut Epoch| {
        ban(epoch);
        epoch.events.pop();
        epoch.record[3] = Entry { is_done: false, ..entry(4, "session.revoked") };
        epoch.state.sessions.get_mut("sess").unwrap().status = "active".to_owned();
    };
    assert_eq!(broken(goes_on), ["record-complete"]);
}

#[test]
fn a_session_token_that_says_what_is_not_so() {
    let lies: [fn(&mut Claims); 7] = [
        |claims| claims.session = "other".to_owned(),
        |claims| claims.subject = "other".to_owned(),
        |claims| claims.payload = claims.payload.replace("1.50", "1.5"),
        |claims| claims.expires_at += 1,
        |claims| claims.issued_at -= 5,
        |claims| (claims.issued_at, claims.expires_at) = (claims.issued_at + 2, claims.issued_at + 9),
        |claims| (claims.issued_at, claims.expires_at) = (claims.issued_at + 595, claims.issued_at + 605),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let broken = with(event(3, mint(), minted(3, lie)));
        assert_eq!(broken, ["token-truthful"], "{number}");
    }
    // Asked for before the end, and dated after it.
    let late = Event { end: 9_000_000, ..event(3, mint(), minted(8, |_| {})) };
    assert_eq!(with(late), ["token-truthful"]);
}

#[test]
fn one_intent_that_happens_twice() {
    let again = |id: &str| event(2, create_ticket("two"), created(id));
    assert_eq!(with(again("act_1")), NOTHING);
    assert!(with(again("act_3")).contains(&"idempotent"));
    let other = Outcome::Created { id: "act_1".to_owned(), answer: "{}".to_owned() };
    assert_eq!(with(event(2, create_ticket("two"), other)), ["idempotent"]);
    let on_record = |epoch: &mut Epoch| {
        epoch.record.push(about(entry(9, "actor_token.created"), Some("act_3"), None, Some("two")));
    };
    assert!(broken(on_record).contains(&"idempotent"));
    let refused = |position, trace: &str| {
        let told =
            Entry { position, is_done: false, trace: trace.to_owned(), ..entry(9, "actor_token.accepted") };
        about(told, Some("act_1"), None, None)
    };
    let twice = |trace: &'static str| {
        move |epoch: &mut Epoch| epoch.record.extend([refused(9, "trace-9"), refused(10, trace)])
    };
    assert_eq!(broken(twice("trace-10")), NOTHING);
    assert_eq!(broken(twice("trace-9")), ["idempotent"]);
}

#[test]
fn an_answer_that_nobody_may_get() {
    for status in [200, 500] {
        let wrong = Outcome::Wrong { status, text: "?".to_owned() };
        assert_eq!(with(event(9, mint(), wrong)), ["answers-as-agreed"]);
    }
}
