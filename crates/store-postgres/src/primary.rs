//! Which server this replica takes for the primary, where it is looked for first, and who may look while it is away.
//!
//! Each server that is found in the place of another begins an epoch. What was opened in an earlier one is thrown away,
//! and what it still answers is not believed: an old primary that nobody took from the network goes on answering reads.
//! Nor is it found again: whoever took over from it has a later timeline.

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

/// Where a server stands among those that followed each other by promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// What all of them have alike: their system identifier.
    pub(crate) origin: String,
    /// Eight hexadecimal digits; each that takes over begins a later one.
    pub(crate) timeline: String,
}

impl Lineage {
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        self.origin == other.origin && self.timeline < other.timeline
    }

    pub(crate) fn replaced() -> Fault {
        Fault::Unreachable(
            "another server took over from it and was used since; where it is the right one nevertheless, restored \
             perhaps, start Actas again"
                .into(),
        )
    }
}

#[derive(Default)]
struct Known {
    server: Option<String>,
    /// The latest that was seen.
    lineage: Option<Lineage>,
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
        let (first, seen) = {
            let known = self.known();
            (known.host, known.lineage.clone())
        };
        let opened = Connection::open_later(&self.address, &self.options, first, seen.as_ref()).await;
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
            // Its successor was found while it was opened.
            Ok(connection) if connection.precedes(known.lineage.as_ref()) => Err(Lineage::replaced()),
            Ok(mut connection) => {
                if known.server.as_ref() != Some(&connection.server) {
                    if known.server.is_some() {
                        tracing::warn!("the database is another server now, or was started again");
                    }
                    known.epoch += 1;
                    known.server = Some(connection.server.clone());
                }
                if connection.lineage.is_some() {
                    known.lineage.clone_from(&connection.lineage);
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

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::secret::SecretText;
    use actas_postgres_cluster::{Cluster, USER};

    /// It still takes sessions, and whoever took over left something without an answer.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_primary_that_was_replaced_is_not_found_again() {
        let first = Cluster::start_with(&[("wal_level", "replica"), ("max_wal_senders", "4")]);
        let second = first.start_standby("second");
        let folder = |cluster: &Cluster| cluster.socket_folder().display().to_string().replace('/', "%2F");
        let url = format!("postgresql://{USER}@{},{}/postgres", folder(&first), folder(&second));
        let options = Options::new(SecretText::new(url));
        let primary = Primary::new(Arc::new(Address::parse(&options).unwrap()), options);
        let of_first = primary.open().await.unwrap();
        second.promote();
        primary.doubt(&of_first);
        let of_second = primary.open().await.unwrap();
        assert_eq!((of_first.host, of_second.host), (0, 1));
        assert!(primary.is_current(&of_second) && !primary.is_current(&of_first));
        primary.doubt(&of_second);
        assert_eq!(primary.known().host, 0);
        let again = primary.open().await.unwrap();
        assert_eq!((again.host, again.epoch), (1, of_second.epoch));
        assert!(primary.learn(Ok(of_first)).is_err(), "an opening that ended late was believed");
    }
}
