//! Ends by time come when they are due: not before, and not later. Where a clock was moved nothing can be said, for one that
//! is ahead ends what it meets.

use super::{Known, Violation};
use crate::suite::{
    evidence::SessionState,
    history::{Act, Event, Micros, Outcome},
};
use std::collections::HashMap;

/// What rounding may make of a time.
const TOLERANCE_MILLIS: i64 = 500;

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    if !known.epoch.facts.had_right_times() {
        return Vec::new();
    }
    let mut violations = too_early(known);
    violations.extend(too_late(known));
    violations
}

fn violation(session: &str, what: String) -> Violation {
    Violation::new("ends-in-time", session, what)
}

/// Nothing moves the activity of a session that has ended, so the stored one is what its end was decided by.
fn too_early(known: &Known<'_>) -> Vec<Violation> {
    let facts = &known.epoch.facts;
    let due =
        |session: &SessionState| session.expire_at.min(session.last_active_at + 1_000 * facts.idle_seconds);
    let mut violations = Vec::new();
    let mut check = |session: &str, at: Micros, how: &str| {
        let Some(state) = known.epoch.state.sessions.get(session) else { return };
        let (at, due) = (facts.wall_millis(at), due(state));
        if at + TOLERANCE_MILLIS < due {
            violations.push(violation(session, format!("{how} by {at} ms, and is over by time at {due} ms")));
        }
    };
    for entry in known.epoch.record.iter().filter(|entry| entry.is("session.expired")) {
        if let Some(session) = entry.session.as_deref() {
            check(session, known.stored_until(entry.position), "is on record as expired");
        }
    }
    for event in known.events().iter().filter(|event| !facts.may_be_old(event)) {
        if let (Act::ReadSession { session }, Outcome::SawSession { status, .. }) =
            (&event.act, &event.outcome)
            && status == "expired"
        {
            check(session, event.end, "was shown as expired");
        }
    }
    violations
}

/// A session that nobody used for its idle time, and that is used all the same. Whatever was done on its client may have been
/// a use of it, and what nobody knows the fate of too.
fn too_late(known: &Known<'_>) -> Vec<Violation> {
    let facts = &known.epoch.facts;
    let mut of_clients: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in known.events() {
        for session in sessions_of(event).into_iter().flatten() {
            if let Some(state) = known.epoch.state.sessions.get(session) {
                of_clients.entry(&state.client).or_default().push(event);
            }
        }
    }
    let is_certain = |events: &&Vec<&Event>| {
        events.iter().all(|event| !matches!(event.outcome, Outcome::Unknown | Outcome::Wrong { .. }))
    };
    let mut violations = Vec::new();
    for events in of_clients.values().filter(is_certain) {
        for event in events.iter().filter(|event| is_use(event)) {
            let others = events.iter().filter(|other| !std::ptr::eq(**other, *event));
            let latest = others.filter(|other| other.begin < event.end).map(|other| other.end).max();
            let Some(latest) = latest else { continue };
            let (begin, end) =
                (facts.wall_millis(event.begin), facts.wall_millis(latest) + 1_000 * facts.idle_seconds);
            if end + TOLERANCE_MILLIS < begin {
                let session = sessions_of(event).into_iter().flatten().next().unwrap_or_default();
                let what = format!("was used by a request of {begin} ms, though it was idle until {end} ms");
                violations.push(violation(session, what));
            }
        }
    }
    violations
}

fn is_use(event: &Event) -> bool {
    matches!(
        (&event.act, &event.outcome),
        (Act::Mint { .. }, Outcome::Minted(_)) | (Act::Touch { .. }, Outcome::Done)
    )
}

/// Those that an event may have been a use of.
fn sessions_of(event: &Event) -> [Option<&str>; 2] {
    match (&event.act, &event.outcome) {
        (Act::Accept { beside, .. }, Outcome::Accepted { session }) => [Some(session), beside.as_deref()],
        (Act::Accept { beside, .. }, _) => [None, beside.as_deref()],
        (Act::Mint { session } | Act::Touch { session } | Act::EndSession { session }, _) => {
            [Some(session), None]
        }
        _ => [None, None],
    }
}
