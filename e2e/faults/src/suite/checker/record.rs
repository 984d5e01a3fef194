//! The record is dense, tells each state once and as the state has it, has an entry for each acknowledged act, and none
//! of an act that nobody asked for or that was refused to all who asked.

use super::{Known, Violation, tells_of};
use crate::suite::{
    evidence::Entry,
    history::{Act, Event, Outcome},
};
use std::collections::{HashMap, HashSet};

const PROPERTY: &str = "record-complete";

pub(super) fn complete(known: &Known<'_>) -> Vec<Violation> {
    let mut violations = dense(known);
    violations.extend(once(known));
    let replayed = Replayed::of(&known.epoch.record, &mut violations);
    replayed.agree(known, &mut violations);
    violations.extend(acknowledged(known));
    violations.extend(asked_for(known));
    violations.extend(refused(known));
    violations
}

fn violation(object: &str, what: String) -> Violation {
    Violation::new(PROPERTY, object, what)
}

fn dense(known: &Known<'_>) -> Vec<Violation> {
    let expected = known.epoch.before + 1..;
    let gap = expected.zip(&known.epoch.record).find(|(expected, entry)| *expected != entry.position);
    gap.map(|(expected, entry)| {
        violation("", format!("position {expected} is missing: {} follows", entry.position))
    })
    .into_iter()
    .collect()
}

/// Each state of a token and a session has one entry.
fn once(known: &Known<'_>) -> Vec<Violation> {
    let mut told: HashSet<(&str, &str)> = HashSet::new();
    let mut violations = Vec::new();
    for entry in known.epoch.record.iter().filter(|entry| entry.is_done) {
        let object = match entry.action.split_once('.') {
            Some(("actor_token" | "sign_in_token", _)) => &entry.token,
            Some(("session", _)) => &entry.session,
            _ => continue,
        };
        let Some(object) = object else { continue };
        if !told.insert((object, &entry.action)) {
            violations.push(violation(object, format!("{} is told twice", entry.action)));
        }
    }
    violations
}

/// The state that the record tells of, of what began in it.
#[derive(Debug, Default)]
struct Replayed<'a> {
    /// Status and session.
    tokens: HashMap<&'a str, (&'static str, Option<&'a str>)>,
    /// Where each was created.
    created: HashMap<&'a str, u64>,
    /// The beginning, and the last word of the action that ended it.
    sessions: HashMap<&'a str, (&'a Entry, Option<&'a str>)>,
    /// Whether banned; none for who was deleted.
    users: HashMap<&'a str, Option<bool>>,
    /// Where each user was banned or deleted last.
    falls: HashMap<&'a str, u64>,
}

impl<'a> Replayed<'a> {
    fn of(record: &'a [Entry], violations: &mut Vec<Violation>) -> Self {
        let mut replayed = Self::default();
        for entry in record.iter().filter(|entry| entry.is_done) {
            if let Err((object, what)) = replayed.step(entry) {
                violations.push(violation(object, format!("entry {}: {what}", entry.position)));
            }
        }
        replayed
    }

