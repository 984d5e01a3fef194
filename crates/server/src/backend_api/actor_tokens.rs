//! `/v1/actor_tokens` (contract: Backend API §4). Get and list are of Actas alone and never show a ticket.

use super::{Json, JsonBody, PathText, Query, idempotency::Repeat, limit_of_cursor};
use crate::{app::App, authn::secret_key::Backend, convert::raw_json, error::ApiError, parameters::Pairs};
use actas_api_types::actor_token::{ActorToken as Shape, ActorTokenDetails, ActorTokenPage};
use actas_domain::{
    actor::Actor,
    actor_token::{
        ActorToken, ActorTokenStatus,
        create::{self, CreateActorToken, CreatedActorToken},
        find::{self, ActorTokenQuery},
        revoke,
    },
    ids::{ActorTokenId, UserId},
    refusal::{JsonType, ParameterProblem, ParameterRefusal},
    secret::SecretText,
};
use axum::extract::State;
use std::sync::Arc;

/// The members of a creation that may be absent, but not `null`.
const NEVER_NULL: &[(&str, JsonType)] =
    &[("expires_in_seconds", JsonType::Integer), ("session_max_duration_in_seconds", JsonType::Integer)];

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    JsonBody(mut members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    members.refuse_null(NEVER_NULL)?;
    let user_id = members.string("user_id")?;
    let actor = match members.raw("actor").filter(|raw| raw.get() != "null") {
        Some(raw) => Some(Actor::parse(raw.get(), app.world.settings.allow_actor_chains)?),
        None => None,
    };
    let reason = members.string("reason")?;
    let expires_in_seconds = members.integer("expires_in_seconds")?;
    let session_max_duration_in_seconds = members.integer("session_max_duration_in_seconds")?;
    members.refuse_unknown()?;
    let missing = |name| ParameterRefusal::new(name, ParameterProblem::Missing);
    let request = CreateActorToken {
        user_id: user_id.filter(|id| !id.is_empty()).ok_or_else(|| missing("user_id"))?,
        actor: actor.ok_or_else(|| missing("actor"))?,
        reason,
        expires_in_seconds,
        session_max_duration_in_seconds,
    };
    let keep = repeat.keep(|created: &CreatedActorToken| shape(&app, &created.token, Some(&created.ticket)));
    keep.show(&create::create(&app.world, &backend.context, request, &keep).await?)
}

pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|token: &ActorToken| shape(&app, token, None));
    keep.show(&revoke::revoke(&app.world, &backend.context, &id, &keep).await?)
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    _backend: Backend,
    PathText(id): PathText,
) -> Result<Json<ActorTokenDetails>, ApiError> {
    Ok(Json(details(&find::actor_token(&app.world, &id).await?)?))
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _backend: Backend,
    Query(pairs): Query,
) -> Result<Json<ActorTokenPage>, ApiError> {
    let mut query = parse_query(&pairs)?;
    let limit = query.limit;
    // One more than asked for tells whether there are more.
    query.limit += 1;
    let tokens = find::actor_tokens(&app.world, &query).await?;
    let has_more = tokens.len() > limit as usize;
    let data = tokens.iter().take(limit as usize).map(details).collect::<Result<_, _>>()?;
    Ok(Json(ActorTokenPage { data, has_more }))
}

fn parse_query(pairs: &Pairs) -> Result<ActorTokenQuery, ParameterRefusal> {
    let invalid = |name| ParameterRefusal::new(name, ParameterProblem::Invalid);
    let status = match pairs.single("status")? {
        None => None,
        Some(text) => Some(ActorTokenStatus::parse(text).ok_or_else(|| {
            let allowed = &["pending", "accepted", "revoked"];
            ParameterRefusal::new("status", ParameterProblem::NotOneOf { allowed })
        })?),
    };
    let subject = pairs.single("user_id")?.map(|text| UserId::parse(text).ok_or_else(|| invalid("user_id")));
    let cursor = pairs
        .single("starting_after")?
        .map(|text| ActorTokenId::parse(text).ok_or_else(|| invalid("starting_after")));
    Ok(ActorTokenQuery {
        status,
        subject: subject.transpose()?,
        actor_sub: pairs.single("actor_sub")?.map(str::to_owned),
        created_at_or_after: pairs.time("created_after")?,
        created_before: pairs.time("created_before")?,
        starting_after: cursor.transpose()?,
        limit: limit_of_cursor(pairs, "Follow the list with starting_after.")?,
    })
}

fn details(token: &ActorToken) -> Result<ActorTokenDetails, ApiError> {
    Ok(ActorTokenDetails {
        object: "actor_token".to_owned(),
        id: token.id.to_string(),
        status: token.status.as_str().to_owned(),
        user_id: token.subject.to_string(),
        actor: raw_json(token.actor.as_json())?,
        created_at: token.created_at.millis(),
        updated_at: token.updated_at.millis(),
        reason: token.reason.clone(),
        expires_at: token.expires_at.millis(),
        session_max_duration_in_seconds: token.session_max_duration_seconds,
        session_id: token.session.as_ref().map(ToString::to_string),
        revoked_because: token.revoked_because.map(|cause| cause.as_str().to_owned()),
    })
}

fn shape(app: &App, token: &ActorToken, ticket: Option<&SecretText>) -> Result<Shape, ApiError> {
    Ok(Shape {
        object: "actor_token".to_owned(),
        id: token.id.to_string(),
        status: token.status.as_str().to_owned(),
        user_id: token.subject.to_string(),
        actor: raw_json(token.actor.as_json())?,
        token: ticket.map(|ticket| ticket.reveal().to_owned()),
        url: ticket.map(|ticket| super::ticket_url(app, ticket)),
        created_at: token.created_at.millis(),
        updated_at: token.updated_at.millis(),
    })
}
