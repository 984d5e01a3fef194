//! What is asked twice with one idempotency key is answered alike and happens once. A request that was sent once, with
//! a key or without, never happens twice either.

use super::{Known, Violation};
use crate::suite::history::{Act, Outcome};
use std::collections::{HashMap, HashSet};

const PROPERTY: &str = "idempotent";

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    let mut answers: HashMap<&str, (&str, &str)> = HashMap::new();
    let mut violations = Vec::new();
    for event in known.events() {
        let intent = match &event.act {
            Act::CreateTicket { intent, .. } | Act::CreateUser { intent } => intent.as_str(),
            _ => continue,
        };
        let Outcome::Created { id, answer } = &event.outcome else { continue };
        let (first, first_answer) = *answers.entry(intent).or_insert((id, answer));
        if first != id {
            let what = format!("the intent {intent} was answered {first} and {id}");
            violations.push(Violation::new(PROPERTY, id, what));
        } else if first_answer != answer {
            let what = format!("the intent {intent} was answered {first_answer} and {answer}");
            violations.push(Violation::new(PROPERTY, id, what));
        }
    }
    let mut made: HashMap<&str, Vec<&str>> = HashMap::new();
    for entry in known.epoch.record.iter().filter(|entry| entry.is("actor_token.created")) {
        if let (Some(reason), Some(token)) = (entry.reason.as_deref(), entry.token.as_deref()) {
            made.entry(reason).or_default().push(token);
        }
    }
    let twice = made.into_iter().filter(|(_, tokens)| tokens.len() > 1);
    violations.extend(twice.map(|(intent, tokens)| {
        Violation::new(PROPERTY, intent, format!("this intent made {}", tokens.join(", ")))
    }));
    violations.extend(told_again(known));
    violations
}

/// One request leaves one entry of a kind about an object, of a refusal too. Who tries a commit again that had landed
/// leaves two.
fn told_again(known: &Known<'_>) -> Vec<Violation> {
    let mut told = HashSet::new();
    let mut violations = Vec::new();
    for entry in known.epoch.record.iter().filter(|entry| !entry.trace.is_empty()) {
        let (request, objects) = (&entry.trace, (&entry.user, &entry.token, &entry.session, &entry.key));
        if !told.insert((request, &entry.action, entry.is_done, objects)) {
            let object = [&entry.token, &entry.session, &entry.user].into_iter().flatten().next();
            let (position, action) = (entry.position, &entry.action);
            let what = format!("entry {position} tells {action} once more of the request {request}");
            violations.push(Violation::new(PROPERTY, object.map_or("", String::as_str), what));
        }
    }
    violations
}
