//! `/v1/sign_in_tokens` (contract: Backend API §5).

use super::{Json, JsonBody, PathText, idempotency::Repeat, no_organization};
use crate::{app::App, authn::secret_key::Backend, error::ApiError};
use actas_api_types::sign_in_token::SignInToken as Shape;
use actas_domain::{
    refusal::{ParameterProblem, ParameterRefusal},
    secret::SecretText,
    sign_in_token::{
        SignInToken,
        create::{self, CreateSignInToken, CreatedSignInToken},
        revoke,
    },
};
use axum::extract::State;
use std::sync::Arc;

/// Unlike other bodies this one may have members that nobody knows.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    JsonBody(mut members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let user_id = members.string("user_id")?.unwrap_or_default();
    let expires_in_seconds = members.integer("expires_in_seconds")?;
    no_organization(&mut members, "org_id")?;
    if user_id.is_empty() {
        return Err(ParameterRefusal::new("user_id", ParameterProblem::Missing).into());
    }
    let request = CreateSignInToken { user_id, expires_in_seconds };
    let keep =
        repeat.keep(|created: &CreatedSignInToken| Ok(shape(&app, &created.token, Some(&created.ticket))));
    keep.show(&create::create(&app.world, &backend.context, request, &keep).await?)
}

pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|token: &SignInToken| Ok(shape(&app, token, None)));
    keep.show(&revoke::revoke(&app.world, &backend.context, &id, &keep).await?)
}

fn shape(app: &App, token: &SignInToken, ticket: Option<&SecretText>) -> Shape {
    Shape {
        object: "sign_in_token".to_owned(),
        id: token.id.to_string(),
        status: token.status.as_str().to_owned(),
        user_id: token.user.to_string(),
        token: ticket.map(|ticket| ticket.reveal().to_owned()),
        url: ticket.map(|ticket| super::ticket_url(app, ticket)),
        created_at: token.created_at.millis(),
        updated_at: token.updated_at.millis(),
    }
}
