//! Sessions: by client, by user, and the active ones by their end and by their parties.

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
    change::SessionSelection,
    ids::{ActorTokenId, ClientId, SessionId, UserId},
    session::{Session, SessionStatus, find::SessionQuery},
    time::UnixMillis,
};
use std::collections::BTreeSet;
use tokio_postgres::Row;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, status, user_id, client, actor, actor_sub, actor_token, created_at, updated_at, last_active_at, \
             expire_at, idle_seconds, ends_at, first_factor_at FROM sessions ",
            $tail
        )
    };
}

const SHAPE: Shape = Shape {
    table: "sessions",
    columns: &[
        ("id", "text"),
        ("status", "text"),
        ("user_id", "text"),
        ("client", "text"),
        ("actor", "text"),
        ("actor_sub", "text"),
        ("actor_token", "text"),
        ("created_at", "bigint"),
        ("updated_at", "bigint"),
        ("last_active_at", "bigint"),
        ("expire_at", "bigint"),
        ("idle_seconds", "bigint"),
        ("ends_at", "bigint"),
        ("first_factor_at", "bigint"),
    ],
    key: 1,
};

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    pub(crate) rows: Table<SessionId, Session>,
    by_client: Belonging<ClientId, SessionId>,
    /// By user and by `actor.sub`.
    by_party: Belonging<String, SessionId>,
    /// Clients, and parties, whose active ones are looked for.
    clients: BTreeSet<ClientId>,
    parties: BTreeSet<UserId>,
}

impl Sessions {
    pub(crate) fn want_active_of_client(&mut self, client: &ClientId) {
        self.clients.insert(client.clone());
    }

    pub(crate) fn want_active(&mut self, selection: &SessionSelection) {
        match selection {
            SessionSelection::Client(client) => self.want_active_of_client(client),
            SessionSelection::Party(user) | SessionSelection::SubjectExcept { user, .. } => {
                self.parties.insert(user.clone());
            }
        }
    }

    pub(crate) fn put(&mut self, session: Session) {
        self.belongs(&session);
        self.rows.put(session.id.clone(), session);
    }

    fn belongs(&mut self, session: &Session) {
        self.by_client.add(session.client.clone(), session.id.clone());
        self.by_party.add(session.user.as_str().to_owned(), session.id.clone());
        if let Some(actor) = &session.actor {
            self.by_party.add(actor.sub().to_owned(), session.id.clone());
        }
    }

    /// Whether one of the client's sessions is live and impersonated.
    pub(crate) fn impersonates(&self, client: &ClientId, now: UnixMillis) -> bool {
        debug_assert!(self.clients.contains(client), "sessions of this batch were not looked for");
        let mut sessions = self.by_client.of(client).filter_map(|id| self.rows.peek(id));
        sessions.any(|session| session.is_impersonated() && session.is_live(now))
    }

    /// Those stored as active that the selection names, in the order of their ids.
    pub(crate) fn active(&self, selection: &SessionSelection) -> Vec<Session> {
        let active = |id| self.rows.peek(id).filter(|session| session.status == SessionStatus::Active);
        match selection {
            SessionSelection::Client(client) => {
                self.by_client.of(client).filter_map(active).cloned().collect()
            }
            SessionSelection::Party(user) => {
                self.by_party.of(user.as_str()).filter_map(active).cloned().collect()
            }
            SessionSelection::SubjectExcept { user, session: kept } => {
                let own = self.by_party.of(user.as_str()).filter_map(active);
                let own = own.filter(|session| session.user == *user && Some(&session.id) != kept.as_ref());
                own.cloned().collect()
            }
        }
    }

    pub(crate) fn loads(&self, rows_max: Option<u32>, loads: &mut Vec<Load>) {
        let mut load = |sql: &'static str, ids: Value| {
            loads.push(Load::new(sql, vec![ids], |state, found| state.sessions.fill(found)));
        };
        if self.rows.wants_any() {
            load(select!("WHERE id = ANY($1)"), bind::texts(self.rows.wanted().map(SessionId::as_str)));
        }
        if !self.clients.is_empty() {
            let clients = bind::texts(self.clients.iter().map(ClientId::as_str));
            load(select!("WHERE client = ANY($1) AND status = 'active'"), clients);
        }
        if !self.parties.is_empty() {
            let parties = bind::texts(self.parties.iter().map(UserId::as_str));
            let of_users = select!("WHERE user_id = ANY($1) AND status = 'active'");
            let of_actors =
                select!("WHERE actor_sub = ANY($1) AND status = 'active' AND actor_sub IS NOT NULL");
            for sql in [of_users, of_actors] {
                loads.push(Load::of_parties(sql, vec![parties.clone()], rows_max, |state, found| {
                    state.sessions.fill(found)
                }));
            }
        }
    }

    fn fill(&mut self, found: &[Row]) -> Result<(), Fault> {
        for session in rows::many(found, from_row)? {
            self.belongs(&session);
            self.rows.load(session.id.clone(), session);
        }
        Ok(())
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        queries.extend(SHAPE.remove(self.rows.removed().map(SessionId::as_str)));
        queries.extend(SHAPE.put(self.rows.put_rows().map(|(_, session)| row(session))));
    }
}

