//! Reads never go back: once somebody was told of a state, nobody who asks later is told of one before it.

use super::{Known, Violation, ends};
use crate::suite::history::{Act, Event, Micros, Outcome, Ticket};
use std::collections::{HashMap, HashSet};

const PROPERTY: &str = "reads-go-forward";
/// Whoever got no answer asks again within this, on a slow machine too.
const BETWEEN_SENDINGS: Micros = 5_000_000;

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    let mut violations = tokens(known);
    violations.extend(sessions(known));
    violations.extend(lists(known));
    violations.extend(users(known));
    violations.extend(record(known));
    violations
}

fn fresh<'a>(known: &Known<'a>) -> impl Iterator<Item = &'a Event> {
    let facts = &known.epoch.facts;
    known.epoch.events.iter().filter(|event| !facts.may_be_old(event))
}

/// Keeps the earliest time at which something was known.
fn earliest<'a, T>(times: &mut HashMap<&'a str, (Micros, T)>, object: &'a str, at: Micros, what: T) {
    if times.get(object).is_none_or(|(known, _)| at < *known) {
        times.insert(object, (at, what));
    }
}

fn tokens(known: &Known<'_>) -> Vec<Violation> {
    let mut finals: HashMap<&str, (Micros, &str)> = HashMap::new();
    for event in known.events() {
        match (&event.act, &event.outcome) {
            (Act::RevokeToken { token }, Outcome::Done) => earliest(&mut finals, token, event.end, "revoked"),
            (Act::Accept { token, kind: Ticket::Actor, .. }, Outcome::Accepted { .. }) => {
                earliest(&mut finals, token, event.end, "accepted");
            }
            (Act::ReadToken { token }, Outcome::SawToken { status, .. }) if status != "pending" => {
                earliest(&mut finals, token, event.end, status.as_str());
            }
            _ => {}
        }
    }
    let mut violations = Vec::new();
    for event in fresh(known) {
        let Act::ReadToken { token } = &event.act else { continue };
        let seen = match &event.outcome {
            Outcome::SawToken { status, .. } => status.as_str(),
            Outcome::Refused { status: 404, .. } => "not there",
            _ => continue,
        };
        let created = known.creations.get(token.as_str()).map(|creation| (creation.end, "pending"));
        let expected = finals.get(token.as_str()).copied().filter(|(at, _)| *at < event.begin).or(created);
        let went_back = expected.is_some_and(|(at, status)| {
            at < event.begin && status != seen && !(status == "pending" && seen != "not there")
        });
        if let Some((at, status)) = expected.filter(|_| went_back) {
            let what = format!("was {status} at {at}, and {seen} to a read of {}", event.begin);
            violations.push(Violation::new(PROPERTY, token, what));
        }
    }
    violations
}

fn sessions(known: &Known<'_>) -> Vec<Violation> {
    let ends = ends::acknowledged(known);
    let mut begun: HashMap<&str, (Micros, ())> = HashMap::new();
    for event in known.events() {
        if let Outcome::Accepted { session } = &event.outcome {
            earliest(&mut begun, session, event.end, ());
        }
    }
    let mut violations = Vec::new();
    let mut activity: HashMap<&str, Vec<(&Event, i64)>> = HashMap::new();
    for event in fresh(known) {
        let Act::ReadSession { session } = &event.act else { continue };
        match &event.outcome {
            Outcome::SawSession { status, last_active_at, .. } => {
                activity.entry(session).or_default().push((event, *last_active_at));
                let end = ends.get(session.as_str()).filter(|end| end.at < event.begin && status == "active");
                if let Some(end) = end {
                    let what =
                        format!("was active to a read of {}, though {} at {}", event.begin, end.how, end.at);
                    violations.push(Violation::new(PROPERTY, session, what));
                }
            }
            Outcome::Refused { status: 404, .. } => {
                if let Some((at, ())) = begun.get(session.as_str()).filter(|(at, ())| *at < event.begin) {
                    let what = format!("was there at {at}, and not to a read of {}", event.begin);
                    violations.push(Violation::new(PROPERTY, session, what));
                }
            }
            _ => {}
        }
    }
    violations.extend(activity.into_iter().filter_map(|(session, seen)| {
        let what = went_back(seen)?;
        Some(Violation::new(PROPERTY, session, format!("its activity went back: {what}")))
    }));
    violations
}

/// The first value that is less than one that was answered before its request began.
fn went_back<T: Copy + Ord + std::fmt::Display>(mut seen: Vec<(&Event, T)>) -> Option<String> {
    let mut ended = seen.clone();
    seen.sort_by_key(|(event, _)| event.begin);
    ended.sort_by_key(|(event, _)| event.end);
    let mut ended = ended.into_iter().peekable();
    let mut highest: Option<(T, Micros)> = None;
    for (event, value) in seen {
        while let Some((earlier, before)) = ended.next_if(|(earlier, _)| earlier.end < event.begin) {
            if highest.is_none_or(|(highest, _)| highest < before) {
                highest = Some((before, earlier.end));
            }
        }
        if let Some((before, at)) = highest.filter(|(highest, _)| *highest > value) {
            return Some(format!("{before} at {at}, {value} to a read of {}", event.begin));
        }
    }
    None
}

