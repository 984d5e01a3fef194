//! `PATCH` and `PUT /v1/users/{id}/metadata`.

use super::{Json, JsonBody, PathText};
use crate::{app::App, authn::secret_key::Backend, convert, error::ApiError, parameters::Members};
use actas_api_types::user::User as Shape;
use actas_domain::{
    refusal::ParameterRefusal,
    user::metadata::{self, UpdateMetadata},
};
use axum::extract::State;
use std::sync::Arc;

pub(crate) async fn merge(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
    JsonBody(members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let user = metadata::merge(&app.world, &backend.context, &id, parse(members)?).await?;
    Ok(Json(convert::user::for_backend(&app.world, &user)?))
}

pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
    JsonBody(members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let user = metadata::replace(&app.world, &backend.context, &id, parse(members)?).await?;
    Ok(Json(convert::user::for_backend(&app.world, &user)?))
}

/// `null` is the same as absent: the metadata stays as it is.
fn parse(mut members: Members) -> Result<UpdateMetadata, ParameterRefusal> {
    let request = UpdateMetadata {
        public_metadata: members.object("public_metadata")?,
        private_metadata: members.object("private_metadata")?,
        unsafe_metadata: members.object("unsafe_metadata")?,
    };
    members.refuse_unknown()?;
    Ok(request)
}
