//! Removing what has been kept for long enough. Which rows a step looks at is read beforehand, without the record's head;
//! the batch looks at these again, and removes those that may go and that its other work leaves as they were.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    state::{Load, State},
};
use actas_domain::{
    ids::{ActorTokenId, ClientId, SessionId, SignInTokenId},
    retention::{Place, Purge, Purged},
    time::UnixMillis,
};
use std::collections::VecDeque;
use tokio_postgres::Row;

/// The last row that a step looks at, where there are enough of them.
macro_rules! last_of_step {
    ($table:literal, $time:literal, $more:literal) => {
        concat!(
            "SELECT id, ",
            $time,
            " FROM ",
            $table,
            " WHERE ",
            $more,
            "(",
            $time,
            ", id) > ($1, $2) AND ",
            $time,
            " <= $3 ORDER BY ",
            $time,
            ", id LIMIT 1 OFFSET $4"
        )
    };
}

/// Behind a row, up to another; and never more than so many. What else is asked of a row is asked of each by itself, as
/// a subquery that becomes no join: the planner's idea of how many there are may be long out of date.
macro_rules! of_step {
    ($columns:literal, $table:literal, $time:literal, $more:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE ",
            $more,
            "(",
            $time,
            ", id) > ($1, $2) AND (",
            $time,
            ", id) <= ($3, $4) ORDER BY ",
            $time,
            ", id LIMIT $5"
        )
    };
}

const LAST_ACTOR_TOKEN: &str = last_of_step!("actor_tokens", "expires_at", "");
const LAST_SIGN_IN_TOKEN: &str = last_of_step!("sign_in_tokens", "expires_at", "");
const LAST_SESSION: &str =
    last_of_step!("sessions", "ends_at", "status <> 'active' AND actor_token IS NULL AND ");
const LAST_CLIENT: &str = last_of_step!("clients", "updated_at", "");
const LAST_ENTRY: &str = "SELECT position FROM audit_entries WHERE position > $1 AND position <= $2 \
    ORDER BY position LIMIT 1 OFFSET $3";

const ACTOR_TOKENS: &str = of_step!(
    "id, expires_at, session",
    "actor_tokens",
    "expires_at",
    "(SELECT sessions.status FROM sessions WHERE sessions.id = actor_tokens.session) IS DISTINCT FROM 'active' AND "
);
const SIGN_IN_TOKENS: &str = of_step!("id, expires_at", "sign_in_tokens", "expires_at", "");
const SESSIONS: &str =
    of_step!("id, ends_at", "sessions", "ends_at", "status <> 'active' AND actor_token IS NULL AND ");
const CLIENTS: &str = of_step!(
    "id, updated_at",
    "clients",
    "updated_at",
    "(SELECT sessions.id FROM sessions WHERE sessions.client = clients.id LIMIT 1) IS NULL \
     AND (SELECT kept_returns.client FROM kept_returns WHERE kept_returns.client = clients.id LIMIT 1) IS NULL \
     AND (SELECT pending_sign_ins.client FROM pending_sign_ins WHERE pending_sign_ins.client = clients.id LIMIT 1) \
     IS NULL AND "
);
/// The newest stays: it is where the head stands.
const ENTRIES: &str = "SELECT position, at FROM audit_entries WHERE position > $1 AND position <= $2 \
    AND position < (SELECT position FROM record_head WHERE the_one = 1) ORDER BY position LIMIT $3";

/// Looks for the last row of a step; there is none where the step looks at all that are left.
pub(crate) fn last(purge: &Purge, now: UnixMillis, limit: u32) -> Query {
    let offset = bind::integer(i64::from(limit.saturating_sub(1)));
    let sql = match purge.of {
        Purged::ActorTokens => LAST_ACTOR_TOKEN,
        Purged::SignInTokens => LAST_SIGN_IN_TOKEN,
        Purged::Sessions => LAST_SESSION,
        Purged::Clients => LAST_CLIENT,
        Purged::Entries { after, through } => {
            return Query::new(LAST_ENTRY, vec![bind::unsigned(after), bind::unsigned(through), offset]);
        }
    };
    let [at, id] = bound(&behind(purge));
    Query::new(sql, vec![at, id, bind::integer(purge.until(now).millis()), offset])
}

