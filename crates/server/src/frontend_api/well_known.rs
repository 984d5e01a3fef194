//! `GET /.well-known/jwks.json`: the public keys, for any verifier anywhere.

use crate::{
    app::App,
    backend_api::{Json, instance},
    error::ApiError,
};
use actas_api_types::instance::KeySet;
use axum::extract::State;
use http::{HeaderName, header};
use std::sync::Arc;

/// Far below the hour for which a key is published before it signs, so that no cache lacks the key of a token;
/// and after an emergency's rotation caches are right again within a minute.
const CACHE_CONTROL: &str = "public, max-age=60";

pub(crate) async fn jwks(
    State(app): State<Arc<App>>,
) -> Result<([(HeaderName, &'static str); 2], Json<KeySet>), ApiError> {
    let headers = [(header::CACHE_CONTROL, CACHE_CONTROL), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Ok((headers, Json(instance::key_set(&app).await?)))
}
