//! When a session's end was first certain to somebody.

use super::{Known, standing};
use crate::suite::history::{Act, Event, Micros, Outcome};
use std::collections::HashMap;

/// How a session's end became known.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) at: Micros,
    pub(super) how: String,
}

/// The first acknowledgement of each session's end.
pub(super) fn acknowledged<'a>(known: &Known<'a>) -> HashMap<&'a str, End> {
    let mut ends: HashMap<&'a str, End> = HashMap::new();
    for event in known.events() {
        if let Some((session, how)) = told(known, event) {
            note(&mut ends, session, event.end, how.to_owned());
        }
    }
    let falls = standing::falls(known);
    for (session, entry) in &known.beginnings {
        let parties = [entry.user.as_deref(), entry.actor_sub.as_deref()];
        for party in parties.into_iter().flatten() {
            // The record says which was first.
            let fell = falls.get(party).into_iter().flatten();
            for fall in fell.filter(|fall| fall.position.is_some_and(|position| entry.position < position)) {
                note(&mut ends, session, fall.end, format!("{party} fell"));
            }
        }
    }
    ends
}

/// The session whose end this answer tells. A replica whose clock is wrong takes for over what is not, and says so
/// in reads and refusals: these count for nothing.
fn told<'a>(known: &Known<'a>, event: &'a Event) -> Option<(&'a str, &'static str)> {
    let by_time = known.epoch.facts.had_wrong_time(event);
    match (&event.act, &event.outcome) {
        (Act::EndSession { session }, Outcome::Done) => Some((session, "it was ended")),
        (Act::ReadSession { session }, Outcome::SawSession { status, .. }) if status != "active" => {
            (!by_time || status != "expired").then_some((session, "a read saw its end"))
        }
        _ => None,
    }
}

fn note<'a>(ends: &mut HashMap<&'a str, End>, session: &'a str, at: Micros, how: String) {
    let end = ends.entry(session).or_insert_with(|| End { at, how: how.clone() });
    if at < end.at {
        *end = End { at, how };
    }
}
