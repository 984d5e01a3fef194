//! One writer thread: whatever waits shares a transaction, and is answered when that is on disk.

use crate::Fallible;
use hyper::StatusCode;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};
use tokio::sync::oneshot;

/// What may wait, and what shares a transaction at most.
const QUEUE_LENGTH: usize = 4_096;
const BATCH_MAX: usize = 512;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 2000;
    CREATE TABLE actor_tokens (
        id TEXT PRIMARY KEY, hash BLOB NOT NULL, user_id TEXT NOT NULL, actor TEXT NOT NULL, status TEXT NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY, user_id TEXT NOT NULL, status TEXT NOT NULL, created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE record (
        position INTEGER PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL, token TEXT NOT NULL
    ) STRICT;
";

pub(crate) struct NewToken {
    pub(crate) id: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) user_id: String,
    pub(crate) actor: String,
    pub(crate) now: i64,
    pub(crate) expires_at: i64,
}

pub(crate) struct Accepted {
    pub(crate) id: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) session: String,
    pub(crate) now: i64,
}

/// Each with the way back: nothing, or whose the session is, if the ticket was good.
pub(crate) enum Work {
    Create(NewToken, oneshot::Sender<()>),
    Accept(Accepted, oneshot::Sender<Option<String>>),
}

/// The way to the thread.
pub(crate) struct Writer(SyncSender<Work>);

impl Writer {
    pub(crate) fn start(folder: &Path) -> Fallible<Self> {
        std::fs::create_dir_all(folder)?;
        let connection = Connection::open(folder.join("prototype.db"))?;
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(32);
        let (sender, receiver) = sync_channel(QUEUE_LENGTH);
        std::thread::spawn(move || {
            // What cannot be written ends the process: its figures would be worth nothing.
            if write_all(connection, &receiver).is_err() {
                std::process::exit(1);
            }
        });
        Ok(Self(sender))
    }

    pub(crate) fn push(&self, work: Work) -> Result<(), StatusCode> {
        self.0.try_send(work).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// What is answered when the transaction has ended.
enum Done {
    Created(oneshot::Sender<()>),
    Accepted(oneshot::Sender<Option<String>>, Option<String>),
}

fn write_all(mut connection: Connection, queue: &Receiver<Work>) -> rusqlite::Result<()> {
    let mut done = Vec::with_capacity(BATCH_MAX);
    while let Ok(first) = queue.recv() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        done.push(write(&transaction, first)?);
        while done.len() < BATCH_MAX
            && let Ok(next) = queue.try_recv()
        {
            done.push(write(&transaction, next)?);
        }
        transaction.commit()?;
        for one in done.drain(..) {
            // Whoever asked may have gone away.
            match one {
                Done::Created(answer) => drop(answer.send(())),
                Done::Accepted(answer, user) => drop(answer.send(user)),
            }
        }
    }
    Ok(())
}

fn write(connection: &Connection, work: Work) -> rusqlite::Result<Done> {
    match work {
        Work::Create(token, answer) => {
            connection
                .prepare_cached("INSERT INTO actor_tokens VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?5, ?6)")?
                .execute(params![
                    token.id,
                    token.hash,
                    token.user_id,
                    token.actor,
                    token.now,
                    token.expires_at
                ])?;
            record(connection, token.now, "actor_token.created", &token.id)?;
            Ok(Done::Created(answer))
        }
        Work::Accept(accepted, answer) => {
            let user = accept(connection, &accepted)?;
            Ok(Done::Accepted(answer, user))
        }
    }
}

fn accept(connection: &Connection, accepted: &Accepted) -> rusqlite::Result<Option<String>> {
    let user: Option<String> = connection
        .prepare_cached(
            "UPDATE actor_tokens SET status = 'accepted', updated_at = ?3
             WHERE id = ?1 AND hash = ?2 AND status = 'pending' AND expires_at > ?3 RETURNING user_id",
        )?
        .query_row(params![accepted.id, accepted.hash, accepted.now], |row| row.get(0))
        .optional()?;
    if let Some(user) = &user {
        connection.prepare_cached("INSERT INTO sessions VALUES (?1, ?2, 'active', ?3)")?.execute(params![
            accepted.session,
            user,
            accepted.now
        ])?;
        record(connection, accepted.now, "actor_token.accepted", &accepted.id)?;
    }
    Ok(user)
}

fn record(connection: &Connection, at: i64, action: &str, token: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO record (at, action, token) VALUES (?1, ?2, ?3)")?
        .execute(params![at, action, token])?;
    Ok(())
}
