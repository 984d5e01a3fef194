//! Holds a history against the promises: pure functions of what was asked, what was answered, the record and the state
//! at the end. Each property has a file, a name, and a test with a history that violates it.

mod accepted;
mod answers;
mod chains;
mod ends;
mod identical;
mod kept;
mod keys;
mod minted;
mod order;
mod reads;
mod record;
mod standing;
#[cfg(test)]
mod tests;
mod times;

use crate::suite::{
    evidence::{Entry, State},
    history::{Act, Event, Micros, Outcome},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is checked at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Epoch {
    pub(crate) events: Vec<Event>,
    /// Oldest first.
    pub(crate) record: Vec<Entry>,
    /// The newest position before the epoch.
    pub(crate) before: u64,
    pub(crate) state: State,
    pub(crate) facts: Facts,
}

/// What the answers have to be measured by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The wall clock's milliseconds at the origin of the history.
    pub(crate) origin_millis: i64,
    /// Replicas that had another time than the machine.
    pub(crate) moved_clocks: BTreeSet<usize>,
    /// The key of the run, which nobody revokes.
    pub(crate) main_key: String,
    pub(crate) idle_seconds: i64,
    pub(crate) token_seconds: i64,
    /// Within which a revoked secret key is refused for reads; for changes it is at once.
    pub(crate) key_bound: Micros,
    /// When a replica was connected to a primary that was one no longer: what it reads there may be old.
    pub(crate) fenced: Vec<Fenced>,
    /// When the state had been read.
    pub(crate) read_at: Micros,
}

/// One replica's time at a primary that others had left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fenced {
    pub(crate) replica: usize,
    pub(crate) from: Micros,
    pub(crate) until: Micros,
}

impl Facts {
    pub(crate) fn wall_millis(&self, at: Micros) -> i64 {
        self.origin_millis + i64::try_from(at / 1_000).unwrap_or(i64::MAX)
    }

    /// Whether this answer is of a replica whose time may have been wrong.
    pub(crate) fn had_wrong_time(&self, event: &Event) -> bool {
        self.moved_clocks.contains(&event.replica)
    }

    /// Whether every server had the time of the machine: ends by time are exact then.
    pub(crate) fn had_right_times(&self) -> bool {
        self.moved_clocks.is_empty()
    }

    /// Whether this answer may stand on what a primary that was left still knew. Only one that does nothing but read: a
    /// session token, and what is answered as having happened, is made certain of.
    pub(crate) fn may_be_old(&self, event: &Event) -> bool {
        self.is_at_an_old_primary(event) && event.is_read()
    }

    /// Whether the request came to a replica while it was connected to a primary that another one had replaced.
    pub(crate) fn is_at_an_old_primary(&self, event: &Event) -> bool {
        self.fenced.iter().any(|fenced| {
            fenced.replica == event.replica && event.begin <= fenced.until && event.end >= fenced.from
        })
    }
}

/// A promise that was not held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) property: &'static str,
    /// The id of what it is about; empty where it is about none.
    pub(crate) object: String,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn new(property: &'static str, object: &str, what: String) -> Self {
        Self { property, object: object.to_owned(), what }
    }
}

type Check = fn(&Known<'_>) -> Vec<Violation>;

pub(crate) const PROPERTIES: &[(&str, Check)] = &[
    ("accepted-once", accepted::once),
    ("acknowledged-kept", kept::check),
    ("revoked-refused", accepted::not_after_revocation),
    ("ended-mints-nothing", minted::nothing_after_the_end),
    ("token-truthful", minted::truthful),
    ("record-complete", record::complete),
    ("record-ordered", order::check),
    ("reads-go-forward", reads::check),
    ("key-refused", keys::check),
    ("idempotent", identical::check),
    ("answers-as-agreed", answers::check),
    ("ends-in-time", times::check),
    ("no-chains", chains::check),
];

/// The violations of all properties; none is as it should be.
pub(crate) fn check(epoch: &Epoch) -> Vec<Violation> {
    let known = Known::of(epoch);
    PROPERTIES.iter().flat_map(|(_, check)| check(&known)).collect()
}

/// The epoch with what several properties look up.
pub(crate) struct Known<'a> {
    pub(crate) epoch: &'a Epoch,
    /// Entries of what was done, by the request that did it.
    pub(crate) by_trace: HashMap<&'a str, Vec<&'a Entry>>,
    /// The acceptance of each session.
    pub(crate) beginnings: HashMap<&'a str, &'a Entry>,
    pub(crate) creations: HashMap<&'a str, Creation<'a>>,
    /// Each acknowledged change that has an entry: by its position the earliest time at which it, or one behind it, was
    /// acknowledged.
    landed: BTreeMap<u64, Micros>,
}