/// No list of live sessions has one that was over before it was asked for.
fn lists(known: &Known<'_>) -> Vec<Violation> {
    let ends = ends::acknowledged(known);
    let mut violations = Vec::new();
    for event in fresh(known) {
        let (Act::ListSessions { .. }, Outcome::SawSessions(live)) = (&event.act, &event.outcome) else {
            continue;
        };
        for session in live.iter().collect::<HashSet<_>>() {
            if let Some(end) = ends.get(session.as_str()).filter(|end| end.at < event.begin) {
                let what = format!("was listed as live at {}, though {} at {}", event.begin, end.how, end.at);
                violations.push(Violation::new(PROPERTY, session, what));
            }
        }
    }
    violations
}

/// A read sees the newest change that was acknowledged before it began, or one that may have come since.
fn users(known: &Known<'_>) -> Vec<Violation> {
    let mut writes: HashMap<&str, Vec<(&Event, Option<bool>)>> = HashMap::new();
    for event in known.events().iter().filter(|event| !matches!(event.outcome, Outcome::Refused { .. })) {
        match &event.act {
            Act::SetBanned { user, banned } => writes.entry(user).or_default().push((event, Some(*banned))),
            Act::DeleteUser { user } => writes.entry(user).or_default().push((event, None)),
            _ => {}
        }
    }
    let mut violations = Vec::new();
    for event in known.events() {
        let Some((user, seen, begin)) = saw_user(known, event) else { continue };
        let Some(writes) = writes.get(user) else { continue };
        let is_settled = |write: &Event| write.is_acknowledged() && write.end < begin;
        let newest = writes
            .iter()
            .filter(|(write, _)| is_settled(write))
            .filter_map(|(write, value)| Some((known.entry_of(write)?.position, *value)))
            .max_by_key(|(position, _)| *position);
        let Some((position, expected)) = newest.filter(|(_, expected)| *expected != seen) else { continue };
        // What was so already, and has no entry, made nothing newer.
        let may_have_changed = |write: &Event| !write.is_acknowledged() || known.entry_of(write).is_some();
        let may_be_newer = writes.iter().any(|(write, value)| {
            *value == seen && !is_settled(write) && write.begin < event.end && may_have_changed(write)
        });
        if !may_be_newer {
            let words = |value: Option<bool>| {
                value.map_or("deleted", |banned| if banned { "banned" } else { "free" })
            };
            let what = format!(
                "is {} since entry {position}, and was {} to a read of {}",
                words(expected),
                words(seen),
                begin
            );
            violations.push(Violation::new(PROPERTY, user, what));
        }
    }
    violations
}

/// The user, the standing that an answer told, and from when on it may have been looked at. A ban that is acknowledged
/// and has no entry is a read: it was so already. Its answer may be the one to an earlier sending of the same request.
fn saw_user<'a>(known: &Known<'a>, event: &'a Event) -> Option<(&'a str, Option<bool>, Micros)> {
    match (&event.act, &event.outcome) {
        (Act::ReadUser { .. }, _) if known.epoch.facts.may_be_old(event) => None,
        (Act::ReadUser { user }, Outcome::SawUser { banned }) => Some((user, Some(*banned), event.begin)),
        (Act::ReadUser { user }, Outcome::Refused { status: 404, .. }) => Some((user, None, event.begin)),
        (Act::SetBanned { user, banned }, Outcome::Done) if known.entry_of(event).is_none() => {
            Some((user, Some(*banned), first_sending(known, event)))
        }
        _ => None,
    }
}

/// When the request may have been sent first: before it, one after the other, those without an answer that ask the same.
fn first_sending(known: &Known<'_>, event: &Event) -> Micros {
    let mut begin = event.begin;
    let is_same = |other: &&Event| other.outcome == Outcome::Unknown && other.act == event.act;
    let mut unanswered: Vec<_> = known.events().iter().filter(is_same).collect();
    unanswered.sort_by_key(|other| std::cmp::Reverse(other.end));
    for other in unanswered {
        if other.end <= begin && begin - other.end < BETWEEN_SENDINGS {
            begin = other.begin;
        }
    }
    begin
}

/// The record grows only, and whoever reads it finds all that was acknowledged.
fn record(known: &Known<'_>) -> Vec<Violation> {
    let mut seen: Vec<(&Event, u64)> = Vec::new();
    for event in fresh(known) {
        match &event.outcome {
            Outcome::SawPosition(position) => seen.push((event, *position)),
            _ => continue,
        }
    }
    went_back(seen)
        .map(|what| Violation::new(PROPERTY, "", format!("the record went back: {what}")))
        .into_iter()
        .collect()
}
