//! `/v1/client/sessions`: the life of the client's own sessions.
//!
//! A dead session, somebody else's and none are answered alike: 401, upon which browsers' SDKs look what is left.

use super::{
    cookies,
    shown::{self, Shown},
    sign_ins,
};
use crate::{
    app::App,
    authn::client_cookie::Visitor,
    backend_api::{Json, PathText, Query},
    error::ApiError,
};
use actas_api_types::{
    frontend::{Client, Enveloped, Session},
    session::Token,
};
use actas_domain::{
    actor_token::accept::Redeemed,
    client::sign_out as domain_sign_out,
    refusal::{Refusal, shown_id},
    session::{
        SessionStatus, end,
        issue_token::{self, Renewal},
        touch as domain_touch,
    },
};
use axum::extract::State;
use http::HeaderMap;
use std::sync::Arc;

type Answer<T> = Result<(HeaderMap, Json<Enveloped<T>>), ApiError>;

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText(id): PathText,
) -> Answer<Session> {
    let shown = Shown::now(&app, visitor.client()?, visitor.authorized_party.as_deref()).await?;
    let session = shown.session(&id)?;
    Ok((HeaderMap::new(), shown::enveloped(&shown, session)?))
}

/// Activity. The body's `intent` and `active_organization_id` are not looked at: Actas has no organizations.
pub(crate) async fn touch(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText(id): PathText,
    headers: HeaderMap,
) -> Answer<Session> {
    let client = visitor.client()?;
    domain_touch::touch(&app.world, &visitor.context, client, &id).await?;
    let shown = Shown::now(&app, client, visitor.authorized_party.as_deref()).await?;
    let session = shown.session(&id)?;
    let mut answer_headers = HeaderMap::new();
    if visitor.keeps_cookies() {
        cookies::correct_client_uat(&app, &headers, &mut answer_headers, shown.client_uat());
    }
    Ok((answer_headers, shown::enveloped(&shown, session)?))
}

/// A new session token, which is activity too. The answer is bare, without an envelope.
pub(crate) async fn create_token(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText(id): PathText,
    Query(pairs): Query,
) -> Result<Json<Token>, ApiError> {
    let is_forced = pairs.first("debug") == Some("skip_cache");
    let renewal = if is_forced { Renewal::Forced } else { Renewal::Due };
    let request = shown::token_request(visitor.authorized_party.as_deref());
    let (context, client) = (&visitor.context, visitor.client()?);
    let jwt = issue_token::for_client(&app.world, context, client, &id, renewal, &request).await?;
    Ok(Json(shown::token(&jwt)))
}

/// Actas has no JWT templates: 404 for a session that is live.
pub(crate) async fn create_token_by_template(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText((id, template_name)): PathText<(String, String)>,
) -> Result<Json<Token>, ApiError> {
    Shown::now(&app, visitor.client()?, None).await?.session(&id)?;
    Err(Refusal::JwtTemplateNotFound(shown_id(&template_name)).into())
}

pub(crate) async fn end(app: State<Arc<App>>, visitor: Visitor, id: PathText) -> Answer<Session> {
    end_as(app, visitor, id, SessionStatus::Ended).await
}

pub(crate) async fn remove(app: State<Arc<App>>, visitor: Visitor, id: PathText) -> Answer<Session> {
    end_as(app, visitor, id, SessionStatus::Removed).await
}

/// Signs out of everything, or back to the actor's own session. The client stays.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, visitor: Visitor) -> Answer<Client> {
    let client = visitor.client()?;
    let presented = visitor.presented().ok_or(Refusal::SignedOut)?;
    let returned = domain_sign_out::sign_out_or_return(&app.world, &visitor.context, presented).await?;
    let shown = Shown::now(&app, client, visitor.authorized_party.as_deref()).await?;
    let headers = changed(&app, &visitor, &shown, returned.as_ref())?;
    Ok((headers, shown::enveloped(&shown, shown.client()?)?))
}

async fn end_as(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText(id): PathText,
    status: SessionStatus,
) -> Answer<Session> {
    let client = visitor.client()?;
    let presented = visitor.presented().ok_or(Refusal::SignedOut)?;
    let stopped = end::end_own(&app.world, &visitor.context, presented, &id, status).await?;
    let shown = Shown::now(&app, client, visitor.authorized_party.as_deref()).await?;
    let session = shown::ended_session(&app, &stopped.session).await?;
    let headers = changed(&app, &visitor, &shown, stopped.returned.as_ref())?;
    Ok((headers, shown::enveloped(&shown, session)?))
}

/// What a client is told when its set of sessions has changed, with its new secret where its actor came back.
fn changed(
    app: &App,
    visitor: &Visitor,
    shown: &Shown,
    returned: Option<&Redeemed>,
) -> Result<HeaderMap, ApiError> {
    if let Some(returned) = returned {
        return sign_ins::credentials(app, visitor, returned);
    }
    let mut headers = HeaderMap::new();
    if visitor.keeps_cookies() {
        cookies::set_client_uat(app, &mut headers, shown.client_uat());
    }
    Ok(headers)
}
