//! Numbers for Prometheus. `docs/operations.md` says what each of them means and when to wake somebody; a test holds the
//! two together.

pub use crate::store_numbers::{ReadStoreNumbers, SqliteNumbers, StoreNumbers};

use crate::store_numbers::{Found, Scraped};
use actas_domain::{retention::Purged, time::UnixMillis};
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};
use std::fmt;

/// Seconds. A signature takes a quarter of a millisecond, a durable commit a few, a wrong password half a second; what is
/// above the last waits for a database.
const REQUEST_SECONDS: [f64; 13] =
    [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 20.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    /// The route's pattern, never the path: an id or a ticket is no label.
    route: String,
    method: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DurationLabels {
    route: String,
    method: String,
    /// `2xx` and so on.
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusalLabels {
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct PurgeLabels {
    pub kind: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TicketLabels {
    /// `actor_token` or `sign_in_token`.
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SignInLabels {
    /// `ticket` or `password`.
    strategy: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

/// What this process counted since it started, and what it finds at each scrape.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations_seconds: Family<DurationLabels, Histogram>,
    refusals: Family<RefusalLabels, Counter>,
    turned_away: Counter,
    tickets_accepted: Family<TicketLabels, Counter>,
    sign_in_failures: Family<SignInLabels, Counter>,
    purged_rows: Family<PurgeLabels, Counter>,
    last_purge_seconds: Gauge,
    oldest_entry_seconds: Gauge,
    started_at: UnixMillis,
    store_numbers: ReadStoreNumbers,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub fn new(started_at: UnixMillis, store_numbers: ReadStoreNumbers) -> Self {
        let mut registry = Registry::with_prefix("actas");
        let metrics = Self {
            requests: Family::default(),
            durations_seconds: Family::new_with_constructor(|| Histogram::new(REQUEST_SECONDS)),
            refusals: Family::default(),
            turned_away: Counter::default(),
            tickets_accepted: Family::default(),
            sign_in_failures: Family::default(),
            purged_rows: Family::default(),
            last_purge_seconds: Gauge::default(),
            oldest_entry_seconds: Gauge::default(),
            started_at,
            store_numbers,
            registry: Registry::default(),
        };
        // One that is 0 can be watched from the first moment.
        for kind in ["actor_token", "sign_in_token"] {
            drop(metrics.tickets_accepted.get_or_create(&TicketLabels { kind }));
        }
        for strategy in ["ticket", "password"] {
            drop(metrics.sign_in_failures.get_or_create(&SignInLabels { strategy }));
        }
        for kind in Purged::WORDS {
            drop(metrics.purged_rows.get_or_create(&PurgeLabels { kind: kind.to_owned() }));
        }
        let build = Info::new(BuildLabels { version: env!("CARGO_PKG_VERSION") });
        registry.register("build", "The version of the program", build);
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from the request's head to the answer",
            metrics.durations_seconds.clone(),
        );
        registry.register("refusals", "Answers that are not a success, by code", metrics.refusals.clone());
        registry.register(
            "requests_turned_away",
            "Requests answered 503 because they could not be begun in time",
            metrics.turned_away.clone(),
        );
        registry.register(
            "tickets_accepted",
            "Tickets that made a session",
            metrics.tickets_accepted.clone(),
        );
        registry.register("sign_in_failures", "Sign-ins that were refused", metrics.sign_in_failures.clone());
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
        registry.register(
            "oldest_audit_entry_timestamp_seconds",
            "The time of the entry that the record begins with, as of this server's last purge; 0 before that",
            metrics.oldest_entry_seconds.clone(),
        );
        Self { registry, ..metrics }
    }

    pub fn count_purged(&self, kind: &str, rows: u32) {
        self.purged_rows.get_or_create(&PurgeLabels { kind: kind.to_owned() }).inc_by(u64::from(rows));
    }

    pub fn purge_ended(&self, unix_seconds: i64) {
        self.last_purge_seconds.set(unix_seconds);
    }

    pub fn found_oldest_entry(&self, unix_seconds: i64) {
        self.oldest_entry_seconds.set(unix_seconds);
    }

    pub(crate) fn count_request(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let (route, method) = (route.to_owned(), method.to_owned());
        let labels =
            DurationLabels { route: route.clone(), method: method.clone(), status: status_class(status) };
        self.durations_seconds.get_or_create(&labels).observe(seconds);
        self.requests.get_or_create(&RequestLabels { route, method, status }).inc();
    }

    pub(crate) fn count_refusal(&self, code: &str) {
        self.refusals.get_or_create(&RefusalLabels { code: code.to_owned() }).inc();
    }

    pub(crate) fn count_turned_away(&self) {
        self.turned_away.inc();
    }

    pub(crate) fn count_ticket_accepted(&self, is_impersonation: bool) {
        let kind = if is_impersonation { "actor_token" } else { "sign_in_token" };
        self.tickets_accepted.get_or_create(&TicketLabels { kind }).inc();
    }

    pub(crate) fn count_sign_in_failure(&self, strategy: &'static str) {
        self.sign_in_failures.get_or_create(&SignInLabels { strategy }).inc();
    }

    /// The text that Prometheus scrapes.
    pub(crate) fn render(&self, found: Found) -> String {
        let mut text = String::new();
        let mut of_store = Registry::default();
        let scraped = Scraped { numbers: (self.store_numbers)(), found, started_at: self.started_at };
        of_store.register_collector(Box::new(scraped));
        // Writing to a string cannot fail.
        let _ = encode_registry(&mut text, &self.registry);
        let _ = encode_registry(&mut text, &of_store);
        let _ = encode_eof(&mut text);
        text
    }
}

const fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
