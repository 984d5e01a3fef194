//! Removing what has been kept for long enough: a step reads so many rows of one index, from its place on, and removes
//! those of them that may go.

use crate::{
    fault::Fault,
    rows::{Fields, execute, number, one, signed},
};
use actas_domain::{
    retention::{Place, Purge, Purged},
    time::UnixMillis,
};
use rusqlite::{Connection, params};

/// The last row that a step looks at, where there are enough of them.
macro_rules! last_of_step {
    ($table:literal, $index:literal, $time:literal, $more:literal) => {
        concat!(
            "SELECT ",
            $time,
            ", id FROM ",
            $table,
            " INDEXED BY ",
            $index,
            " WHERE ",
            $more,
            "(",
            $time,
            ", id) > (?1, ?2) AND ",
            $time,
            " <= ?3 ORDER BY ",
            $time,
            ", id LIMIT 1 OFFSET ?4"
        )
    };
}

/// The rows from a step's place to its last one.
macro_rules! of_step {
    ($column:literal, $table:literal, $index:literal, $time:literal, $more:literal) => {
        concat!(
            "(SELECT ",
            $column,
            " FROM ",
            $table,
            " INDEXED BY ",
            $index,
            " WHERE ",
            $more,
            "(",
            $time,
            ", id) > (?1, ?2) AND (",
            $time,
            ", id) <= (?3, ?4))"
        )
    };
}

/// Those whose session is stored as active stay.
macro_rules! actor_tokens_to_go {
    ($column:literal) => {
        of_step!(
            $column,
            "actor_tokens",
            "actor_tokens_by_end",
            "expires_at",
            "NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = actor_tokens.session \
             AND sessions.status = 'active') AND "
        )
    };
}

pub(crate) const LAST_ACTOR_TOKEN: &str =
    last_of_step!("actor_tokens", "actor_tokens_by_end", "expires_at", "");
/// Before their tokens, which say which they are.
pub(crate) const SESSIONS_OF_TOKENS: &str =
    concat!("DELETE FROM sessions WHERE id IN ", actor_tokens_to_go!("session"));
pub(crate) const ACTOR_TOKENS: &str =
    concat!("DELETE FROM actor_tokens WHERE id IN ", actor_tokens_to_go!("id"));

pub(crate) const LAST_SIGN_IN_TOKEN: &str =
    last_of_step!("sign_in_tokens", "sign_in_tokens_by_end", "expires_at", "");
pub(crate) const SIGN_IN_TOKENS: &str = concat!(
    "DELETE FROM sign_in_tokens WHERE id IN ",
    of_step!("id", "sign_in_tokens", "sign_in_tokens_by_end", "expires_at", "")
);

pub(crate) const LAST_SESSION: &str = last_of_step!(
    "sessions",
    "sessions_ended_by_end",
    "ends_at",
    "status <> 'active' AND actor_token IS NULL AND "
);
pub(crate) const SESSIONS: &str = concat!(
    "DELETE FROM sessions WHERE id IN ",
    of_step!(
        "id",
        "sessions",
        "sessions_ended_by_end",
        "ends_at",
        "status <> 'active' AND actor_token IS NULL AND "
    )
);

pub(crate) const LAST_CLIENT: &str = last_of_step!("clients", "clients_by_change", "updated_at", "");
pub(crate) const CLIENTS: &str = concat!(
    "DELETE FROM clients WHERE id IN ",
    of_step!(
        "id",
        "clients",
        "clients_by_change",
        "updated_at",
        "NOT EXISTS (SELECT 1 FROM sessions INDEXED BY sessions_of_client WHERE sessions.client = clients.id) \
         AND NOT EXISTS (SELECT 1 FROM kept_returns WHERE kept_returns.client = clients.id) \
         AND NOT EXISTS (SELECT 1 FROM pending_sign_ins WHERE pending_sign_ins.client = clients.id) AND "
    )
);

/// The last position that goes, of the oldest entries: the one before the first that is too young, or the last of them.
pub(crate) const LAST_ENTRY: &str = "SELECT coalesce(min(CASE WHEN at > ?1 THEN position - 1 END), max(position), 0) \
    FROM (SELECT position, at FROM audit_entries NOT INDEXED WHERE position <= ?3 ORDER BY position LIMIT ?2)";
pub(crate) const ENTRIES: &str = "DELETE FROM audit_entries WHERE position <= ?1";

/// The last row that a step looks at; none where it looks at all that are left, and none of entries.
pub(crate) fn last(
    connection: &Connection,
    purge: &Purge,
    now: UnixMillis,
    limit: u32,
) -> Result<Option<Place>, Fault> {
    let sql = match purge.of {
        Purged::ActorTokens => LAST_ACTOR_TOKEN,
        Purged::SignInTokens => LAST_SIGN_IN_TOKEN,
        Purged::Sessions => LAST_SESSION,
        Purged::Clients => LAST_CLIENT,
        Purged::Entries { .. } => return Ok(None),
    };
    let (at, id) = behind(purge);
    one(connection, sql, params![at, id, purge.until(now).millis(), limit.saturating_sub(1)], |row| {
        let mut fields = Fields::of(row, "what is over");
        fields.skip();
        let id = fields.text()?;
        Ok(Place { at: Fields::of(row, "what is over").time()?, id })
    })
}

/// Removes what may go, up to the last row of the step. Returns how many rows of the kind were removed.
pub(crate) fn purge(
    connection: &Connection,
    purge: &Purge,
    last: Option<&Place>,
    now: UnixMillis,
    limit: u32,
) -> Result<usize, Fault> {
    let removals: &[&str] = match purge.of {
        Purged::ActorTokens => &[SESSIONS_OF_TOKENS, ACTOR_TOKENS],
        Purged::SignInTokens => &[SIGN_IN_TOKENS],
        Purged::Sessions => &[SESSIONS],
        Purged::Clients => &[CLIENTS],
        Purged::Entries { through, .. } => return cut(connection, purge.until(now), through, limit),
    };
    // No id is before the empty one, so this is behind all rows of the time.
    let end = Place { at: purge.until(now).plus_millis(1), id: String::new() };
    let last = last.filter(|last| **last < end).unwrap_or(&end);
    let (at, id) = behind(purge);
    let mut removed = 0;
    for removal in removals {
        removed = execute(connection, removal, params![at, id, last.at.millis(), last.id])?;
    }
    Ok(removed)
}

fn behind(purge: &Purge) -> (i64, &str) {
    purge.behind.as_ref().map_or((i64::MIN, ""), |place| (place.at.millis(), &place.id))
}

fn cut(connection: &Connection, until: UnixMillis, through: u64, limit: u32) -> Result<usize, Fault> {
    // The newest tells the next one its position.
    let newest = number(connection, "SELECT coalesce(max(position), 0) FROM audit_entries", [])?;
    let through = signed(through.min(newest.saturating_sub(1)));
    let last = number(connection, LAST_ENTRY, params![until.millis(), limit, through])?;
    execute(connection, ENTRIES, [signed(last)])
}
