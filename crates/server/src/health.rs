//! Whether this process lives, whether it can serve, and its numbers.

use crate::{app::App, error::ApiError};
use actas_domain::world::World;
use axum::extract::State;
use http::header;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

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

/// The text format of Prometheus and OpenMetrics. A store in trouble costs the numbers that it counts, no more.
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
) -> ([(header::HeaderName, &'static str); 1], String) {
    let live = app.world.store.count_live_sessions(app.world.now()).await;
    let live = live.inspect_err(|error| tracing::warn!(%error, "the live sessions cannot be counted")).ok();
    let kept = app.world.store.count_kept_answers().await;
    let kept = kept.inspect_err(|error| tracing::warn!(%error, "the kept answers cannot be counted")).ok();
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.metrics.render(live, kept))
}
