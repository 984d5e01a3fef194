//! `POST /v1/users/{id}/ban`, `unban`, `lock` and `unlock`: each answers the user.

use super::{Json, PathText, idempotency::Repeat};
use crate::{app::App, authn::secret_key::Backend, convert, error::ApiError};
use actas_api_types::user::User as Shape;
use actas_domain::user::{User, standing};
use axum::extract::State;
use std::sync::Arc;

pub(crate) async fn ban(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|user: &User| convert::user::for_backend(&app.world, user));
    keep.show(&standing::ban(&app.world, &backend.context, &id, &keep).await?)
}

pub(crate) async fn unban(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|user: &User| convert::user::for_backend(&app.world, user));
    keep.show(&standing::unban(&app.world, &backend.context, &id, &keep).await?)
}

pub(crate) async fn lock(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|user: &User| convert::user::for_backend(&app.world, user));
    keep.show(&standing::lock(&app.world, &backend.context, &id, &keep).await?)
}

pub(crate) async fn unlock(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|user: &User| convert::user::for_backend(&app.world, user));
    keep.show(&standing::unlock(&app.world, &backend.context, &id, &keep).await?)
}
