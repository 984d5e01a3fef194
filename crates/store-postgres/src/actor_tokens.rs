//! Actor tokens and their monthly count.

use crate::{
    bind::{self, Query, Value},
    conditions::Conditions,
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    state::{Changes, Load},
    table::{Belonging, Table},
};
use actas_domain::{
    actor::Actor,
    actor_token::{ActorToken, ActorTokenStatus, find::ActorTokenQuery},
    audit::Cause,
    ids::{ActorTokenId, SessionId, UserId},
    time::Month,
};
use std::collections::BTreeSet;
use tokio_postgres::Row;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, status, subject, actor, actor_sub, reason, ticket_hash, session_max_duration_seconds, created_at, \
             updated_at, expires_at, session, revoked_because FROM actor_tokens ",
            $tail
        )
    };
}

const SHAPE: Shape = Shape {
    table: "actor_tokens",
    columns: &[
        ("id", "text"),
        ("status", "text"),
        ("subject", "text"),
        ("actor", "text"),
        ("actor_sub", "text"),
        ("reason", "text"),
        ("ticket_hash", "bytea"),
        ("session_max_duration_seconds", "bigint"),
        ("created_at", "bigint"),
        ("updated_at", "bigint"),
        ("expires_at", "bigint"),
        ("session", "text"),
        ("revoked_because", "text"),
    ],
    key: 1,
};

const COUNTS: Shape =
    Shape { table: "actor_token_counts", columns: &[("month", "text"), ("created", "bigint")], key: 1 };

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct ActorTokens {
    pub(crate) rows: Table<ActorTokenId, ActorToken>,
    pub(crate) created_in: Table<Month, u64>,
    /// By subject and by `actor.sub`.
    by_party: Belonging<String, ActorTokenId>,
    /// Users whose pending ones are looked for.
    parties: BTreeSet<UserId>,
}

impl ActorTokens {
    /// Has the pending ones looked for in which the user is subject or, by `actor.sub`, actor.
    pub(crate) fn want_pending_of(&mut self, party: &UserId) {
        self.parties.insert(party.clone());
    }

    pub(crate) fn created_in(&self, month: Month) -> u64 {
        self.created_in.get(&month).copied().unwrap_or(0)
    }

    pub(crate) fn count(&mut self, month: Month) {
        self.created_in.put(month, self.created_in(month).saturating_add(1));
    }

    pub(crate) fn put(&mut self, token: ActorToken) {
        self.belongs(&token);
        self.rows.put(token.id.clone(), token);
    }

    fn belongs(&mut self, token: &ActorToken) {
        self.by_party.add(token.subject.as_str().to_owned(), token.id.clone());
        self.by_party.add(token.actor.sub().to_owned(), token.id.clone());
    }

    /// Those that fall with the user, in the order of their ids.
    pub(crate) fn pending_of(&self, party: &UserId) -> Vec<ActorToken> {
        debug_assert!(self.parties.contains(party), "tokens of this batch were not looked for");
        let tokens = self.by_party.of(party.as_str()).filter_map(|id| self.rows.peek(id));
        tokens.filter(|token| token.status == ActorTokenStatus::Pending).cloned().collect()
    }

    pub(crate) fn loads(&self, rows_max: Option<u32>, loads: &mut Vec<Load>) {
        if self.rows.wants_any() {
            let ids = bind::texts(self.rows.wanted().map(ActorTokenId::as_str));
            loads.push(Load::new(select!("WHERE id = ANY($1)"), vec![ids], |state, found| {
                state.actor_tokens.fill(found)
            }));
        }
        if !self.parties.is_empty() {
            let parties = bind::texts(self.parties.iter().map(UserId::as_str));
            let of_subjects = select!("WHERE subject = ANY($1) AND status = 'pending'");
            let of_actors = select!("WHERE actor_sub = ANY($1) AND status = 'pending'");
            for sql in [of_subjects, of_actors] {
                loads.push(Load::of_parties(sql, vec![parties.clone()], rows_max, |state, found| {
                    state.actor_tokens.fill(found)
                }));
            }
        }
        if self.created_in.wants_any() {
            let months: Vec<_> = self.created_in.wanted().map(|month| month.key()).collect();
            let sql = "SELECT month, created FROM actor_token_counts WHERE month = ANY($1)";
            let months = vec![bind::texts(months.iter().map(String::as_str))];
            loads.push(Load::new(sql, months, |state, found| state.actor_tokens.fill_counts(found)));
        }
    }

    fn fill(&mut self, found: &[Row]) -> Result<(), Fault> {
        for token in rows::many(found, from_row)? {
            self.belongs(&token);
            self.rows.load(token.id.clone(), token);
        }
        Ok(())
    }

