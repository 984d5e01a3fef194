//! Attempts to sign in that wait, wrong passwords, and the returns that clients keep.

use crate::{
    bind,
    fault::Fault,
    rows::{self, Fields, execute},
};
use actas_domain::{
    client::returning::KeptReturn,
    ids::{ClientId, SessionId, SignInId, UserId},
    secret::SecretHash,
    sign_in::{
        PendingSignIn,
        failures::{Guessed, PasswordFailures},
    },
    time::UnixMillis,
};
use rusqlite::{Connection, Row, params, types::ToSqlOutput};

pub(crate) fn pending(connection: &Connection, client: &ClientId) -> Result<Option<PendingSignIn>, Fault> {
    let sql = "SELECT client, id, identifier, created_at, expires_at FROM pending_sign_ins WHERE client = ?1";
    rows::one(connection, sql, [client.as_str()], |row| {
        let mut fields = Fields::of(row, "pending_sign_ins");
        Ok(PendingSignIn {
            client: fields.parsed(ClientId::parse)?,
            id: fields.parsed(SignInId::parse)?,
            identifier: fields.text()?,
            created_at: fields.time()?,
            expires_at: fields.time()?,
        })
    })
}

pub(crate) fn begin(connection: &Connection, pending: &PendingSignIn) -> Result<(), Fault> {
    let sql = "INSERT OR REPLACE INTO pending_sign_ins (client, id, identifier, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = params![
        pending.client.as_str(),
        pending.id.as_str(),
        pending.identifier,
        pending.created_at.millis(),
        pending.expires_at.millis(),
    ];
    execute(connection, sql, values).map(drop)
}

pub(crate) fn end(connection: &Connection, client: &ClientId) -> Result<(), Fault> {
    execute(connection, "DELETE FROM pending_sign_ins WHERE client = ?1", [client.as_str()]).map(drop)
}

pub(crate) fn failures(
    connection: &Connection,
    guessed: &Guessed,
) -> Result<Option<PasswordFailures>, Fault> {
    let sql = "SELECT guessed, failure_count, last_failure_at FROM password_failures WHERE guessed = ?1";
    rows::one(connection, sql, [key(guessed)], |row| {
        let mut fields = Fields::of(row, "password_failures");
        fields.skip();
        failures_from(&mut fields)?.ok_or_else(|| fields.unreadable())
    })
}

/// The two columns of failures, which are null where there are none.
pub(crate) fn failures_from(fields: &mut Fields<'_>) -> Result<Option<PasswordFailures>, Fault> {
    match (fields.optional_integer()?, fields.optional_time()?) {
        (Some(count), Some(last_at)) => {
            let count = u32::try_from(count).map_err(|_| fields.unreadable())?;
            Ok(Some(PasswordFailures { count, last_at }))
        }
        (None, None) => Ok(None),
        _ => Err(fields.unreadable()),
    }
}

/// Of a stored user; nothing for anybody else.
pub(crate) fn set_failures(
    connection: &Connection,
    user: &UserId,
    failures: Option<PasswordFailures>,
) -> Result<(), Fault> {
    let Some(failures) = failures else { return remove_failures(connection, user) };
    let sql = "INSERT OR REPLACE INTO password_failures (guessed, failure_count, last_failure_at) \
        SELECT id, ?2, ?3 FROM users WHERE id = ?1";
    execute(connection, sql, params![user.as_str(), failures.count, failures.last_at.millis()]).map(drop)
}

pub(crate) fn remove_failures(connection: &Connection, user: &UserId) -> Result<(), Fault> {
    execute(connection, "DELETE FROM password_failures WHERE guessed = ?1", [user.as_str()]).map(drop)
}