pub(crate) fn find(id: &SessionId) -> Query {
    Query::new(select!("WHERE id = $1"), vec![bind::text(id.as_str())])
}

/// The page, newest first, and the total.
pub(crate) fn list(query: &SessionQuery) -> [Query; 2] {
    let (mut page, total) = (list_conditions(query), list_conditions(query));
    let limit = page.bind(Some(bind::integer(i64::from(query.page.limit))));
    let offset = page.bind(Some(bind::unsigned(query.page.offset)));
    let select = select!("");
    let sql =
        format!("{select}{} ORDER BY created_at DESC, id DESC LIMIT {limit} OFFSET {offset}", page.text());
    let count = format!("SELECT count(*) FROM sessions{}", total.text());
    [Query::new(sql, page.into_values()), Query::new(count, total.into_values())]
}

fn list_conditions(query: &SessionQuery) -> Conditions {
    let mut conditions = Conditions::default();
    if let Some(user) = &query.user {
        conditions.and_with("user_id = ?", [bind::text(user.as_str())]);
    }
    if let Some(client) = &query.client {
        conditions.and_with("client = ?", [bind::text(client.as_str())]);
    }
    match query.status {
        None => {}
        Some(SessionStatus::Active) => {
            conditions.and_with("status = 'active' AND ends_at > ?", [bind::time(query.now)]);
        }
        Some(SessionStatus::Expired) => {
            let expired = "(status = 'expired' OR (status = 'active' AND ends_at <= ?))";
            conditions.and_with(expired, [bind::time(query.now)]);
        }
        Some(status) => conditions.and_with("status = ?", [bind::text(status.as_str())]),
    }
    conditions
}

/// Stored as active, but over; the longest over first.
pub(crate) fn overdue(now: UnixMillis, limit: u32) -> Query {
    let sql = select!("WHERE status = 'active' AND ends_at <= $1 ORDER BY ends_at, id LIMIT $2");
    Query::new(sql, vec![bind::time(now), bind::integer(i64::from(limit))])
}

pub(crate) fn count_live(now: UnixMillis) -> Query {
    let sql = "SELECT count(*) FROM sessions WHERE status = 'active' AND ends_at > $1";
    Query::new(sql, vec![bind::time(now)])
}

fn row(session: &Session) -> Vec<Value> {
    vec![
        bind::text(session.id.as_str()),
        bind::text(session.status.as_str()),
        bind::text(session.user.as_str()),
        bind::text(session.client.as_str()),
        bind::optional_text(session.actor.as_ref().map(Actor::as_json)),
        bind::optional_text(session.actor.as_ref().map(Actor::sub)),
        bind::optional_text(session.actor_token.as_ref().map(ActorTokenId::as_str)),
        bind::time(session.created_at),
        bind::time(session.updated_at),
        bind::time(session.last_active_at),
        bind::time(session.expire_at),
        bind::integer(session.idle_seconds),
        bind::time(session.ends_at()),
        bind::optional_time(session.first_factor_at),
    ]
}

pub(crate) fn from_row(row: &Row) -> Result<Session, Fault> {
    let mut fields = Fields::of(row, "sessions");
    Ok(Session {
        id: fields.parsed(SessionId::parse)?,
        status: fields.parsed(SessionStatus::parse)?,
        user: fields.parsed(UserId::parse)?,
        client: fields.parsed(ClientId::parse)?,
        actor: match (fields.optional_text()?, fields.optional_text()?) {
            (Some(text), Some(sub)) => Some(Actor::from_stored(text, sub)),
            (None, None) => None,
            _ => return Err(fields.unreadable()),
        },
        actor_token: fields.optional_parsed(ActorTokenId::parse)?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
        last_active_at: fields.time()?,
        expire_at: fields.time()?,
        idle_seconds: fields.integer()?,
        first_factor_at: {
            fields.skip();
            fields.optional_time()?
        },
    })
}
