//! No ticket is redeemed on a client that holds an impersonated session.

use super::{Known, Violation};
use crate::suite::evidence::Entry;
use std::collections::HashMap;

/// What rounding may make of a time.
const TOLERANCE_MILLIS: i64 = 500;

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    // Whether a session was over by time can be said only where everybody had the same.
    if !known.epoch.facts.had_right_times() {
        return Vec::new();
    }
    let mut held: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut violations = Vec::new();
    for entry in &known.epoch.record {
        if let Some(ended) = entry.ended_session() {
            held.values_mut().for_each(|sessions| sessions.retain(|session| *session != ended));
        }
        let (Some(client), Some(session)) = (entry.client.as_deref(), entry.session.as_deref()) else {
            continue;
        };
        if !entry.is_acceptance() {
            continue;
        }
        let sessions = held.entry(client).or_default();
        if let Some(other) = sessions.iter().find(|other| was_live(known, other, entry)) {
            let what = format!("began on {client} in entry {}, which held {other}", entry.position);
            violations.push(Violation::new("no-chains", session, what));
        }
        if entry.is("actor_token.accepted") {
            sessions.push(session);
        }
    }
    violations
}

/// Whether a session without an end on record was not over by time either when the entry was stored, even if nobody used it.
fn was_live(known: &Known<'_>, session: &str, entry: &Entry) -> bool {
    let facts = &known.epoch.facts;
    let until = facts.wall_millis(known.stored_until(entry.position));
    known.epoch.state.sessions.get(session).is_some_and(|session| {
        let end = session.expire_at.min(session.created_at + 1_000 * facts.idle_seconds);
        until + TOLERANCE_MILLIS < end
    })
}
