//! What a run adds up to, and what it says at the end.

use super::{
    checker::{Epoch, Violation},
    evidence::Entry,
    faults::{Kind, Traces},
    history::{Act, Event, Micros},
    schedule,
};
use std::{
    collections::{BTreeMap, HashSet, hash_map::RandomState},
    fmt::Write as _,
    hash::BuildHasher as _,
};

#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) operations: usize,
    unanswered: usize,
    acknowledged_changes: usize,
    session_tokens: usize,
    storms: u64,
    /// Successes, by the act.
    successes: BTreeMap<&'static str, u64>,
    /// Requests with a key that was refused.
    refused_keys: usize,
    /// Sessions that ended because nobody used them.
    idled_out: usize,
    faults: BTreeMap<Kind, u64>,
    cuts: BTreeMap<&'static str, u64>,
    /// Batches on PostgreSQL.
    pub(crate) commits: u64,
    longest_unavailability: Micros,
    /// States that the record has told, as hashes: each is told once in the whole run.
    told: HashSet<u64>,
    hasher: RandomState,
}

impl Totals {
    pub(crate) fn add(&mut self, epoch: &Epoch, traces: &Traces, storms: u64) {
        let changes = |event: &&Event| event.is_change() && event.is_acknowledged();
        let is_mint = |event: &&Event| matches!(event.outcome, super::history::Outcome::Minted(_));
        self.operations += epoch.events.len();
        self.unanswered +=
            epoch.events.iter().filter(|event| event.outcome == super::history::Outcome::Unknown).count();
        self.acknowledged_changes += epoch.events.iter().filter(changes).count();
        self.session_tokens += epoch.events.iter().filter(is_mint).count();
        for event in epoch.events.iter().filter(|event| event.is_acknowledged()) {
            *self.successes.entry(event.act.name()).or_default() += 1;
        }
        self.refused_keys += epoch.events.iter().filter(|event| event.refused_key().is_some()).count();
        let idled_out =
            |entry: &&Entry| entry.is("session.expired") && entry.cause.as_deref() == Some("idle");
        self.idled_out += epoch.record.iter().filter(idled_out).count();
        self.storms += storms;
        for (point, count) in &traces.cuts {
            *self.cuts.entry(point).or_default() += count;
        }
        for window in &traces.promotions {
            self.longest_unavailability = self.longest_unavailability.max(gap(&epoch.events, *window));
        }
    }

    pub(crate) fn add_fault(&mut self, kind: Kind) {
        *self.faults.entry(kind).or_default() += 1;
    }

    /// The state that an earlier epoch's record had told already.
    pub(crate) fn told_before(&mut self, place: u64, epoch: &Epoch) -> Vec<Violation> {
        let mut again = Vec::new();
        for entry in epoch.record.iter().filter(|entry| entry.is_done) {
            let object = match entry.action.split_once('.') {
                Some(("actor_token" | "sign_in_token", _)) => entry.token.as_ref(),
                Some(("session", _)) => entry.session.as_ref(),
                _ => None,
            };
            let Some(object) = object else { continue };
            if !self.told.insert(self.hasher.hash_one((place, object, &entry.action))) {
                let what = format!("entry {} tells {} again", entry.position, entry.action);
                again.push(Violation::new("record-complete", object, what));
            }
        }
        again
    }

    /// What a whole run has to have met and did not: it would have shown nothing about that.
    pub(crate) fn unmet(&self) -> Vec<&'static str> {
        let others = [("tickets redeemed everywhere at once", self.storms > 0)];
        let others = others.into_iter().chain([
            ("a revoked key that was refused", self.refused_keys > 0),
            ("a session that nobody used until it was over", self.idled_out > 0),
        ]);
        let acts = Act::NAMES.iter().map(|name| (*name, self.successes.contains_key(name)));
        acts.chain(others).filter(|(_, is_met)| !is_met).map(|(name, _)| name).collect()
    }

    /// Kinds that did not come as often as a full run needs.
    pub(crate) fn missing(&self, kinds: &[Kind]) -> Vec<String> {
        let count = |kind: &Kind| self.faults.get(kind).copied().unwrap_or_default();
        let rare = kinds.iter().filter(|kind| count(kind) < schedule::least(**kind));
        rare.map(|kind| format!("{} only {} times", kind.name(), count(kind))).collect()
    }

    pub(crate) fn report(&self) -> String {
        let mut text = format!(
            "{} operations ({} without an answer), {} acknowledged changes and {} session tokens checked, {} tickets \
             redeemed everywhere at once, {} commits on PostgreSQL\nfaults:",
            self.operations,
            self.unanswered,
            self.acknowledged_changes,
            self.session_tokens,
            self.storms,
            self.commits
        );
        for (kind, count) in &self.faults {
            // Writing to a string cannot fail.
            let _ = write!(text, " {} {count},", kind.name());
        }
        text.pop();
        if !self.cuts.is_empty() {
            let cuts: Vec<_> = self.cuts.iter().map(|(point, count)| format!("{point} {count}")).collect();
            let _ = write!(text, "\ncommits cut: {}", cuts.join(", "));
        }
        if self.longest_unavailability > 0 {
            let millis = self.longest_unavailability / 1_000;
            let _ = write!(text, "\nlongest unavailability at a promotion: {millis} ms");
        }
        text
    }
}

/// The longest time in the window in which no change was acknowledged.
fn gap(events: &[Event], (from, until): (Micros, Micros)) -> Micros {
    let changes = events.iter().filter(|event| event.is_change() && event.is_acknowledged());
    let mut ends: Vec<Micros> =
        changes.map(|event| event.end).filter(|end| (from..=until).contains(end)).collect();
    ends.extend([from, until]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::history::Outcome;

    #[test]
    fn the_longest_time_without_an_acknowledgement_is_the_unavailability() {
        let done = |end| Event {
            begin: 0,
            end,
            replica: 0,
            key: None,
            act: Act::DeleteUser { user: "u".to_owned() },
            outcome: Outcome::Done,
            trace: None,
        };
        let events: Vec<_> = [100, 150, 450, 500].map(done).into();
        assert_eq!(gap(&events, (120, 600)), 300);
        assert_eq!(gap(&[], (100, 400)), 300);
    }

    #[test]
    fn what_never_succeeded_is_unmet() {
        let mut totals = Totals { storms: 1, refused_keys: 1, idled_out: 1, ..Totals::default() };
        assert_eq!(totals.unmet(), Act::NAMES);
        totals.successes = Act::NAMES.iter().map(|name| (*name, 1)).collect();
        assert_eq!(totals.unmet(), [""; 0]);
        assert_eq!(Totals { refused_keys: 0, ..totals }.unmet().len(), 1);
    }
}
