//! `POST /v1/users/{id}/ban`, `unban`, `lock` and `unlock`: each answers the user.

use super::{Json, PathText};
use crate::{app::App, authn::secret_key::Backend, convert, error::ApiError};
use actas_api_types::user::User as Shape;
use actas_domain::user::standing;
use axum::extract::State;
use std::sync::Arc;

pub(crate) async fn ban(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    Ok(Json(convert::user::for_backend(
        &app.world,
        &standing::ban(&app.world, &backend.context, &id).await?,
    )?))
}

pub(crate) async fn unban(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    Ok(Json(convert::user::for_backend(
        &app.world,
        &standing::unban(&app.world, &backend.context, &id).await?,
    )?))
}

pub(crate) async fn lock(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    Ok(Json(convert::user::for_backend(
        &app.world,
        &standing::lock(&app.world, &backend.context, &id).await?,
    )?))
}

pub(crate) async fn unlock(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    Ok(Json(convert::user::for_backend(
        &app.world,
        &standing::unlock(&app.world, &backend.context, &id).await?,
    )?))
}
