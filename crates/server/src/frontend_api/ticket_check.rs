//! `POST /v1/tickets/check` with `ticket`: what a ticket would do, asked by Actas's own page before a person decides.
//!
//! It spends nothing; the refusal of an authentic ticket is on record. Whoever holds the ticket could redeem it, and would then see the subject
//! whole; so it tells no more than that, and the actor's name.

use super::{Fields, people, ticket_error};
use crate::{app::App, backend_api::Json, entry::RequestInfo, error::ApiError};
use actas_api_types::impersonation::TicketCheck;
use actas_domain::{
    refusal::{ParameterProblem, ParameterRefusal},
    ticket::{self, CheckedTicket},
};
use axum::extract::State;
use std::sync::Arc;

/// # Errors
/// Why the ticket is dead, as its redemption would say; a forged one counts against the caller's address.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    info: RequestInfo,
    mut fields: Fields,
) -> Result<Json<TicketCheck>, ApiError> {
    let text =
        fields.secret("ticket")?.ok_or_else(|| ParameterRefusal::new("ticket", ParameterProblem::Missing))?;
    let checked = ticket::check(&app.world, &info.context_of_holder(), text.reveal())
        .await
        .map_err(|failure| ticket_error(&app, &info, failure))?;
    let (user, expires_at, seconds) = match &checked {
        CheckedTicket::ActorToken(token) => {
            (&token.subject, token.expires_at, token.session_max_duration_seconds)
        }
        CheckedTicket::SignInToken(token) => {
            (&token.user, token.expires_at, app.world.settings.ordinary_session_seconds)
        }
    };
    let (actor, reason) = match &checked {
        CheckedTicket::ActorToken(token) => {
            (Some(people::actor(&app, &token.actor).await?), token.reason.clone())
        }
        CheckedTicket::SignInToken(_) => (None, None),
    };
    Ok(Json(TicketCheck {
        object: "ticket_check".to_owned(),
        subject: people::subject(&app, user).await?,
        actor,
        reason,
        expires_at: expires_at.millis(),
        session_max_duration_in_seconds: seconds,
        now: app.world.now().millis(),
    }))
}
