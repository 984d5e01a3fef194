//! The store for several replicas: PostgreSQL.
//!
//! Each replica has one task that writes and shares each transaction among all changes that wait ([`commit`],
//! [`batch`]); a few connections read. No replica keeps anything of its own.

mod actor_tokens;
mod address;
mod archive;
mod attempt;
mod audit;
mod batch;
mod bind;
mod clients;
mod commit;
mod conditions;
mod connection;
mod fate;
mod fault;
mod guards;
mod kept_answers;
mod keys;
mod leases;
mod metrics;
mod migration;
mod open_error;
mod options;
#[cfg(test)]
mod plans;
mod primary;
mod pulse;
mod reads;
mod retention;
mod rows;
mod schema;
mod sessions;
mod shape;
mod sign_in_tokens;
mod sign_ins;
mod state;
mod statements;
mod store;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod user_query;
mod user_rows;
mod users;
mod work;
mod writers;
mod writes;

pub use archive::PostgresArchive;
pub use metrics::Metrics;
pub use open_error::OpenError;
pub use options::Options;
pub use schema::SUPPORTED_VERSION;

use crate::{
    address::Address,
    batch::{Batches, Time},
    bind::Query,
    commit::Writer,
    connection::Connection,
    fault::Fault,
    metrics::Counters,
    primary::Primary,
    pulse::Pulse,
    reads::Readers,
    rows::Fields,
};
use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

/// A database that is open.
pub struct PostgresStore {
    lookups: Readers,
    /// Apart, so that a long list never delays the look-up of a key or a session.
    lists: Readers,
    writer: Writer,
    pulse: Pulse,
    counters: Arc<Counters>,
    primary: Arc<Primary>,
}

impl PostgresStore {
    /// Connects to the database and brings its schema up to date. Its own clock is the time at which commits see guards
    /// and ends.
    ///
    /// # Errors
    /// [`OpenError`], each with a line that names the hosts and the next step.
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        Self::open_with(options, Time::Database).await
    }

    /// The same with another clock, for a test that moves it.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    #[cfg(feature = "testing")]
    pub async fn open_with_clock(
        options: &Options,
        clock: Arc<dyn actas_domain::ports::Clock>,
    ) -> Result<Self, OpenError> {
        Self::open_with(options, Time::Given(clock)).await
    }

    /// Carries out what waits and closes the connections; later calls are answered `Unavailable`.
    pub async fn close(&self) {
        self.lookups.close();
        self.lists.close();
        self.pulse.close();
        self.writer.close().await;
    }

    pub fn metrics(&self) -> Metrics {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let counters = &self.counters;
        Metrics {
            queue_depth: count(self.writer.queue_depth()),
            queue_length: count(self.writer.queue_length()),
            read_queue_depth: count(self.lookups.queue_depth() + self.lists.queue_depth()),
            commits_total: counters.commits.load(Ordering::Relaxed),
            rollbacks_total: counters.rollbacks.load(Ordering::Relaxed),
            changes_total: counters.changes.load(Ordering::Relaxed),
            last_batch_size: counters.last_batch_size.load(Ordering::Relaxed),
            batch_sizes: counters.batch_sizes.read(),
            commit_micros: counters.commit_micros.read(),
            unknown_fates_total: counters.unknown_fates.load(Ordering::Relaxed),
        }
    }

    async fn open_with(options: &Options, time: Time) -> Result<Self, OpenError> {
        let address = Arc::new(Address::parse(options)?);
        let failed = |fault: Fault| OpenError::from_fault(&address, &fault);
        let primary = Arc::new(Primary::new(Arc::clone(&address), options.clone()));
        let mut connection = primary.open().await.map_err(failed)?;
        schema::migrate(&mut connection, &address).await?;
        writers::lightly(&mut connection, schema::forget_writers()).await.map_err(failed)?;
        warn_of_lost_syncs(&mut connection).await.map_err(failed)?;
        let counters = Arc::new(Counters::default());
        let id = writer_id(&mut connection).await.map_err(failed)?;
        writers::sign(&mut connection, &id).await.map_err(failed)?;
        let pulse = Pulse::start(Arc::clone(&primary), writers::confirming(&id));
        let batches = Batches::new(Arc::clone(&primary), time, id, connection, Arc::clone(&counters));
        let writer = Writer::start(batches, options);
        let for_lists = (options.read_connections / 2).max(1);
        let for_lookups = options.read_connections.saturating_sub(for_lists).max(1);
        let for_reads = Arc::clone(&primary);
        #[cfg(feature = "mutations")]
        let for_reads = match address.of_readers() {
            Some(address) => Arc::new(Primary::new(Arc::new(address), options.clone())),
            None => for_reads,
        };
        let readers = |connections| Readers::new(Arc::clone(&for_reads), connections);
        let (lookups, lists) = (readers(for_lookups), readers(for_lists));
        Ok(Self { lookups, lists, writer, pulse, counters, primary })
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresStore")
            .field("address", &self.primary.address)
            .finish_non_exhaustive()
    }
}

/// A server that does not wait for its disk is the operator's choice, and one that they should know of.
async fn warn_of_lost_syncs(connection: &mut Connection) -> Result<(), Fault> {
    let sql = "SELECT name::text, setting::text FROM pg_settings \
        WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";
    for row in connection.run(Query::plain(sql)).await? {
        let name = Fields::of(&row, "pg_settings").text()?;
        tracing::warn!(
            "the database's {name} is off: a loss of power there loses what was answered; set it to on"
        );
    }
    Ok(())
}

/// Of this store while it is open; nobody else's.
async fn writer_id(connection: &mut Connection) -> Result<String, Fault> {
    let made = connection.run(Query::plain("SELECT gen_random_uuid()::text")).await?;
    let unreadable = || Fault::Unreadable("gen_random_uuid: there is no row".into());
    rows::one(&made, |row| Fields::of(row, "gen_random_uuid").text())?.ok_or_else(unreadable)
}
