//! Whether this process lives, whether it can serve, and its numbers.

use crate::{app::App, error::ApiError};
use axum::extract::State;
use http::header;
use std::sync::Arc;

/// The process answers: 200 `ok`.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 `ready` when the store can be read and written, else 503.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    match app.world.store.check().await {
        Ok(()) => Ok("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(ApiError::unavailable())
        }
    }
}

/// The text format of Prometheus and OpenMetrics.
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
) -> Result<([(header::HeaderName, &'static str); 1], String), ApiError> {
    let live = app.world.store.count_live_sessions(app.world.now()).await.map_err(|error| {
        tracing::warn!(%error, "the live sessions cannot be counted");
        ApiError::unavailable()
    })?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], app.metrics.render(live)))
}