/// The purge of the rows up to the one that was found, and what is left behind it.
pub(crate) fn step(
    purge: &Purge,
    now: UnixMillis,
    limit: u32,
    last: &[Row],
) -> Result<(Step, Option<Purge>), Fault> {
    if let Purged::Entries { after, through } = purge.of {
        let last = rows::one(last, |row| Fields::of(row, "audit_entries").unsigned())?;
        let of = Purged::Entries { after, through: last.unwrap_or(through) };
        let rest = last.map(|last| Purged::Entries { after: last, through });
        let place = Place { at: purge.until(now), id: String::new() };
        let step = Step { purge: Purge { of, ..purge.clone() }, last: place, limit };
        return Ok((step, rest.map(|of| Purge { of, ..purge.clone() })));
    }
    let last = rows::one(last, |row| {
        let mut fields = Fields::of(row, "what is over");
        let id = fields.text()?;
        Ok(Place { at: fields.time()?, id })
    })?;
    // No id is before the empty one, so this is behind all rows of the time.
    let end = || Place { at: purge.until(now).plus_millis(1), id: String::new() };
    let step = Step { purge: purge.clone(), last: last.clone().unwrap_or_else(end), limit };
    Ok((step, last.map(|last| purge.from(last))))
}

/// The rows behind a purge's place, up to the last one.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) purge: Purge,
    pub(crate) last: Place,
    pub(crate) limit: u32,
}

fn behind(purge: &Purge) -> Place {
    let beginning = || Place { at: UnixMillis::from_millis(i64::MIN), id: String::new() };
    purge.behind.clone().unwrap_or_else(beginning)
}

fn bound(place: &Place) -> [Value; 2] {
    [bind::integer(place.at.millis()), bind::text(&place.id)]
}

/// Of one kind: what a batch looks for, and what was found, the oldest first.
#[derive(Debug)]
struct Due<Key, Found> {
    /// Behind what, up to what, and how many.
    asked: Option<(Key, Key, u64)>,
    found: VecDeque<(Key, Found)>,
}

impl<Key, Found> Default for Due<Key, Found> {
    fn default() -> Self {
        Self { asked: None, found: VecDeque::new() }
    }
}

impl<Key: Ord + Clone, Found> Due<Key, Found> {
    fn want(&mut self, behind: Key, last: Key, limit: u32) {
        self.asked = Some(match self.asked.take() {
            Some((first, end, count)) => (first.min(behind), end.max(last), count + u64::from(limit)),
            None => (behind, last, u64::from(limit)),
        });
    }

    fn load(
        &self,
        sql: &'static str,
        loads: &mut Vec<Load>,
        values: impl Fn(&Key) -> Vec<Value>,
        fill: fn(&mut State, &[Row]) -> Result<(), Fault>,
    ) {
        if let Some((behind, last, limit)) = &self.asked {
            let mut bounds = values(behind);
            bounds.extend(values(last));
            bounds.push(bind::unsigned(*limit));
            loads.push(Load::new(sql, bounds, fill));
        }
    }

    fn fill(&mut self, found: Vec<(Key, Found)>) {
        self.found.extend(found);
    }

    /// The first of those that are left, if it is one of the step's.
    fn next(&mut self, is_of_the_step: impl Fn(&Key, &Found) -> bool) -> Option<(Key, Found)> {
        debug_assert!(self.asked.is_some(), "what is over was not looked for");
        self.found.pop_front_if(|(key, found)| is_of_the_step(key, found))
    }
}

/// What a batch purges.
#[derive(Debug, Default)]
pub(crate) struct Retention {
    actor_tokens: Due<Place, (ActorTokenId, Option<SessionId>)>,
    sign_in_tokens: Due<Place, SignInTokenId>,
    sessions: Due<Place, SessionId>,
    clients: Due<Place, ClientId>,
    entries: Due<u64, UnixMillis>,
}

impl Retention {
    pub(crate) fn want(&mut self, step: &Step) {
        let (behind, last, limit) = (behind(&step.purge), step.last.clone(), step.limit);
        match step.purge.of {
            Purged::ActorTokens => self.actor_tokens.want(behind, last, limit),
            Purged::SignInTokens => self.sign_in_tokens.want(behind, last, limit),
            Purged::Sessions => self.sessions.want(behind, last, limit),
            Purged::Clients => self.clients.want(behind, last, limit),
            Purged::Entries { after, through } => self.entries.want(after, through, limit),
        }
    }

