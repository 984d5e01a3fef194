//! `/v1/clients` (contract: Backend API §7).

use super::{Json, JsonBody, PathText, Query, listing};
use crate::{app::App, authn::secret_key::Backend, convert, error::ApiError};
use actas_api_types::{
    client::{Client as Shape, HandshakePayload},
    lists::Listing,
};
use actas_domain::{
    client::find,
    refusal::{ParameterProblem, ParameterRefusal},
};
use axum::extract::State;
use std::sync::Arc;

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    backend: Backend,
    Query(pairs): Query,
) -> Result<Json<Listing<Shape>>, ApiError> {
    let paginated = pairs.boolean("paginated")?.unwrap_or(false);
    let listed = find::clients(&app.world, pairs.page()?).await?;
    listing(&listed, paginated, |view| convert::client::client(view, backend.version))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let view = find::client(&app.world, &id).await?;
    Ok(Json(convert::client::client(&view, backend.version)?))
}

/// Whose cookie is this? The `token` is a secret: no answer repeats it.
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    backend: Backend,
    JsonBody(mut members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let token = members.secret("token")?;
    members.refuse_unknown()?;
    let missing = || ParameterRefusal::new("token", ParameterProblem::Missing);
    let token = token.filter(|token| !token.reveal().is_empty()).ok_or_else(missing)?;
    match find::by_cookie(&app.world, token.reveal()).await? {
        Some(view) => Ok(Json(convert::client::client(&view, backend.version)?)),
        None => Err(ApiError::cookie_invalid()),
    }
}

/// The cookies that wait under a handshake's nonce, once (contract: Frontend API §15).
pub(crate) async fn handshake_payload(
    State(app): State<Arc<App>>,
    _: Backend,
    Query(pairs): Query,
) -> Result<Json<HandshakePayload>, ApiError> {
    let nonce = pairs.single("nonce")?.ok_or_else(|| ApiError::query_parameter_absent("nonce"))?;
    match app.handshakes.take(nonce, app.world.now()) {
        Some(directives) => Ok(Json(HandshakePayload { directives })),
        None => Err(ApiError::handshake_invalid("its nonce is unknown, was used already, or is too old")),
    }
}