/// What a token was asked for as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Creation<'a> {
    pub(crate) subject: &'a str,
    pub(crate) actor: Option<&'a str>,
    pub(crate) actor_sub: Option<&'a str>,
    /// When it was there for certain.
    pub(crate) end: Micros,
    /// By its answer, in Unix milliseconds; sign-in tokens do not tell.
    pub(crate) expires_at: Option<i64>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(epoch: &'a Epoch) -> Self {
        let mut by_trace: HashMap<&str, Vec<&Entry>> = HashMap::new();
        let mut beginnings = HashMap::new();
        for entry in epoch.record.iter().filter(|entry| entry.is_done) {
            if !entry.trace.is_empty() {
                by_trace.entry(&entry.trace).or_default().push(entry);
            }
            if let (true, Some(session)) = (entry.is_acceptance(), entry.session.as_deref()) {
                beginnings.insert(session, entry);
            }
        }
        let mut creations: HashMap<&str, Creation<'_>> = HashMap::new();
        for event in &epoch.events {
            if let (Act::CreateTicket { subject, actor, actor_sub, .. }, Outcome::Created { id, answer }) =
                (&event.act, &event.outcome)
            {
                let (actor, actor_sub) = (actor.as_deref(), actor_sub.as_deref());
                let creation =
                    Creation { subject, actor, actor_sub, end: event.end, expires_at: expires_at(answer) };
                let earliest = creations.entry(id).or_insert(creation);
                earliest.end = earliest.end.min(event.end);
            }
        }
        let mut known = Self { epoch, by_trace, beginnings, creations, landed: BTreeMap::new() };
        let changes = epoch.events.iter().filter(|event| event.is_change() && event.is_acknowledged());
        for event in changes {
            if let Some(entry) = known.entry_of(event) {
                let end = known.landed.entry(entry.position).or_insert(event.end);
                *end = event.end.min(*end);
            }
        }
        let mut earliest = epoch.facts.read_at;
        for end in known.landed.values_mut().rev() {
            earliest = earliest.min(*end);
            *end = earliest;
        }
        known
    }

    /// Until when at the latest the entry was stored: what stands behind it was acknowledged then.
    pub(crate) fn stored_until(&self, position: u64) -> Micros {
        self.landed.range(position..).next().map_or(self.epoch.facts.read_at, |(_, end)| *end)
    }

    pub(crate) fn events(&self) -> &'a [Event] {
        &self.epoch.events
    }

    /// The entry that tells of an acknowledged change, by the trace of the request.
    pub(crate) fn entry_of(&self, event: &Event) -> Option<&'a Entry> {
        let entries = self.by_trace.get(event.trace.as_deref()?)?;
        entries.iter().copied().find(|entry| tells_of(entry, &event.act))
    }
}

fn expires_at(answer: &str) -> Option<i64> {
    serde_json::from_str::<Value>(answer).ok()?["expires_at"].as_i64()
}

/// Whether an entry is the one that such an act leaves.
pub(crate) fn tells_of(entry: &Entry, act: &Act) -> bool {
    let done = |action: &str| entry.is(action);
    match act {
        Act::CreateUser { .. } => done("user.created"),
        Act::DeleteUser { user } => done("user.deleted") && entry.user.as_ref() == Some(user),
        Act::SetBanned { user, banned } => {
            done(if *banned { "user.banned" } else { "user.unbanned" }) && entry.user.as_ref() == Some(user)
        }
        Act::CreateTicket { .. } => done("actor_token.created") || done("sign_in_token.created"),
        Act::RevokeToken { token } => {
            (done("actor_token.revoked") || done("sign_in_token.revoked"))
                && entry.token.as_ref() == Some(token)
        }
        Act::Accept { token, .. } => entry.is_acceptance() && entry.token.as_ref() == Some(token),
        Act::EndSession { session } => entry.ended_session() == Some(session),
        Act::CreateKey => done("secret_key.created"),
        Act::RevokeKey { key } => done("secret_key.revoked") && entry.key.as_ref() == Some(key),
        _ => false,
    }
}
