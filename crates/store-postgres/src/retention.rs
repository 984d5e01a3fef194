//! Removing what has been kept for long enough: the batch looks for the oldest of each kind that is purged, and removes
//! those that its other work leaves as they were.

use crate::{
    bind::{self, Value},
    fault::Fault,
    rows::{self, Fields},
    state::{Load, State},
};
use actas_domain::{
    ids::{ActorTokenId, ClientId, SessionId, SignInTokenId},
    retention::{Purge, Purged},
    time::UnixMillis,
};
use std::collections::VecDeque;
use tokio_postgres::Row;

const ACTOR_TOKENS: &str = "SELECT id, expires_at, session FROM actor_tokens WHERE expires_at <= $1 AND NOT EXISTS \
    (SELECT 1 FROM sessions WHERE sessions.id = actor_tokens.session AND sessions.status = 'active') \
    ORDER BY expires_at, id LIMIT $2";
const SIGN_IN_TOKENS: &str =
    "SELECT id, expires_at FROM sign_in_tokens WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2";
const SESSIONS: &str = "SELECT id, ends_at FROM sessions \
    WHERE status <> 'active' AND actor_token IS NULL AND ends_at <= $1 ORDER BY ends_at, id LIMIT $2";
const CLIENTS: &str = "SELECT id, updated_at FROM clients WHERE updated_at <= $1 \
    AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.client = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM kept_returns WHERE kept_returns.client = clients.id) \
    AND NOT EXISTS (SELECT 1 FROM pending_sign_ins WHERE pending_sign_ins.client = clients.id) \
    ORDER BY updated_at, id LIMIT $2";
/// The newest stays: it is where the head stands.
const ENTRIES: &str = "SELECT position, at FROM audit_entries WHERE position <= $1 \
    AND position < (SELECT position FROM record_head WHERE the_one = 1) ORDER BY position LIMIT $2";

/// Of one kind: what a batch looks for, and what was found, the oldest first.
#[derive(Debug)]
struct Due<Found> {
    /// The latest time, or the last position, and how many.
    asked: Option<(i64, u64)>,
    found: VecDeque<(UnixMillis, Found)>,
}

impl<Found> Default for Due<Found> {
    fn default() -> Self {
        Self { asked: None, found: VecDeque::new() }
    }
}

impl<Found> Due<Found> {
    fn want(&mut self, bound: i64, limit: u32) {
        let (latest, count) = self.asked.unwrap_or((bound, 0));
        self.asked = Some((latest.max(bound), count + u64::from(limit)));
    }

    fn load(
        &self,
        sql: &'static str,
        loads: &mut Vec<Load>,
        fill: fn(&mut State, &[Row]) -> Result<(), Fault>,
    ) {
        if let Some((bound, limit)) = self.asked {
            let values: Vec<Value> = vec![bind::integer(bound), bind::unsigned(limit)];
            loads.push(Load::new(sql, values, fill));
        }
    }

    fn fill(&mut self, found: Vec<(UnixMillis, Found)>) {
        self.found.extend(found);
    }

    /// The oldest of those that are left, if its time had come by then.
    fn next(&mut self, until: UnixMillis) -> Option<Found> {
        debug_assert!(self.asked.is_some(), "what is over was not looked for");
        self.found.pop_front_if(|(at, _)| *at <= until).map(|(_, found)| found)
    }
}

/// What a batch purges.
#[derive(Debug, Default)]
pub(crate) struct Retention {
    actor_tokens: Due<(ActorTokenId, Option<SessionId>)>,
    sign_in_tokens: Due<SignInTokenId>,
    sessions: Due<SessionId>,
    clients: Due<ClientId>,
    entries: Due<u64>,
}

