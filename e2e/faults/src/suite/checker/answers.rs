//! Every answer that arrived whole is one that its request may get: a success of the agreed form, a refusal with its code,
//! or 503. Anything else would pass as an answer that nobody got.

use super::{Known, Violation};
use crate::suite::history::Outcome;

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for event in known.events() {
        let Outcome::Wrong { status, text } = &event.outcome else { continue };
        let what = format!("{:?} of {} was answered {status}: {text}", event.act, event.begin);
        violations.push(Violation::new("answers-as-agreed", "", what));
    }
    violations
}
