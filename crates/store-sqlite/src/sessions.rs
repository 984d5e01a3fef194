//! Sessions: by client, by user, and the active ones by their end and by their parties.

use crate::{
    bind::{self, Columns},
    clients,
    conditions::{Conditions, bound, text},
    fault::Fault,
    rows::{self, Fields, execute, exists, signed},
    users,
};
use actas_domain::{
    actor::Actor,
    change::SessionSelection,
    ids::{ActorTokenId, ClientId, SessionId, UserId},
    page::Listed,
    session::{Session, SessionStatus, find::SessionQuery},
    time::UnixMillis,
};
use rusqlite::{Connection, Row, params, params_from_iter, types::Value};

macro_rules! columns {
    () => {
        "status, user, client, actor, actor_sub, actor_token, created_at, updated_at, last_active_at, expire_at, \
         idle_seconds, ends_at, first_factor_at"
    };
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, ", columns!(), " FROM sessions ", $tail)
    };
}

pub(crate) fn find(connection: &Connection, id: &SessionId) -> Result<Option<Session>, Fault> {
    rows::one(connection, select!("WHERE id = ?1"), [id.as_str()], from_row)
}

/// Newest first.
pub(crate) fn list(connection: &Connection, query: &SessionQuery) -> Result<Listed<Session>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let [(page, page_values), (count, count_values)] = list_sql(query);
    let rows = rows::many(&snapshot, &page, bound(&page_values), from_row)?;
    let total = rows::number(&snapshot, &count, bound(&count_values))?;
    Ok(Listed { rows, total })
}

/// The query of the page, and that of the total.
pub(crate) fn list_sql(query: &SessionQuery) -> [(String, Vec<Value>); 2] {
    let (index, conditions) = list_conditions(query);
    let conditions_text = conditions.text();
    let page = format!(
        "{}{index}{conditions_text} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
        select!("INDEXED BY ")
    );
    let bounds = [i64::from(query.page.limit).into(), signed(query.page.offset).into()];
    let count = format!("SELECT count(*) FROM sessions INDEXED BY {index}{conditions_text}");
    [(page, conditions.values_and(&bounds)), (count, conditions.values_and(&[]))]
}

/// The index that the list is read from, and the conditions.
fn list_conditions(query: &SessionQuery) -> (&'static str, Conditions) {
    let mut conditions = Conditions::default();
    let mut index = "sessions_by_age";
    let live_only = query.status == Some(SessionStatus::Active);
    if let Some(user) = &query.user {
        conditions.and_with("user = ?", [text(user.as_str())]);
        index = if live_only { "sessions_active_of_user" } else { "sessions_of_user" };
    }
    if let Some(client) = &query.client {
        conditions.and_with("client = ?", [text(client.as_str())]);
        index = if live_only { "sessions_active_of_client" } else { "sessions_of_client" };
    }
    let now = query.now.millis();
    match query.status {
        None => {}
        Some(SessionStatus::Active) => {
            conditions.and_with("status = 'active' AND ends_at > ?", [now.into()]);
        }
        Some(SessionStatus::Expired) => {
            conditions.and_with("(status = 'expired' OR (status = 'active' AND ends_at <= ?))", [now.into()]);
        }
        Some(status) => conditions.and_with("status = ?", [text(status.as_str())]),
    }
    (index, conditions)
}