impl Retention {
    pub(crate) fn want(&mut self, purge: &Purge, now: UnixMillis, limit: u32) {
        let until = purge.until(now).millis();
        match purge.of {
            Purged::ActorTokens => self.actor_tokens.want(until, limit),
            Purged::SignInTokens => self.sign_in_tokens.want(until, limit),
            Purged::Sessions => self.sessions.want(until, limit),
            Purged::Clients => self.clients.want(until, limit),
            Purged::Entries { through } => {
                self.entries.want(i64::try_from(through).unwrap_or(i64::MAX), limit);
            }
        }
    }

    pub(crate) fn loads(&self, loads: &mut Vec<Load>) {
        self.actor_tokens.load(ACTOR_TOKENS, loads, |state, found| {
            state.retention.actor_tokens.fill(rows::many(found, token_and_session)?);
            Ok(())
        });
        self.sign_in_tokens.load(SIGN_IN_TOKENS, loads, |state, found| {
            state.retention.sign_in_tokens.fill(rows::many(found, |row| dated(row, SignInTokenId::parse))?);
            Ok(())
        });
        self.sessions.load(SESSIONS, loads, |state, found| {
            state.retention.sessions.fill(rows::many(found, |row| dated(row, SessionId::parse))?);
            Ok(())
        });
        self.clients.load(CLIENTS, loads, |state, found| {
            state.retention.clients.fill(rows::many(found, |row| dated(row, ClientId::parse))?);
            Ok(())
        });
        self.entries.load(ENTRIES, loads, |state, found| {
            state.retention.entries.fill(rows::many(found, position)?);
            Ok(())
        });
    }
}

/// Returns how many rows of the kind are removed.
pub(crate) fn purge(state: &mut State, purge: &Purge, now: UnixMillis, limit: u32) -> u64 {
    let until = purge.until(now);
    let mut removed = 0;
    while removed < u64::from(limit) && remove_one(state, purge.of, until) {
        removed += 1;
    }
    removed
}

/// `false` when there is none left. What is final stays what it was, so that only a client has to be looked at again.
fn remove_one(state: &mut State, of: Purged, until: UnixMillis) -> bool {
    let retention = &mut state.retention;
    match of {
        Purged::ActorTokens => {
            let Some((token, session)) = retention.actor_tokens.next(until) else { return false };
            state.actor_tokens.rows.remove(&token);
            if let Some(session) = session {
                state.sessions.rows.remove(&session);
            }
        }
        Purged::SignInTokens => {
            let Some(token) = retention.sign_in_tokens.next(until) else { return false };
            state.sign_in_tokens.rows.remove(&token);
        }
        Purged::Sessions => {
            let Some(session) = retention.sessions.next(until) else { return false };
            state.sessions.rows.remove(&session);
        }
        Purged::Clients => loop {
            let Some(client) = state.retention.clients.next(until) else { return false };
            let has_changed =
                state.clients.rows.peek(&client).is_some_and(|client| client.updated_at > until);
            if !has_changed && !state.sign_ins.waits_on(&client) {
                state.clients.rows.remove(&client);
                break;
            }
        },
        Purged::Entries { through } => {
            let within = retention.entries.found.front().is_some_and(|(_, position)| *position <= through);
            let Some(position) = within.then(|| retention.entries.next(until)).flatten() else {
                return false;
            };
            state.record.cut(position);
        }
    }
    true
}

fn token_and_session(row: &Row) -> Result<(UnixMillis, (ActorTokenId, Option<SessionId>)), Fault> {
    let mut fields = Fields::of(row, "actor_tokens");
    let (id, at) = (fields.parsed(ActorTokenId::parse)?, fields.time()?);
    Ok((at, (id, fields.optional_parsed(SessionId::parse)?)))
}

fn dated<Id>(row: &Row, parse: fn(&str) -> Option<Id>) -> Result<(UnixMillis, Id), Fault> {
    let mut fields = Fields::of(row, "what is over");
    let id = fields.parsed(parse)?;
    Ok((fields.time()?, id))
}

fn position(row: &Row) -> Result<(UnixMillis, u64), Fault> {
    let mut fields = Fields::of(row, "audit_entries");
    let position = fields.unsigned()?;
    Ok((fields.time()?, position))
}
