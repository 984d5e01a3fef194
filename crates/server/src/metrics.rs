//! Numbers for Prometheus.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::{fmt, sync::atomic::AtomicU64};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route's pattern, never the path: an id or a ticket is no label.
    pub route: String,
    pub method: String,
    pub status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RouteLabels {
    pub route: String,
    pub method: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RefusalLabels {
    pub code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct PurgeLabels {
    pub kind: String,
}

/// What the store tells of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreNumbers {
    pub queue_depth: u64,
    /// Changes that were committed since the start, and the transactions that it took.
    pub changes: u64,
    pub commits: u64,
}

/// Asks the store for its numbers at the moment they are read.
pub type ReadStoreNumbers = Box<dyn Fn() -> StoreNumbers + Send + Sync>;

pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations_seconds: Family<RouteLabels, Histogram>,
    refusals: Family<RefusalLabels, Counter>,
    live_sessions: Gauge,
    kept_answers: Gauge,
    queue_depth: Gauge,
    commit_batch_size: Gauge<f64, AtomicU64>,
    changes: Gauge,
    commits: Gauge,
    purged_rows: Family<PurgeLabels, Counter>,
    last_purge_seconds: Gauge,
    store_numbers: ReadStoreNumbers,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub fn new(store_numbers: ReadStoreNumbers) -> Self {
        let mut registry = Registry::with_prefix("actas");
        let buckets = || Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0]);
        let metrics = Self {
            requests: Family::default(),
            durations_seconds: Family::new_with_constructor(buckets),
            refusals: Family::default(),
            live_sessions: Gauge::default(),
            kept_answers: Gauge::default(),
            queue_depth: Gauge::default(),
            commit_batch_size: Gauge::default(),
            changes: Gauge::default(),
            commits: Gauge::default(),
            purged_rows: Family::default(),
            last_purge_seconds: Gauge::default(),
            store_numbers,
            registry: Registry::default(),
        };
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from the request's head to the answer",
            metrics.durations_seconds.clone(),
        );
        registry.register("refusals", "Answers that are not a success, by code", metrics.refusals.clone());
        registry.register(
            "live_sessions",
            "Sessions that are live; -1 while the store cannot tell",
            metrics.live_sessions.clone(),
        );
        registry.register(
            "kept_answers",
            "Answers kept for requests with an idempotency key; -1 while the store cannot tell",
            metrics.kept_answers.clone(),
        );
        registry.register(
            "store_queue_depth",
            "Changes that wait to be written",
            metrics.queue_depth.clone(),
        );
        registry.register(
            "store_commit_batch_size",
            "Mean number of changes in one commit since the start",
            metrics.commit_batch_size.clone(),
        );
        registry.register("store_changes", "Changes written since the start", metrics.changes.clone());
        registry.register("store_commits", "Transactions committed since the start", metrics.commits.clone());
        registry.register(
            "purged_rows",
            "Rows that this server purged, by kind; an actor token takes its session along",
            metrics.purged_rows.clone(),
        );
        registry.register(
            "last_purge_timestamp_seconds",
            "When this server last purged to the end, in Unix time; 0 before that",
            metrics.last_purge_seconds.clone(),
        );
        Self { registry, ..metrics }
    }

    pub fn count_purged(&self, kind: &str, rows: u32) {
        self.purged_rows.get_or_create(&PurgeLabels { kind: kind.to_owned() }).inc_by(u64::from(rows));
    }

    pub fn purge_ended(&self, unix_seconds: i64) {
        self.last_purge_seconds.set(unix_seconds);
    }

    pub(crate) fn count_request(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let (route, method) = (route.to_owned(), method.to_owned());
        let labels = RouteLabels { route: route.clone(), method: method.clone() };
        self.durations_seconds.get_or_create(&labels).observe(seconds);
        self.requests.get_or_create(&RequestLabels { route, method, status }).inc();
    }

    pub(crate) fn count_refusal(&self, code: &str) {
        self.refusals.get_or_create(&RefusalLabels { code: code.to_owned() }).inc();
    }

    /// The text that Prometheus scrapes.
    pub(crate) fn render(&self, live_sessions: Option<u64>, kept_answers: Option<u64>) -> String {
        let numbers = (self.store_numbers)();
        let as_gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        // -1 while nobody knows.
        self.live_sessions.set(live_sessions.map_or(-1, as_gauge));
        self.kept_answers.set(kept_answers.map_or(-1, as_gauge));
        self.queue_depth.set(as_gauge(numbers.queue_depth));
        self.changes.set(as_gauge(numbers.changes));
        self.commits.set(as_gauge(numbers.commits));
        #[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 52 bits")]
        self.commit_batch_size.set(numbers.changes as f64 / numbers.commits.max(1) as f64);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
