//! `/v1/sessions` (contract: Backend API §7).

use super::{Json, JsonBody, PathText, Query, idempotency::Repeat, listing, no_organization};
use crate::{
    app::App, authn::secret_key::Backend, convert, error::ApiError, parameters::Pairs, version::ApiVersion,
};
use actas_api_types::{
    lists::Listing,
    session::{Session as Shape, Token},
};
use actas_domain::{
    ids::{ClientId, UserId},
    page::Listed,
    refusal::{ParameterProblem, ParameterRefusal, Refusal},
    session::{
        Session, SessionStatus, create, end,
        find::{self, SessionQuery},
        issue_token::{self, TokenRequest},
        verify,
    },
    time::UnixMillis,
};
use axum::extract::State;
use std::sync::Arc;

/// The contract's statuses; a session of Actas never has the first or the last.
const STATUSES: &[&str] =
    &["abandoned", "active", "ended", "expired", "removed", "replaced", "revoked", "pending"];

/// All sessions where neither `client_id` nor `user_id` is given: the contract only says that one should be.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    backend: Backend,
    Query(pairs): Query,
) -> Result<Json<Listing<Shape>>, ApiError> {
    let paginated = pairs.boolean("paginated")?.unwrap_or(false);
    let listed = match parse_query(&pairs, app.world.now())? {
        Some(query) => find::sessions(&app.world, &query).await?,
        None => Listed { rows: Vec::new(), total: 0 },
    };
    listing(&listed, paginated, |session| shape(session, backend.version))
}

/// Unknown members are tolerated.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    JsonBody(mut members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    let user_id = members.string("user_id")?.unwrap_or_default();
    no_organization(&mut members, "active_organization_id")?;
    let keep = repeat.keep(|session: &Session| shape(session, backend.version));
    keep.show(&create::create(&app.world, &backend.context, &user_id, &keep).await?)
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    Ok(Json(shape(&find::session(&app.world, &id).await?, backend.version)?))
}

pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    backend: Backend,
    repeat: Repeat,
    PathText(id): PathText,
) -> Result<Json<Shape>, ApiError> {
    let keep = repeat.keep(|session: &Session| shape(session, backend.version));
    keep.show(&end::revoke(&app.world, &backend.context, &id, &keep).await?)
}

/// Retired since API version 2025-04-10.
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
    JsonBody(mut members): JsonBody,
) -> Result<Json<Shape>, ApiError> {
    if !backend.version.has_session_verification() {
        return Err(ApiError::deprecated());
    }
    let token = members.string("token")?.unwrap_or_default();
    members.refuse_unknown()?;
    let session = verify::verify(&app.world, &id, &token).await?;
    Ok(Json(shape(&session, backend.version)?))
}

/// Unknown members are tolerated.
pub(crate) async fn create_token(
    State(app): State<Arc<App>>,
    backend: Backend,
    PathText(id): PathText,
    JsonBody(mut members): JsonBody,
) -> Result<Json<Token>, ApiError> {
    let request = TokenRequest {
        authorized_party: None,
        lifetime_seconds: members.integer("expires_in_seconds")?,
        version: backend.version.claims_version(),
    };
    let token = issue_token::for_backend(&app.world, &backend.context, &id, &request).await?;
    Ok(Json(Token { object: "token".to_owned(), jwt: token.reveal().to_owned() }))
}

/// Actas has no templates, so the session decides only which of the two is not found.
pub(crate) async fn create_token_by_template(
    State(app): State<Arc<App>>,
    _backend: Backend,
    PathText((id, template)): PathText<(String, String)>,
) -> Result<Json<Token>, ApiError> {
    find::session(&app.world, &id).await?;
    Err(Refusal::JwtTemplateNotFound(template.chars().take(255).collect::<String>().into()).into())
}

/// `None` when no session can match.
fn parse_query(pairs: &Pairs, now: UnixMillis) -> Result<Option<SessionQuery>, ParameterRefusal> {
    let page = pairs.page()?;
    let status = match pairs.single("status")?.filter(|text| !text.is_empty()) {
        None => Some(None),
        Some(text) if STATUSES.contains(&text) => SessionStatus::parse(text).map(Some),
        Some(_) => {
            return Err(ParameterRefusal::new("status", ParameterProblem::NotOneOf { allowed: STATUSES }));
        }
    };
    // What cannot be an id belongs to nobody.
    let client = pairs.single("client_id")?.map(ClientId::parse);
    let user = pairs.single("user_id")?.map(UserId::parse);
    let query = match (status, client, user) {
        (None, _, _) | (_, Some(None), _) | (_, _, Some(None)) => None,
        (Some(status), client, user) => {
            Some(SessionQuery { client: client.flatten(), user: user.flatten(), status, now, page })
        }
    };
    Ok(query)
}

fn shape(session: &Session, version: ApiVersion) -> Result<Shape, ApiError> {
    convert::session::session(session, version)
}
