//! A secret key that was revoked is refused by all replicas: at once for what changes something, and for the rest
//! within the stated bound.

use super::{Known, Violation};
use crate::suite::history::{Act, Event, Micros, Outcome};
use std::collections::HashMap;

const PROPERTY: &str = "key-refused";

/// What is known of one key.
#[derive(Clone, Copy, Debug)]
struct Life {
    valid_from: Micros,
    /// The earliest that somebody asked for its end.
    asked: Micros,
    revoked: Option<Micros>,
    /// Of the entry that revoked it.
    position: Option<u64>,
}

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    let lives = lives(known);
    let mut violations = Vec::new();
    for event in known.events() {
        let Some((key, life)) = event.key.as_ref().and_then(|key| Some((key, lives.get(key.as_str())?)))
        else {
            continue;
        };
        if let Some(what) = problem(known, event, *life) {
            violations.push(Violation::new(PROPERTY, key, what));
        }
    }
    for entry in known.epoch.record.iter().filter(|entry| entry.is_done && entry.caller_kind == "secret_key")
    {
        let Some(key) = entry.caller.as_deref() else { continue };
        let revoked = lives.get(key).and_then(|life| life.position);
        if let Some(revoked) = revoked.filter(|revoked| *revoked < entry.position) {
            let what =
                format!("is revoked by entry {revoked}, and acted in {}: {}", entry.position, entry.action);
            violations.push(Violation::new(PROPERTY, key, what));
        }
    }
    violations
}

fn problem(known: &Known<'_>, event: &Event, life: Life) -> Option<String> {
    if let Some(code) = event.refused_key() {
        // An old primary does not know of a key that was made on its successor.
        let was_valid = life.valid_from < event.begin
            && event.end < life.asked
            && !known.epoch.facts.is_at_an_old_primary(event);
        return was_valid.then(|| format!("was refused ({code}) at {}, while it was valid", event.end));
    }
    let revoked =
        life.revoked.filter(|revoked| *revoked < event.begin && event.outcome != Outcome::Unknown)?;
    // What was so already is answered and not told: that is a read.
    let entry = known.entry_of(event).filter(|_| event.is_change());
    if entry.is_some_and(|entry| life.position.is_none_or(|revoked| revoked < entry.position)) {
        return Some(format!("was revoked at {revoked}, and a change of {} was done with it", event.begin));
    }
    let is_bounded =
        event.begin > revoked + known.epoch.facts.key_bound && !known.epoch.facts.may_be_old(event);
    is_bounded.then(|| format!("was revoked at {revoked}, and a request of {} was answered", event.begin))
}

fn lives<'a>(known: &Known<'a>) -> HashMap<&'a str, Life> {
    let mut lives: HashMap<&str, Life> = HashMap::new();
    let main = Life { valid_from: 0, asked: Micros::MAX, revoked: None, position: None };
    lives.insert(&known.epoch.facts.main_key, main);
    for event in known.events() {
        if let (Act::CreateKey, Outcome::Created { id, .. }) = (&event.act, &event.outcome) {
            let life = Life { valid_from: event.end, asked: Micros::MAX, revoked: None, position: None };
            lives.insert(id, life);
        }
    }
    for event in known.events() {
        let Act::RevokeKey { key } = &event.act else { continue };
        let Some(life) = lives.get_mut(key.as_str()) else { continue };
        life.asked = life.asked.min(event.begin);
        if event.outcome == Outcome::Done {
            life.revoked = Some(life.revoked.map_or(event.end, |revoked| revoked.min(event.end)));
        }
    }
    for entry in known.epoch.record.iter().filter(|entry| entry.is("secret_key.revoked")) {
        if let Some(life) = entry.key.as_deref().and_then(|key| lives.get_mut(key)) {
            life.position = Some(entry.position);
        }
    }
    lives
}
