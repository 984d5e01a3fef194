//! SQLite with the disk synchronised at each commit: a token's row and an entry of the record, so many in a
//! transaction, from one thread.

use super::ACTOR;
use crate::{
    Fallible,
    figures::{Figures, repeat},
};
use rusqlite::{Connection, TransactionBehavior, params};
use std::{path::Path, time::Duration};

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 2000;
    CREATE TABLE actor_tokens (
        id TEXT PRIMARY KEY, hash BLOB NOT NULL, user_id TEXT NOT NULL, actor TEXT NOT NULL, status TEXT NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE record (
        position INTEGER PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL, token TEXT NOT NULL
    ) STRICT;
";

pub(crate) fn measure(folder: &Path, batch: u32, duration: Duration) -> Fallible<Figures> {
    let folder = tempfile::tempdir_in(folder)?;
    let mut connection = Connection::open(folder.path().join("limit.db"))?;
    connection.execute_batch(SCHEMA)?;
    let mut number: u64 = 0;
    repeat(duration, batch, || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for _ in 0..batch {
            number += 1;
            // In no order, as ids are within a second.
            let id = format!("act_{:016x}{number:011}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            transaction
                .prepare_cached(
                    "INSERT INTO actor_tokens VALUES (?1, ?2, 'user_1', ?3, 'pending', ?4, ?4, ?4)",
                )?
                .execute(params![id, [7_u8; 32], ACTOR, 1_790_000_000_000_i64])?;
            transaction
                .prepare_cached(
                    "INSERT INTO record (at, action, token) VALUES (?1, 'actor_token.created', ?2)",
                )?
                .execute(params![1_790_000_000_000_i64, id])?;
        }
        Ok(transaction.commit()?)
    })
}
