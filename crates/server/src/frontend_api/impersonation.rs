//! `GET /v1/client/impersonation`: who acts as whom in this browser, for Actas's own page and its banner.
//!
//! Looking is no activity: a banner in an open tab keeps no session alive.

use super::people;
use crate::{app::App, authn::client_cookie::Visitor, backend_api::Json, error::ApiError};
use actas_api_types::impersonation::{CurrentImpersonation, Impersonation};
use actas_domain::{actor::Actor, actor_token, client::find, refusal::Refusal, session::Session};
use axum::extract::State;
use std::sync::Arc;

/// `null` while this browser's session is an ordinary one, and while it has none.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Json<CurrentImpersonation>, ApiError> {
    let Some(client) = &visitor.client else {
        return Ok(Json(CurrentImpersonation { impersonation: None }));
    };
    let view = match find::live_view(&app.world, client).await {
        Err(actas_domain::refusal::Failure::Refused(Refusal::SignedOut)) => {
            return Ok(Json(CurrentImpersonation { impersonation: None }));
        }
        other => other?,
    };
    let mut impersonation = None;
    for session in &view.sessions {
        if let Some(actor) = &session.actor {
            impersonation = Some(described(&app, session, actor).await?);
            break;
        }
    }
    Ok(Json(CurrentImpersonation { impersonation }))
}

async fn described(app: &App, session: &Session, actor: &Actor) -> Result<Impersonation, ApiError> {
    let reason = match &session.actor_token {
        Some(id) => actor_token::find::actor_token(&app.world, id.as_str()).await?.reason,
        None => None,
    };
    Ok(Impersonation {
        object: "impersonation".to_owned(),
        session_id: session.id.to_string(),
        subject: people::subject(app, &session.user).await?,
        actor: people::actor(app, actor).await?,
        reason,
        expire_at: session.expire_at.millis(),
        idle_end_at: session.idle_end().millis(),
        now: app.world.now().millis(),
    })
}