    fn fill_counts(&mut self, found: &[Row]) -> Result<(), Fault> {
        let wanted: Vec<Month> = self.created_in.wanted().copied().collect();
        for (key, created) in rows::many(found, |row| {
            let mut fields = Fields::of(row, "actor_token_counts");
            Ok((fields.text()?, fields.unsigned()?))
        })? {
            if let Some(month) = wanted.iter().find(|month| month.key() == key) {
                self.created_in.load(*month, created);
            }
        }
        Ok(())
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        let counts = self.created_in.put_rows();
        let counts = counts.map(|(month, created)| vec![bind::text(&month.key()), bind::unsigned(*created)]);
        queries.extend(COUNTS.put(counts));
        queries.extend(SHAPE.remove(self.rows.removed().map(ActorTokenId::as_str)));
        queries.extend(SHAPE.put(self.rows.put_rows().map(|(_, token)| row(token))));
    }
}

pub(crate) fn find(id: &ActorTokenId) -> Query {
    Query::new(select!("WHERE id = $1"), vec![bind::text(id.as_str())])
}

/// Newest first. Without a status the ranges of all of them are merged: each is read in order from its index, and
/// no more than the limit of it, however many tokens there are.
pub(crate) fn list(query: &ActorTokenQuery) -> Query {
    let statuses = match query.status {
        Some(status) => vec![status],
        None => ActorTokenStatus::ALL.to_vec(),
    };
    let mut conditions = Conditions::default();
    let ranges: Vec<_> = statuses.into_iter().map(|status| range(query, status, &mut conditions)).collect();
    let limit = conditions.bind(Some(bind::integer(i64::from(query.limit))));
    let sql = format!(
        "SELECT * FROM ({}) AS found ORDER BY created_at DESC, id DESC LIMIT {limit}",
        ranges.join(" UNION ALL ")
    );
    Query::new(sql, conditions.into_values())
}

/// What the query asks for of one status.
fn range(query: &ActorTokenQuery, status: ActorTokenStatus, values: &mut Conditions) -> String {
    let mut bind = |value: Value| values.bind(Some(value));
    let mut conditions = vec![format!("status = {}", bind(bind::text(status.as_str())))];
    if let Some(subject) = &query.subject {
        conditions.push(format!("subject = {}", bind(bind::text(subject.as_str()))));
    }
    if let Some(actor_sub) = &query.actor_sub {
        conditions.push(format!("actor_sub = {}", bind(bind::text(actor_sub))));
    }
    if let Some(since) = query.created_at_or_after {
        conditions.push(format!("created_at >= {}", bind(bind::time(since))));
    }
    if let Some(before) = query.created_before {
        conditions.push(format!("created_at < {}", bind(bind::time(before))));
    }
    if let Some(id) = &query.starting_after {
        // Nothing comes behind a token that is not there.
        let id = bind(bind::text(id.as_str()));
        conditions.push(format!(
            "(created_at, id) < ((SELECT created_at FROM actor_tokens WHERE id = {id}), \
             (SELECT id FROM actor_tokens WHERE id = {id}))"
        ));
    }
    let limit = bind(bind::integer(i64::from(query.limit)));
    let (select, conditions) = (select!("WHERE "), conditions.join(" AND "));
    format!("({select}{conditions} ORDER BY created_at DESC, id DESC LIMIT {limit})")
}

pub(crate) fn created_in(month: Month) -> Query {
    let sql = "SELECT created FROM actor_token_counts WHERE month = $1";
    Query::new(sql, vec![bind::text(&month.key())])
}

fn row(token: &ActorToken) -> Vec<Value> {
    vec![
        bind::text(token.id.as_str()),
        bind::text(token.status.as_str()),
        bind::text(token.subject.as_str()),
        bind::text(token.actor.as_json()),
        bind::text(token.actor.sub()),
        bind::optional_text(token.reason.as_deref()),
        bind::hash(&token.ticket_hash),
        bind::integer(token.session_max_duration_seconds),
        bind::time(token.created_at),
        bind::time(token.updated_at),
        bind::time(token.expires_at),
        bind::optional_text(token.session.as_ref().map(SessionId::as_str)),
        bind::optional_text(token.revoked_because.map(Cause::as_str)),
    ]
}

pub(crate) fn from_row(row: &Row) -> Result<ActorToken, Fault> {
    let mut fields = Fields::of(row, "actor_tokens");
    Ok(ActorToken {
        id: fields.parsed(ActorTokenId::parse)?,
        status: fields.parsed(ActorTokenStatus::parse)?,
        subject: fields.parsed(UserId::parse)?,
        actor: Actor::from_stored(fields.text()?, fields.text()?),
        reason: fields.optional_text()?,
        ticket_hash: fields.hash()?,
        session_max_duration_seconds: fields.integer()?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
        expires_at: fields.time()?,
        session: fields.optional_parsed(SessionId::parse)?,
        revoked_because: fields.optional_parsed(Cause::parse)?,
    })
}
