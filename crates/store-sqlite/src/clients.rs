//! Clients.

use crate::{
    bind,
    fault::Fault,
    rows::{self, Fields, execute, signed},
};
use actas_domain::{
    client::Client,
    ids::ClientId,
    page::{Listed, Page},
    secret::SecretHash,
    time::UnixMillis,
};
use rusqlite::{Connection, Row, params};

macro_rules! select {
    ($tail:literal) => {
        concat!("SELECT id, cookie_hash, created_at, updated_at FROM clients ", $tail)
    };
}

pub(crate) fn find(connection: &Connection, id: &ClientId) -> Result<Option<Client>, Fault> {
    rows::one(connection, select!("WHERE id = ?1"), [id.as_str()], from_row)
}

/// Newest first.
pub(crate) fn list(connection: &Connection, page: Page) -> Result<Listed<Client>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let sql = select!("INDEXED BY clients_by_age ORDER BY created_at DESC, id DESC LIMIT ?1 OFFSET ?2");
    let rows = rows::many(&snapshot, sql, params![page.limit, signed(page.offset)], from_row)?;
    let total = rows::number(&snapshot, "SELECT count(*) FROM clients", [])?;
    Ok(Listed { rows, total })
}

/// Whether the client's cookie is the one with this hash.
pub(crate) fn holds_cookie(connection: &Connection, id: &ClientId, hash: &SecretHash) -> Result<bool, Fault> {
    Ok(find(connection, id)?.is_some_and(|client| client.cookie_hash == Some(*hash)))
}

pub(crate) fn add(connection: &Connection, client: &Client) -> Result<(), Fault> {
    let sql = "INSERT INTO clients (id, cookie_hash, created_at, updated_at) VALUES (?1, ?2, ?3, ?4)";
    let hash = client.cookie_hash.as_ref().map(|hash| hash.as_bytes().as_slice());
    let values = params![client.id.as_str(), hash, client.created_at.millis(), client.updated_at.millis()];
    execute(connection, sql, values).map(drop)
}

/// `false` when there is no such client.
pub(crate) fn rotate_cookie(
    connection: &Connection,
    id: &ClientId,
    hash: &SecretHash,
) -> Result<bool, Fault> {
    let sql = "UPDATE clients SET cookie_hash = ?2 WHERE id = ?1";
    Ok(execute(connection, sql, params![id.as_str(), bind::hash(hash)])? == 1)
}

/// The client's set of sessions changed at this time.
pub(crate) fn sessions_changed(connection: &Connection, id: &ClientId, at: UnixMillis) -> Result<(), Fault> {
    let sql = "UPDATE clients SET updated_at = ?2 WHERE id = ?1 AND updated_at < ?2";
    execute(connection, sql, params![id.as_str(), at.millis()]).map(drop)
}

fn from_row(row: &Row<'_>) -> Result<Client, Fault> {
    let mut fields = Fields::of(row, "clients");
    Ok(Client {
        id: fields.parsed(ClientId::parse)?,
        cookie_hash: fields.optional_hash()?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
    })
}
