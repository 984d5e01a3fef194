//! The Backend API: parse, ask the domain, render.

pub(crate) mod actor_tokens;
pub(crate) mod audit_entries;
pub(crate) mod clients;
pub(crate) mod idempotency;
pub(crate) mod instance;
pub(crate) mod sessions;
pub(crate) mod sign_in_tokens;
pub(crate) mod user_import;
pub(crate) mod user_metadata;
mod user_query;
pub(crate) mod user_standing;
pub(crate) mod users;

use crate::{
    entry::RequestInfo,
    error::ApiError,
    parameters::{Members, Pairs},
};
use actas_api_types::lists::{Listing, Page};
use actas_domain::{
    page::Listed,
    refusal::{ParameterProblem, ParameterRefusal},
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

/// An answer with exactly `Content-Type: application/json`: a client was seen to compare the whole value.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
                (StatusCode::OK, content_type, bytes).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                ApiError::internal().into_response()
            }
        }
    }
}

/// The members of the request's JSON body.
pub(crate) struct JsonBody(pub(crate) Members);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::body_invalid())?;
        let content_type = content_type.as_ref().and_then(|value| value.to_str().ok());
        Ok(Self(Members::of_body(content_type, &bytes)?))
    }
}

/// The pairs of the request's query.
pub(crate) struct Query(pub(crate) Pairs);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())?))
    }
}

/// The parameter of the path, or a tuple of several, percent-decoded; bytes that are no UTF-8 name nothing.
pub(crate) struct PathText<T = String>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathText<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| ApiError::not_found())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)
    }
}

/// An unknown path, or a method that a path does not have.
pub(crate) async fn not_found() -> ApiError {
    ApiError::not_found()
}

/// The layer behind the secret key's: no path has the method `HEAD`, which would else count as `GET`.
pub(crate) async fn refuse_head(request: Request, next: Next) -> Response {
    if *request.method() == Method::HEAD {
        return ApiError::not_found().into_response();
    }
    next.run(request).await
}

/// Where a ticket's holder opens it: the Frontend API's accept.
pub(crate) fn ticket_url(app: &crate::app::App, ticket: &actas_domain::secret::SecretText) -> String {
    format!("{}/v1/tickets/accept?ticket={}", app.http.public_url, ticket.reveal())
}

/// Refuses an organization: Actas has none, and to ignore one would sign in somewhere else than was asked for.
fn no_organization(members: &mut Members, name: &'static str) -> Result<(), ParameterRefusal> {
    match members.string(name)? {
        Some(id) if !id.is_empty() => {
            let why = "Actas has no organizations.";
            Err(ParameterRefusal::new(name, ParameterProblem::Unsupported { why }))
        }
        _ => Ok(()),
    }
}

/// The `limit` of a list that is followed by a cursor: an `offset` is refused, for to ignore it would answer the
/// first page for ever.
fn limit_of_cursor(pairs: &Pairs, why: &'static str) -> Result<u32, ParameterRefusal> {
    let page = pairs.page()?;
    if page.offset > 0 {
        return Err(ParameterRefusal::new("offset", ParameterProblem::Unsupported { why }));
    }
    Ok(page.limit)
}

/// A list in the shape that was asked for.
fn listing<T, S>(
    listed: &Listed<T>,
    paginated: bool,
    shape: impl Fn(&T) -> Result<S, ApiError>,
) -> Result<Json<Listing<S>>, ApiError> {
    let data = listed.rows.iter().map(shape).collect::<Result<_, _>>()?;
    Ok(Json(if paginated {
        Listing::Page(Page { data, total_count: listed.total })
    } else {
        Listing::Bare(data)
    }))
}