    pub(crate) fn loads(&self, loads: &mut Vec<Load>) {
        let place = |place: &Place| bound(place).into();
        self.actor_tokens.load(ACTOR_TOKENS, loads, place, |state, found| {
            state.retention.actor_tokens.fill(rows::many(found, token_and_session)?);
            Ok(())
        });
        self.sign_in_tokens.load(SIGN_IN_TOKENS, loads, place, |state, found| {
            state.retention.sign_in_tokens.fill(rows::many(found, |row| dated(row, SignInTokenId::parse))?);
            Ok(())
        });
        self.sessions.load(SESSIONS, loads, place, |state, found| {
            state.retention.sessions.fill(rows::many(found, |row| dated(row, SessionId::parse))?);
            Ok(())
        });
        self.clients.load(CLIENTS, loads, place, |state, found| {
            state.retention.clients.fill(rows::many(found, |row| dated(row, ClientId::parse))?);
            Ok(())
        });
        let position = |position: &u64| vec![bind::unsigned(*position)];
        self.entries.load(ENTRIES, loads, position, |state, found| {
            state.retention.entries.fill(rows::many(found, dated_position)?);
            Ok(())
        });
    }
}

/// Returns how many rows of the kind are removed.
pub(crate) fn purge(state: &mut State, step: &Step, now: UnixMillis) -> u64 {
    let until = step.purge.until(now);
    let mut removed = 0;
    while removed < u64::from(step.limit) && remove_one(state, step, until) {
        removed += 1;
    }
    removed
}

/// `false` when there is none left. What is final stays what it was, so that only a client has to be looked at again.
fn remove_one(state: &mut State, step: &Step, until: UnixMillis) -> bool {
    let retention = &mut state.retention;
    let is_due = |place: &Place| *place <= step.last && place.at <= until;
    match step.purge.of {
        Purged::ActorTokens => {
            let Some((_, (token, session))) = retention.actor_tokens.next(|place, _| is_due(place)) else {
                return false;
            };
            state.actor_tokens.rows.remove(&token);
            if let Some(session) = session {
                state.sessions.rows.remove(&session);
            }
        }
        Purged::SignInTokens => {
            let Some((_, token)) = retention.sign_in_tokens.next(|place, _| is_due(place)) else {
                return false;
            };
            state.sign_in_tokens.rows.remove(&token);
        }
        Purged::Sessions => {
            let Some((_, session)) = retention.sessions.next(|place, _| is_due(place)) else { return false };
            state.sessions.rows.remove(&session);
        }
        Purged::Clients => return remove_client(state, until, is_due),
        Purged::Entries { through, .. } => {
            let Some((position, _)) =
                retention.entries.next(|position, at| *position <= through && *at <= until)
            else {
                return false;
            };
            state.record.cut(position);
        }
    }
    true
}

/// The next that the batch's other work leaves without anything.
fn remove_client(state: &mut State, until: UnixMillis, is_due: impl Fn(&Place) -> bool) -> bool {
    while let Some((_, client)) = state.retention.clients.next(|place, _| is_due(place)) {
        let has_changed = state.clients.rows.peek(&client).is_some_and(|client| client.updated_at > until);
        if !has_changed && !state.sign_ins.waits_on(&client) {
            state.clients.rows.remove(&client);
            return true;
        }
    }
    false
}

fn token_and_session(row: &Row) -> Result<(Place, (ActorTokenId, Option<SessionId>)), Fault> {
    let mut fields = Fields::of(row, "actor_tokens");
    let (id, at) = (fields.parsed(ActorTokenId::parse)?, fields.time()?);
    Ok((Place { at, id: id.to_string() }, (id, fields.optional_parsed(SessionId::parse)?)))
}

fn dated<Id: ToString>(row: &Row, parse: fn(&str) -> Option<Id>) -> Result<(Place, Id), Fault> {
    let mut fields = Fields::of(row, "what is over");
    let id = fields.parsed(parse)?;
    Ok((Place { at: fields.time()?, id: id.to_string() }, id))
}

fn dated_position(row: &Row) -> Result<(u64, UnixMillis), Fault> {
    let mut fields = Fields::of(row, "audit_entries");
    let position = fields.unsigned()?;
    Ok((position, fields.time()?))
}
