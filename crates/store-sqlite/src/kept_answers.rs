//! Kept answers, by the hash of the idempotency key.

use crate::{
    bind,
    fault::Fault,
    rows::{self, Fields, execute},
};
use actas_domain::{
    idempotency::{KeptAnswer, SealedAnswer},
    secret::SecretHash,
    time::UnixMillis,
};
use rusqlite::{Connection, params};

pub(crate) fn find(connection: &Connection, key_hash: &SecretHash) -> Result<Option<KeptAnswer>, Fault> {
    let sql = "SELECT id, key_hash, sealed, expires_at FROM kept_answers WHERE key_hash = ?1";
    rows::one(connection, sql, [bind::hash(key_hash)], |row| {
        let mut fields = Fields::of(row, "kept_answers");
        fields.skip();
        Ok(KeptAnswer {
            key_hash: fields.hash()?,
            sealed: SealedAnswer(fields.bytes()?),
            expires_at: fields.time()?,
        })
    })
}

/// `false` when there is one already whose time is not over at `now`.
pub(crate) fn keep(connection: &Connection, answer: &KeptAnswer, now: UnixMillis) -> Result<bool, Fault> {
    let sql = "INSERT INTO kept_answers (key_hash, sealed, expires_at) VALUES (?1, ?2, ?3) \
        ON CONFLICT (key_hash) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at \
        WHERE expires_at <= ?4";
    let values = params![
        bind::hash(&answer.key_hash),
        bind::bytes(&answer.sealed.0),
        answer.expires_at.millis(),
        now.millis(),
    ];
    Ok(execute(connection, sql, values)? == 1)
}

pub(crate) fn count(connection: &Connection) -> Result<u64, Fault> {
    rows::number(connection, "SELECT count(*) FROM kept_answers", [])
}

/// Removes answers whose time is over at `now`, the longest over first, at most `limit`.
pub(crate) fn forget(connection: &Connection, now: UnixMillis, limit: u32) -> Result<usize, Fault> {
    execute(connection, FORGET, params![now.millis(), limit])
}

pub(crate) const FORGET: &str = "DELETE FROM kept_answers WHERE id IN \
    (SELECT id FROM kept_answers WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