    fn step(&mut self, entry: &'a Entry) -> Result<(), (&'a str, String)> {
        let user = entry.user.as_deref().unwrap_or_default();
        let token = entry.token.as_deref().unwrap_or_default();
        let session = entry.session.as_deref().unwrap_or_default();
        match entry.action.as_str() {
            "user.created" => drop(self.users.insert(user, Some(false))),
            "user.banned" => self.fall(entry.position, user, Some(true)),
            "user.unbanned" => self.set(user, Some(false)),
            "user.deleted" => self.fall(entry.position, user, None),
            "actor_token.created" | "sign_in_token.created" => {
                self.tokens.insert(token, ("pending", None));
                self.created.insert(token, entry.position);
            }
            "actor_token.revoked" | "sign_in_token.revoked" => self.moved(token, ("revoked", None))?,
            "actor_token.accepted" | "sign_in_token.accepted" => {
                self.moved(token, ("accepted", Some(session)))?;
                if self.users.contains_key(user) {
                    self.sessions.insert(session, (entry, None));
                }
                if let Some(party) = self.fallen(entry, token) {
                    return Err((token, format!("{token} is accepted though {party} has fallen")));
                }
            }
            // One that no ticket began: what the actor comes back to when an impersonation ends.
            "session.created" => {
                if self.users.contains_key(user) && self.sessions.insert(session, (entry, None)).is_some() {
                    return Err((session, format!("{session} begins twice")));
                }
            }
            action => {
                if let Some(end) = entry.ended_session().and_then(|_| action.strip_prefix("session."))
                    && let Some((_, ended)) = self.sessions.get_mut(session)
                    && let Some(before) = ended.replace(end)
                {
                    return Err((session, format!("{session} is {end} after it was {before}")));
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, user: &'a str, standing: Option<bool>) {
        if let Some(known) = self.users.get_mut(user) {
            *known = standing;
        }
    }

    fn fall(&mut self, position: u64, user: &'a str, standing: Option<bool>) {
        self.set(user, standing);
        self.falls.insert(user, position);
    }

    /// The party that forbids the acceptance: a subject who is not there or banned; an actor who is banned, or who was
    /// deleted since the token was made. One who was no user before may act.
    fn fallen(&self, entry: &'a Entry, token: &str) -> Option<&'a str> {
        let created = self.created.get(token).copied().unwrap_or_default();
        let subject = entry
            .user
            .as_deref()
            .filter(|user| self.users.get(user).is_some_and(|standing| *standing != Some(false)));
        let actor = entry.actor_sub.as_deref().filter(|user| match self.users.get(user) {
            Some(Some(banned)) => *banned,
            Some(None) => self.falls.get(user).is_some_and(|fall| created < *fall),
            None => false,
        });
        subject.or(actor)
    }

    fn moved(
        &mut self,
        token: &'a str,
        to: (&'static str, Option<&'a str>),
    ) -> Result<(), (&'a str, String)> {
        match self.tokens.get_mut(token) {
            Some(at) if at.0 != "pending" => {
                Err((token, format!("{token} is {} after it was {}", to.0, at.0)))
            }
            Some(at) => {
                *at = to;
                Ok(())
            }
            // Made before this epoch.
            None => Ok(()),
        }
    }

    /// Each state has its entry, and each entry its state.
    fn agree(&self, known: &Known<'_>, violations: &mut Vec<Violation>) {
        let state = &known.epoch.state;
        for (id, token) in &state.tokens {
            let told = self.tokens.get(id.as_str()).copied();
            if told != Some((token.status.as_str(), token.session.as_deref())) {
                violations.push(violation(id, format!("is {token:?}; on record it is {told:?}")));
            }
        }
        for (id, session) in &state.sessions {
            let told = self.sessions.get(id.as_str());
            let agrees = match told {
                // An end by time may be shown before it is stored.
                Some((_, None)) => session.status == "active" || session.status == "expired",
                Some((_, Some(end))) => session.status == *end,
                None => false,
            };
            let told = told.map(|(_, end)| end);
            if !agrees {
                violations
                    .push(violation(id, format!("is {}; on record its end is {told:?}", session.status)));
            }
        }
        for (id, told) in &self.users {
            let stored = state.users.get(*id).copied();
            if stored != *told {
                violations.push(violation(id, format!("is {stored:?} (banned); on record {told:?}")));
            }
        }
        let is_of_this = |entry: &&Entry| {
            let user = entry.user.as_deref().unwrap_or_default();
            entry.is("actor_token.created") && self.users.contains_key(user)
        };
        for entry in known.epoch.record.iter().filter(is_of_this) {
            let token = entry.token.as_deref().unwrap_or_default();
            if !state.tokens.contains_key(token) {
                violations.push(violation(token, "is on record, and not there".to_owned()));
            }
        }
        for (session, (beginning, end)) in &self.sessions {
            if !state.sessions.contains_key(*session) {
                violations.push(violation(session, "is on record, and not there".to_owned()));
            }
            let parties = [beginning.user.as_deref(), beginning.actor_sub.as_deref()];
            let fallen = parties
                .into_iter()
                .flatten()
                .find(|party| self.falls.get(party).is_some_and(|fall| beginning.position < *fall));
            if let Some(party) = fallen.filter(|_| end.is_none()) {
                violations.push(violation(session, format!("goes on, though {party} has fallen")));
            }
        }
    }
}

/// Every acknowledged change has its entry.
fn acknowledged(known: &Known<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for event in known.events().iter().filter(|event| event.is_change() && event.is_acknowledged()) {
        let has = |wanted: &dyn Fn(&Entry) -> bool| known.epoch.record.iter().any(wanted);
        let (object, is_told) = match &event.act {
            // What was so before is answered, and not told again.
            Act::EndSession { session } => (session.as_str(), {
                known.entry_of(event).is_some() || has(&|entry| entry.ended_session() == Some(session))
            }),
            Act::SetBanned { user, banned } => (user.as_str(), {
                !banned || known.entry_of(event).is_some() || has(&|entry| tells_of(entry, &event.act))
            }),
            // The command line tells no trace.
            Act::CreateKey => (event.created().unwrap_or_default(), {
                has(&|entry| entry.is("secret_key.created") && entry.key.as_deref() == event.created())
            }),
            Act::RevokeKey { key } => (key.as_str(), has(&|entry| tells_of(entry, &event.act))),
            Act::CreateTicket { .. } | Act::CreateUser { .. } => {
                let id = event.created().unwrap_or_default();
                let is_of =
                    |entry: &Entry| entry.token.as_deref() == Some(id) || entry.user.as_deref() == Some(id);
                (id, known.entry_of(event).is_some_and(is_of))
            }
            Act::Accept { token, .. } => (token.as_str(), {
                let Outcome::Accepted { session } = &event.outcome else { continue };
                known.entry_of(event).is_some_and(|entry| entry.session.as_ref() == Some(session))
            }),
            Act::RevokeToken { token } => (token.as_str(), known.entry_of(event).is_some()),
            Act::DeleteUser { user } => (user.as_str(), known.entry_of(event).is_some()),
            _ => continue,
        };
        if !is_told {
            let what = format!("{:?} was acknowledged at {} and has no entry", event.act, event.end);
            violations.push(violation(object, what));
        }
    }
    violations
}

/// What somebody did was asked for by a request that was told so, or whose fate nobody knows: never one that was
/// refused to all who asked.
fn asked_for(known: &Known<'_>) -> Vec<Violation> {
    let mut acts: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in known.events().iter().filter(|event| !matches!(event.outcome, Outcome::Refused { .. })) {
        let object = match &event.act {
            Act::Accept { token, .. } | Act::RevokeToken { token } => token,
            Act::EndSession { session } => session,
            Act::SetBanned { user, .. } | Act::DeleteUser { user } => user,
            _ => continue,
        };
        acts.entry(object).or_default().push(event);
    }
    let mut violations = Vec::new();
    for entry in known.epoch.record.iter().filter(|entry| entry.is_done) {
        let object = match entry.action.as_str() {
            "actor_token.accepted" | "sign_in_token.accepted" => &entry.token,
            "actor_token.revoked" if entry.cause.as_deref() == Some("requested") => &entry.token,
            "session.revoked" if entry.cause.as_deref() == Some("requested") => &entry.session,
            "session.ended" => &entry.session,
            "user.banned" | "user.unbanned" | "user.deleted" => &entry.user,
            _ => continue,
        };
        let Some(object) = object.as_deref() else { continue };
        let asked = acts.get(object).into_iter().flatten().any(|event| tells_of(entry, &event.act));
        // What earlier epochs made may still be acted on by what was left under way.
        let is_of_this = known.creations.contains_key(object)
            || known.beginnings.contains_key(object)
            || acts.contains_key(object);
        if !asked && is_of_this {
            let what = format!("entry {} tells {}, which nobody was answered", entry.position, entry.action);
            violations.push(violation(object, what));
        }
    }
    violations
}

/// What was refused has not happened, by the name of the request: whoever tries again what had landed is refused too, and
/// must not tell that.
fn refused(known: &Known<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for event in known.events().iter().filter(|event| matches!(event.outcome, Outcome::Refused { .. })) {
        // The end of a session that was over by time is stored by whoever meets it.
        if !event.is_change() || matches!(event.act, Act::EndSession { .. }) {
            continue;
        }
        if let Some(entry) = known.entry_of(event) {
            let what = format!("{:?} was refused, and entry {} has done it", event.act, entry.position);
            violations.push(violation("", what));
        }
    }
    violations
}
