//! What is known of the store at the moment of a scrape.

use actas_domain::{
    tally::{BATCH_SIZES, COMMIT_MICROS, Tallied},
    time::UnixMillis,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};
use std::fmt;

/// What a store has counted since it was opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreNumbers {
    pub queue_depth: u64,
    pub queue_length: u64,
    /// Reads that wait for their turn.
    pub read_queue_depth: u64,
    pub changes: u64,
    pub commits: u64,
    /// Transactions that came to nothing.
    pub rollbacks: u64,
    /// Commits whose answer did not come; 0 where there is no network in between.
    pub unknown_fates: u64,
    pub batch_sizes: Tallied<{ BATCH_SIZES.len() }>,
    pub commit_micros: Tallied<{ COMMIT_MICROS.len() }>,
    pub sqlite: Option<SqliteNumbers>,
}

/// What only SQLite has.
#[derive(Clone, Copy, Debug)]
pub struct SqliteNumbers {
    pub checkpoints: u64,
    pub wal_bytes: u64,
}

impl Default for StoreNumbers {
    /// Of a store in memory, which has no queue.
    fn default() -> Self {
        Self {
            queue_depth: 0,
            queue_length: 0,
            read_queue_depth: 0,
            changes: 0,
            commits: 0,
            rollbacks: 0,
            unknown_fates: 0,
            batch_sizes: Tallied::none(BATCH_SIZES),
            commit_micros: Tallied::none(COMMIT_MICROS),
            sqlite: None,
        }
    }
}

/// Asks the store for its numbers at the moment they are read.
pub type ReadStoreNumbers = Box<dyn Fn() -> StoreNumbers + Send + Sync>;

/// What a scrape found out by asking the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// It can be read and written.
    pub(crate) is_up: bool,
    /// None while nobody can tell.
    pub(crate) live_sessions: Option<u64>,
    pub(crate) kept_answers: Option<u64>,
}

/// All that is known of the store at one moment.
#[derive(Debug)]
pub(crate) struct Scraped {
    pub(crate) numbers: StoreNumbers,
    pub(crate) found: Found,
    pub(crate) started_at: UnixMillis,
}

impl Collector for Scraped {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Self { numbers, found, started_at } = self;
        let mut page = Page(encoder);
        // The name that every program has it under.
        let help = "When this process started, in Unix seconds";
        page.gauge("process_start_time_seconds", help, u64::try_from(started_at.seconds()).unwrap_or(0))?;
        page.gauge("actas_store_up", "1 when the store can be read and written now", u64::from(found.is_up))?;
        if let Some(live) = found.live_sessions {
            page.gauge("actas_live_sessions", "Sessions that are live", live)?;
        }
        if let Some(kept) = found.kept_answers {
            page.gauge("actas_kept_answers", "Answers kept for requests with an idempotency key", kept)?;
        }
        page.gauge("actas_store_queue_depth", "Changes that wait to be written", numbers.queue_depth)?;
        page.gauge(
            "actas_store_queue_length",
            "Changes that may wait; one more is answered 503",
            numbers.queue_length,
        )?;
        page.gauge(
            "actas_store_read_queue_depth",
            "Reads that wait for their turn",
            numbers.read_queue_depth,
        )?;
        page.counter(
            "actas_store_changes",
            "Changes carried out or refused in committed transactions",
            numbers.changes,
        )?;
        page.counter("actas_store_commits", "Transactions committed", numbers.commits)?;
        page.counter(
            "actas_store_rollbacks",
            "Transactions that came to nothing, and were tried again or given up",
            numbers.rollbacks,
        )?;
        page.counter(
            "actas_store_unknown_fates",
            "Commits whose answer did not come, and that were looked up",
            numbers.unknown_fates,
        )?;
        let batches = &numbers.batch_sizes;
        page.histogram("actas_store_batch_size", "Changes in one transaction", batches, 1.0)?;
        page.histogram(
            "actas_store_commit_duration_seconds",
            "Time of one change from before the queue to its outcome",
            &numbers.commit_micros,
            1e6,
        )?;
        let Some(sqlite) = numbers.sqlite else { return Ok(()) };
        let help = "Times that SQLite's log was copied into the database";
        page.counter("actas_store_checkpoints", help, sqlite.checkpoints)?;
        page.gauge("actas_store_wal_bytes", "Size of SQLite's log", sqlite.wal_bytes)
    }
}

struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, number: u64) -> Result<(), fmt::Error> {
        let gauge = ConstGauge::new(number);
        gauge.encode(self.0.encode_descriptor(name, help, None, gauge.metric_type())?)
    }

    fn counter(&mut self, name: &str, help: &str, number: u64) -> Result<(), fmt::Error> {
        let counter = ConstCounter::new(number);
        counter.encode(self.0.encode_descriptor(name, help, None, counter.metric_type())?)
    }

    /// So many of the numbers' unit are one of the name's.
    #[expect(clippy::cast_precision_loss, reason = "bounds and sums are far below 52 bits")]
    fn histogram<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        tallied: &Tallied<N>,
        per: f64,
    ) -> Result<(), fmt::Error> {
        let bounded = tallied.bounds.iter().map(|bound| *bound as f64 / per).zip(tallied.counts);
        let buckets: Vec<(f64, u64)> = bounded.chain([(f64::INFINITY, tallied.above)]).collect();
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        let (sum, count) = (tallied.sum as f64 / per, tallied.total());
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }
}
