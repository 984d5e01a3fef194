//! Whether this process lives, whether it can serve, and its numbers.

use crate::{app::App, error::ApiError, store_numbers::Found};
use actas_domain::{ports::StoreError, world::World};
use axum::extract::State;
use http::header;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::Mutex,
    time::{error::Elapsed, timeout},
};

/// The process answers: 200 `ok`.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 `ready` when the store can be read and written, else 503.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    if app.readiness.is_ready(&app.world).await { Ok("ready\n") } else { Err(ApiError::unavailable()) }
}

/// The newest answer of the store. Whether it can be written is found out by writing, and anybody may ask: so it is
/// asked once at a time, and at most once a second.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    const FRESH: Duration = Duration::from_secs(1);

    async fn is_ready(&self, world: &World) -> bool {
        let mut newest = self.0.lock().await;
        if let Some((asked, ready)) = *newest
            && asked.elapsed() < Self::FRESH
        {
            return ready;
        }
        let answer = world.store.check().await;
        if let Err(error) = &answer {
            tracing::warn!(%error, "not ready");
        }
        *newest = Some((Instant::now(), answer.is_ok()));
        answer.is_ok()
    }
}

/// How long a scrape waits for the store. Prometheus waits for ten seconds; a store that is away must not cost the numbers
/// that tell of it.
const SCRAPE_PATIENCE: Duration = Duration::from_secs(3);

/// The text format of Prometheus and OpenMetrics. A store in trouble costs the numbers that it counts, no more.
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
) -> ([(header::HeaderName, &'static str); 1], String) {
    let found = Found {
        is_up: timeout(SCRAPE_PATIENCE, app.readiness.is_ready(&app.world)).await.unwrap_or_else(|_| {
            tracing::warn!("the store did not answer a scrape in time");
            false
        }),
        live_sessions: None,
        kept_answers: None,
    };
    let found = if found.is_up { counted(&app.world, found).await } else { found };
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.metrics.render(found))
}

async fn counted(world: &World, found: Found) -> Found {
    let live = timeout(SCRAPE_PATIENCE, world.store.count_live_sessions(world.now()));
    let kept = timeout(SCRAPE_PATIENCE, world.store.count_kept_answers());
    let (live, kept) = tokio::join!(live, kept);
    Found { live_sessions: known(live, "live sessions"), kept_answers: known(kept, "kept answers"), ..found }
}

fn known(counted: Result<Result<u64, StoreError>, Elapsed>, what: &str) -> Option<u64> {
    match counted {
        Ok(Ok(number)) => return Some(number),
        Ok(Err(error)) => tracing::warn!(%error, "the {what} cannot be counted"),
        Err(_) => tracing::warn!("the {what} could not be counted in time"),
    }
    None
}
