//! Sign-in tokens.

use crate::{
    bind::{self, Columns},
    fault::Fault,
    rows::{self, Fields, execute},
};
use actas_domain::{
    audit::Cause,
    ids::{SessionId, SignInTokenId, UserId},
    sign_in_token::{SignInToken, SignInTokenStatus},
};
use rusqlite::{Connection, Row, params_from_iter};

macro_rules! columns {
    () => {
        "status, user, ticket_hash, created_at, updated_at, expires_at, session, revoked_because"
    };
}

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, ", columns!(), " FROM sign_in_tokens ", $tail)
    };
}

pub(crate) fn find(connection: &Connection, id: &SignInTokenId) -> Result<Option<SignInToken>, Fault> {
    rows::one(connection, select!("WHERE id = ?1"), [id.as_str()], from_row)
}

/// In the order of their ids.
pub(crate) fn pending_of_user(connection: &Connection, user: &UserId) -> Result<Vec<SignInToken>, Fault> {
    let sql = select!("WHERE user = ?1 AND status = 'pending' ORDER BY id");
    rows::many(connection, sql, [user.as_str()], from_row)
}

pub(crate) fn add(connection: &Connection, token: &SignInToken) -> Result<(), Fault> {
    let sql = concat!(
        "INSERT INTO sign_in_tokens (id, ",
        columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    );
    execute(connection, sql, params_from_iter(row(token))).map(drop)
}

/// Replaces the token if its status is `from`; `false` if not.
pub(crate) fn replace(
    connection: &Connection,
    token: &SignInToken,
    from: SignInTokenStatus,
) -> Result<bool, Fault> {
    let sql = concat!(
        "UPDATE sign_in_tokens SET (",
        columns!(),
        ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) WHERE id = ?1 AND status = ?10"
    );
    let values = row(token).into_iter().chain([bind::text(from.as_str())]);
    Ok(execute(connection, sql, params_from_iter(values))? == 1)
}

fn row(token: &SignInToken) -> Columns<'_, 9> {
    [
        bind::text(token.id.as_str()),
        bind::text(token.status.as_str()),
        bind::text(token.user.as_str()),
        bind::hash(&token.ticket_hash),
        bind::time(token.created_at),
        bind::time(token.updated_at),
        bind::time(token.expires_at),
        bind::optional_text(token.session.as_ref().map(SessionId::as_str)),
        bind::optional_text(token.revoked_because.map(Cause::as_str)),
    ]
}

fn from_row(row: &Row<'_>) -> Result<SignInToken, Fault> {
    let mut fields = Fields::of(row, "sign_in_tokens");
    Ok(SignInToken {
        id: fields.parsed(SignInTokenId::parse)?,
        status: fields.parsed(SignInTokenStatus::parse)?,
        user: fields.parsed(UserId::parse)?,
        ticket_hash: fields.hash()?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
        expires_at: fields.time()?,
        session: fields.optional_parsed(SessionId::parse)?,
        revoked_because: fields.optional_parsed(Cause::parse)?,
    })
}
