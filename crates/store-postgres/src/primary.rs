//! Which server this replica takes for the primary, where it is looked for first, and who may look while it is away.
//!
//! Each server that is found in the place of another begins an epoch. What was opened in an earlier one is thrown away,
//! and what it still answers is not believed: an old primary that nobody took from the network goes on answering reads.

use crate::{address::Address, connection::Connection, fault::Fault, options::Options};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// For so long after a try that failed nobody else tries; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A connection that reads is as old as this at most: each new one asks again whether the server takes writes.
const AGE_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Primary {
    pub(crate) address: Arc<Address>,
    pub(crate) options: Options,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    server: Option<String>,
    epoch: u64,
    /// Where it was found last.
    host: usize,
    /// Set while it is away.
    away: Option<Away>,
}

struct Away {
    why: String,
    pause: Duration,
    next_try: Instant,
    is_tried: bool,
}

impl Primary {
    pub(crate) fn new(address: Arc<Address>, options: Options) -> Self {
        Self { address, options, known: Mutex::default() }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.known().epoch
    }

    /// Whether the connection may still be used, and believed.
    pub(crate) fn is_current(&self, connection: &Connection) -> bool {
        connection.epoch == self.epoch()
    }

    pub(crate) fn is_fresh(&self, connection: &Connection) -> bool {
        self.is_current(connection) && !connection.is_closed() && connection.opened_at.elapsed() < AGE_MAX
    }

    /// A connection for the writer, which bounds its tries itself.
    pub(crate) async fn open(&self) -> Result<Connection, Fault> {
        let first = self.known().host;
        let opened = Connection::open(&self.address, &self.options, first).await;
        self.learn(opened)
    }

    /// A connection for one of many: while the primary is away one of them tries, and the others fail at once.
    pub(crate) async fn open_in_turn(&self) -> Result<Connection, Fault> {
        let _turn = self.turn()?;
        self.open().await
    }

    /// The server behind this connection left something without an answer: another host is tried first.
    pub(crate) fn doubt(&self, connection: &Connection) {
        let mut known = self.known();
        if connection.epoch == known.epoch && connection.host == known.host {
            known.host = (known.host + 1) % self.address.hosts.len().max(1);
        }
    }

    fn learn(&self, opened: Result<Connection, Fault>) -> Result<Connection, Fault> {
        let mut known = self.known();
        match opened {
            Ok(mut connection) => {
                if known.server.as_ref() != Some(&connection.server) {
                    if known.server.is_some() {
                        tracing::warn!("the database is another server now, or was started again");
                    }
                    known.epoch += 1;
                    known.server = Some(connection.server.clone());
                }
                connection.epoch = known.epoch;
                known.host = connection.host;
                known.away = None;
                Ok(connection)
            }
            Err(fault) => {
                let pause = known.away.as_ref().map_or(FIRST_PAUSE, |away| away.pause * 2).min(LONGEST_PAUSE);
                let next_try = Instant::now() + pause;
                known.away = Some(Away { why: fault.to_string(), pause, next_try, is_tried: false });
                Err(fault)
            }
        }
    }

    fn turn(&self) -> Result<Option<Turn<'_>>, Fault> {
        match &mut self.known().away {
            None => Ok(None),
            Some(away) if away.is_tried || Instant::now() < away.next_try => {
                Err(Fault::Away(away.why.clone()))
            }
            Some(away) => {
                away.is_tried = true;
                Ok(Some(Turn(self)))
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that tries, until it succeeded, failed, or gave up.
struct Turn<'a>(&'a Primary);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(away) = &mut self.0.known().away {
            away.is_tried = false;
        }
    }
}