/// Stored as active, but over; the longest over first.
pub(crate) fn overdue(connection: &Connection, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Fault> {
    let sql = select!("WHERE status = 'active' AND ends_at <= ?1 ORDER BY ends_at, id LIMIT ?2");
    rows::many(connection, sql, params![now.millis(), limit], from_row)
}

pub(crate) fn count_live(connection: &Connection, now: UnixMillis) -> Result<u64, Fault> {
    let sql = "SELECT count(*) FROM sessions WHERE status = 'active' AND ends_at > ?1";
    rows::number(connection, sql, [now.millis()])
}

/// Whether one of the client's sessions is live and impersonated.
pub(crate) fn impersonates(
    connection: &Connection,
    client: &ClientId,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM sessions INDEXED BY sessions_active_of_client \
        WHERE client = ?1 AND status = 'active' AND actor IS NOT NULL AND ends_at > ?2";
    exists(connection, sql, params![client.as_str(), now.millis()])
}

/// Those stored as active that the selection names, in the order of their ids.
pub(crate) fn active(connection: &Connection, selection: &SessionSelection) -> Result<Vec<Session>, Fault> {
    let of_client = select!("INDEXED BY sessions_active_of_client WHERE client = ?1 AND status = 'active'");
    let of_user = select!("WHERE user = ?1 AND status = 'active'");
    let of_actor = select!("WHERE actor_sub = ?1 AND status = 'active' AND user <> ?1");
    let mut found = match selection {
        SessionSelection::Client(client) => rows::many(connection, of_client, [client.as_str()], from_row)?,
        SessionSelection::Party(user) => {
            let mut found = rows::many(connection, of_user, [user.as_str()], from_row)?;
            found.extend(rows::many(connection, of_actor, [user.as_str()], from_row)?);
            found
        }
        SessionSelection::SubjectExcept { user, session: kept } => {
            let mut found = rows::many(connection, of_user, [user.as_str()], from_row)?;
            found.retain(|session| Some(&session.id) != kept.as_ref());
            found
        }
    };
    found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    Ok(found)
}

/// Adds the session; its client's time follows.
pub(crate) fn add(connection: &Connection, session: &Session) -> Result<(), Fault> {
    let sql = concat!(
        "INSERT INTO sessions (id, ",
        columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    );
    execute(connection, sql, params_from_iter(row(session)))?;
    clients::sessions_changed(connection, &session.client, session.updated_at)
}

/// Moves the session if its status is `from`, and its client's time follows; `false` if not. Both times that activity
/// moves only ever move forward. Only what moves is named, as in [`crate::actor_tokens::move_to`].
pub(crate) fn move_to(
    connection: &Connection,
    session: &Session,
    from: SessionStatus,
) -> Result<bool, Fault> {
    let sql = "UPDATE sessions SET status = ?2, updated_at = ?3, last_active_at = max(last_active_at, ?4), \
        ends_at = max(ends_at, ?5) WHERE id = ?1 AND status = ?6";
    let values = [
        bind::text(session.id.as_str()),
        bind::text(session.status.as_str()),
        bind::time(session.updated_at),
        bind::time(session.last_active_at),
        bind::time(session.ends_at()),
        bind::text(from.as_str()),
    ];
    if execute(connection, sql, params_from_iter(values))? == 0 {
        return Ok(false);
    }
    clients::sessions_changed(connection, &session.client, session.updated_at)?;
    Ok(true)
}

/// Moves the activity of a session that is live at `at` forward to it, and an ordinary session's user's.
pub(crate) fn record_activity(
    connection: &Connection,
    id: &SessionId,
    at: UnixMillis,
    now: UnixMillis,
) -> Result<(), Fault> {
    let Some(stored) = find(connection, id)?.filter(|session| session.is_live(at.max(now))) else {
        return Ok(());
    };
    if !stored.is_impersonated() {
        users::record_activity(connection, &stored.user, at)?;
    }
    if at <= stored.last_active_at {
        return Ok(());
    }
    let moved = Session { last_active_at: at, ..stored };
    let sql = "UPDATE sessions SET last_active_at = ?2, ends_at = ?3 WHERE id = ?1";
    let values = params![id.as_str(), at.millis(), moved.ends_at().millis()];
    execute(connection, sql, values).map(drop)
}

fn row(session: &Session) -> Columns<'_, 14> {
    [
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

fn from_row(row: &Row<'_>) -> Result<Session, Fault> {
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
