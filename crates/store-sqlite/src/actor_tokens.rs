//! Actor tokens and their monthly count.

use crate::{
    bind::{self, Columns},
    conditions::{Conditions, bound, text},
    fault::Fault,
    rows::{self, Fields, execute},
};
use actas_domain::{
    actor::Actor,
    actor_token::{ActorToken, ActorTokenStatus, find::ActorTokenQuery},
    audit::Cause,
    ids::{ActorTokenId, SessionId, UserId},
    time::Month,
};
use rusqlite::{Connection, Row, params_from_iter, types::Value};

macro_rules! columns {
    () => {
        "status, subject, actor, actor_sub, reason, ticket_hash, session_max_duration_seconds, created_at, \
         updated_at, expires_at, session, revoked_because"
    };
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, ", columns!(), " FROM actor_tokens ", $tail)
    };
}

pub(crate) fn find(connection: &Connection, id: &ActorTokenId) -> Result<Option<ActorToken>, Fault> {
    rows::one(connection, select!("WHERE id = ?1"), [id.as_str()], from_row)
}

/// Newest first. Without a status the ranges of all of them are merged: each is read in order from its index, and
/// no more than the limit of it, however many tokens there are.
pub(crate) fn list(connection: &Connection, query: &ActorTokenQuery) -> Result<Vec<ActorToken>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let behind = match &query.starting_after {
        Some(id) => match find(&snapshot, id)? {
            Some(token) => Some(token),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let statuses = match query.status {
        Some(status) => vec![status],
        None => ActorTokenStatus::ALL.to_vec(),
    };
    let mut found = Vec::new();
    for status in statuses {
        found.extend(list_with_status(&snapshot, query, status, behind.as_ref())?);
    }
    found.sort_unstable_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    found.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    Ok(found)
}

fn list_with_status(
    connection: &Connection,
    query: &ActorTokenQuery,
    status: ActorTokenStatus,
    behind: Option<&ActorToken>,
) -> Result<Vec<ActorToken>, Fault> {
    let (sql, values) = list_sql(query, status, behind);
    rows::many(connection, &sql, bound(&values), from_row)
}

/// The index is named, so that no statistics can lead to another plan than the one that was measured.
pub(crate) fn list_sql(
    query: &ActorTokenQuery,
    status: ActorTokenStatus,
    behind: Option<&ActorToken>,
) -> (String, Vec<Value>) {
    let index = match (&query.subject, &query.actor_sub) {
        (Some(_), _) => "actor_tokens_by_subject",
        (None, Some(_)) => "actor_tokens_by_actor",
        (None, None) => "actor_tokens_by_status",
    };
    let mut conditions = Conditions::default();
    conditions.and_with("status = ?", [text(status.as_str())]);
    if let Some(subject) = &query.subject {
        conditions.and_with("subject = ?", [text(subject.as_str())]);
    }
    if let Some(actor_sub) = &query.actor_sub {
        conditions.and_with("actor_sub = ?", [text(actor_sub)]);
    }
    if let Some(since) = query.created_at_or_after {
        conditions.and_with("created_at >= ?", [since.millis().into()]);
    }
    if let Some(before) = query.created_before {
        conditions.and_with("created_at < ?", [before.millis().into()]);
    }
    if let Some(token) = behind {
        let place = [token.created_at.millis().into(), text(token.id.as_str())];
        conditions.and_with("(created_at, id) < (?, ?)", place);
    }
    let sql = format!(
        "{}{index}{} ORDER BY created_at DESC, id DESC LIMIT ?",
        select!("INDEXED BY "),
        conditions.text()
    );
    (sql, conditions.values_and(&[i64::from(query.limit).into()]))
}

/// Pending ones in which the user is subject or, by `actor.sub`, actor; each once, in the order of their ids.
pub(crate) fn pending_of_party(connection: &Connection, party: &UserId) -> Result<Vec<ActorToken>, Fault> {
    let as_subject = select!("WHERE subject = ?1 AND status = 'pending'");
    let as_actor = select!("WHERE actor_sub = ?1 AND status = 'pending' AND subject <> ?1");
    let mut found = rows::many(connection, as_subject, [party.as_str()], from_row)?;
    found.extend(rows::many(connection, as_actor, [party.as_str()], from_row)?);
    found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    Ok(found)
}

pub(crate) fn add(connection: &Connection, token: &ActorToken) -> Result<(), Fault> {
    let sql = concat!(
        "INSERT INTO actor_tokens (id, ",
        columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    );
    execute(connection, sql, params_from_iter(row(token))).map(drop)
}

/// Moves the token if its status is `from`; `false` if not. Only what moves is named: SQLite writes every index of a
/// column that a statement sets, whether or not its value is another.
pub(crate) fn move_to(
    connection: &Connection,
    token: &ActorToken,
    from: ActorTokenStatus,
) -> Result<bool, Fault> {
    let sql = "UPDATE actor_tokens SET status = ?2, updated_at = ?3, session = ?4, revoked_because = ?5 \
        WHERE id = ?1 AND status = ?6";
    let values = [
        bind::text(token.id.as_str()),
        bind::text(token.status.as_str()),
        bind::time(token.updated_at),
        bind::optional_text(token.session.as_ref().map(SessionId::as_str)),
        bind::optional_text(token.revoked_because.map(Cause::as_str)),
        bind::text(from.as_str()),
    ];
    Ok(execute(connection, sql, params_from_iter(values))? == 1)
}

pub(crate) fn created_in(connection: &Connection, month: Month) -> Result<u64, Fault> {
    rows::number(connection, "SELECT created FROM actor_token_counts WHERE month = ?1", [month.key()])
}

pub(crate) fn count(connection: &Connection, month: Month) -> Result<(), Fault> {
    let sql = "INSERT INTO actor_token_counts (month, created) VALUES (?1, 1) \
        ON CONFLICT (month) DO UPDATE SET created = created + 1";
    execute(connection, sql, [month.key()]).map(drop)
}

fn row(token: &ActorToken) -> Columns<'_, 13> {
    [
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

fn from_row(row: &Row<'_>) -> Result<ActorToken, Fault> {
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
