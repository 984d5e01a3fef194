//! The record is the order in which things happened: what was acknowledged before another request began stands
//! before it.

use super::{Known, Violation};
use crate::suite::history::{Act, Event, Micros};
use std::collections::HashMap;

const PROPERTY: &str = "record-ordered";

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    // A request that is sent again may be answered with what its first sending did.
    let mut first_begin: HashMap<&Act, Micros> = HashMap::new();
    for event in known.events() {
        let begin = first_begin.entry(&event.act).or_insert(event.begin);
        *begin = event.begin.min(*begin);
    }
    let mut placed: Vec<(Micros, u64, &Event)> = known
        .events()
        .iter()
        .filter(|event| event.is_change() && event.is_acknowledged())
        .filter_map(|event| {
            let begin = first_begin.get(&event.act).copied().unwrap_or(event.begin);
            Some((begin, known.entry_of(event)?.position, event))
        })
        .collect();
    let mut ended = placed.clone();
    placed.sort_by_key(|(begin, _, _)| *begin);
    ended.sort_by_key(|(_, _, event)| event.end);
    let mut ended = ended.into_iter().peekable();
    let mut highest: Option<(u64, &Event)> = None;
    let mut violations = Vec::new();
    for (begin, position, event) in placed {
        while let Some((_, before, earlier)) = ended.next_if(|(_, _, earlier)| earlier.end < begin) {
            if highest.is_none_or(|(highest, _)| highest < before) {
                highest = Some((before, earlier));
            }
        }
        if let Some((before, earlier)) = highest.filter(|(highest, _)| *highest > position) {
            let what = format!(
                "entry {position} ({:?}, from {begin}) stands before entry {before} ({:?}, until {})",
                event.act, earlier.act, earlier.end
            );
            violations.push(Violation::new(PROPERTY, object(&event.act), what));
        }
    }
    violations
}

fn object(act: &Act) -> &str {
    match act {
        Act::DeleteUser { user } | Act::SetBanned { user, .. } => user,
        Act::RevokeToken { token } | Act::Accept { token, .. } => token,
        Act::EndSession { session } => session,
        Act::RevokeKey { key } => key,
        Act::CreateTicket { intent, .. } | Act::CreateUser { intent } => intent,
        _ => "",
    }
}
