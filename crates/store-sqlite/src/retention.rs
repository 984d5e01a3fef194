//! Removing what has been kept for long enough: one range of an index each, the oldest first.

use crate::{
    fault::Fault,
    rows::{execute, number, signed},
};
use actas_domain::{
    retention::{Purge, Purged},
    time::UnixMillis,
};
use rusqlite::{Connection, params};

macro_rules! actor_tokens_to_go {
    ($column:literal) => {
        concat!(
            "(SELECT ",
            $column,
            " FROM actor_tokens INDEXED BY actor_tokens_by_end WHERE expires_at <= ?1 AND NOT EXISTS \
             (SELECT 1 FROM sessions WHERE sessions.id = actor_tokens.session AND sessions.status = 'active') \
             ORDER BY expires_at, id LIMIT ?2)"
        )
    };
}

/// Before their tokens, which say which they are.
pub(crate) const SESSIONS_OF_TOKENS: &str =
    concat!("DELETE FROM sessions WHERE id IN ", actor_tokens_to_go!("session"));
pub(crate) const ACTOR_TOKENS: &str =
    concat!("DELETE FROM actor_tokens WHERE id IN ", actor_tokens_to_go!("id"));
pub(crate) const SIGN_IN_TOKENS: &str = "DELETE FROM sign_in_tokens WHERE id IN \
    (SELECT id FROM sign_in_tokens INDEXED BY sign_in_tokens_by_end WHERE expires_at <= ?1 \
     ORDER BY expires_at, id LIMIT ?2)";
pub(crate) const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT id FROM sessions INDEXED BY sessions_ended_by_end \
     WHERE status <> 'active' AND actor_token IS NULL AND ends_at <= ?1 ORDER BY ends_at, id LIMIT ?2)";
pub(crate) const CLIENTS: &str = "DELETE FROM clients WHERE id IN \
    (SELECT id FROM clients INDEXED BY clients_by_change WHERE updated_at <= ?1 \
     AND NOT EXISTS (SELECT 1 FROM sessions INDEXED BY sessions_of_client WHERE sessions.client = clients.id) \
     AND NOT EXISTS (SELECT 1 FROM kept_returns WHERE kept_returns.client = clients.id) \
     AND NOT EXISTS (SELECT 1 FROM pending_sign_ins WHERE pending_sign_ins.client = clients.id) \
     ORDER BY updated_at, id LIMIT ?2)";
/// The last position that goes, of the oldest entries: the one before the first that is too young, or the last of them.
pub(crate) const LAST_ENTRY: &str = "SELECT coalesce(min(CASE WHEN at > ?1 THEN position - 1 END), max(position), 0) \
    FROM (SELECT position, at FROM audit_entries NOT INDEXED WHERE position <= ?3 ORDER BY position LIMIT ?2)";
pub(crate) const ENTRIES: &str = "DELETE FROM audit_entries WHERE position <= ?1";

/// Returns how many rows of the kind were removed.
pub(crate) fn purge(
    connection: &Connection,
    purge: &Purge,
    now: UnixMillis,
    limit: u32,
) -> Result<usize, Fault> {
    let bounds = params![purge.until(now).millis(), limit];
    match purge.of {
        Purged::ActorTokens => {
            execute(connection, SESSIONS_OF_TOKENS, bounds)?;
            execute(connection, ACTOR_TOKENS, bounds)
        }
        Purged::SignInTokens => execute(connection, SIGN_IN_TOKENS, bounds),
        Purged::Sessions => execute(connection, SESSIONS, bounds),
        Purged::Clients => execute(connection, CLIENTS, bounds),
        Purged::Entries { through } => {
            // The newest tells the next one its position.
            let newest = number(connection, "SELECT coalesce(max(position), 0) FROM audit_entries", [])?;
            let through = signed(through.min(newest.saturating_sub(1)));
            let bounds = params![purge.until(now).millis(), limit, through];
            let last = number(connection, LAST_ENTRY, bounds)?;
            execute(connection, ENTRIES, [signed(last)])
        }
    }
}