/// Of an identifier that nobody has; `false` when they are not as seen.
pub(crate) fn set_guesses(
    connection: &Connection,
    identifier: &SecretHash,
    seen: Option<PasswordFailures>,
    set: PasswordFailures,
) -> Result<bool, Fault> {
    if failures(connection, &Guessed::Nobody(*identifier))? != seen {
        return Ok(false);
    }
    let sql = "INSERT OR REPLACE INTO password_failures (guessed, failure_count, last_failure_at) \
        VALUES (?1, ?2, ?3)";
    let values = params![bind::hash(identifier), set.count, set.last_at.millis()];
    execute(connection, sql, values).map(|_| true)
}

/// Removes what is over, of each kind at most `limit`, the longest over first. Returns how many.
pub(crate) fn forget(
    connection: &Connection,
    now: UnixMillis,
    forgotten: UnixMillis,
    limit: u32,
) -> Result<usize, Fault> {
    let mut removed = 0;
    for (sql, until) in [(FORGET_PENDING, now), (FORGET_RETURNS, now), (FORGET_FAILURES, forgotten)] {
        removed += execute(connection, sql, params![until.millis(), limit])?;
    }
    Ok(removed)
}

pub(crate) const FORGET_PENDING: &str = "DELETE FROM pending_sign_ins WHERE client IN \
    (SELECT client FROM pending_sign_ins WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(crate) const FORGET_RETURNS: &str = "DELETE FROM kept_returns WHERE client IN \
    (SELECT client FROM kept_returns WHERE until <= ?1 ORDER BY until LIMIT ?2)";
pub(crate) const FORGET_FAILURES: &str = "DELETE FROM password_failures WHERE guessed IN \
    (SELECT guessed FROM password_failures WHERE last_failure_at <= ?1 ORDER BY last_failure_at LIMIT ?2)";

pub(crate) fn kept_return(connection: &Connection, client: &ClientId) -> Result<Option<KeptReturn>, Fault> {
    let sql =
        "SELECT client, user, session, first_factor_at, until, expire_at FROM kept_returns WHERE client = ?1";
    rows::one(connection, sql, [client.as_str()], |row: &Row<'_>| {
        let mut fields = Fields::of(row, "kept_returns");
        Ok(KeptReturn {
            client: fields.parsed(ClientId::parse)?,
            user: fields.parsed(UserId::parse)?,
            session: fields.parsed(SessionId::parse)?,
            first_factor_at: fields.optional_time()?,
            until: fields.time()?,
            expire_at: fields.time()?,
        })
    })
}

pub(crate) fn keep_return(connection: &Connection, kept: &KeptReturn) -> Result<(), Fault> {
    let sql = "INSERT OR REPLACE INTO kept_returns (client, user, session, first_factor_at, until, expire_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![
        kept.client.as_str(),
        kept.user.as_str(),
        kept.session.as_str(),
        kept.first_factor_at.map(UnixMillis::millis),
        kept.until.millis(),
        kept.expire_at.millis(),
    ];
    execute(connection, sql, values).map(drop)
}

/// `false` when the client keeps no return for this session.
pub(crate) fn take_return(
    connection: &Connection,
    client: &ClientId,
    session: &SessionId,
) -> Result<bool, Fault> {
    let sql = "DELETE FROM kept_returns WHERE client = ?1 AND session = ?2";
    Ok(execute(connection, sql, params![client.as_str(), session.as_str()])? == 1)
}

pub(crate) fn drop_return(connection: &Connection, client: &ClientId) -> Result<(), Fault> {
    execute(connection, "DELETE FROM kept_returns WHERE client = ?1", [client.as_str()]).map(drop)
}

pub(crate) fn drop_returns(connection: &Connection, user: &UserId) -> Result<(), Fault> {
    execute(connection, "DELETE FROM kept_returns WHERE user = ?1", [user.as_str()]).map(drop)
}

/// Text for a user, bytes for a hash: the two never meet.
fn key(guessed: &Guessed) -> ToSqlOutput<'_> {
    match guessed {
        Guessed::User(id) => bind::text(id.as_str()),
        Guessed::Nobody(identifier) => bind::hash(identifier),
    }
}
