//! `Authorization: Bearer sk_…`, before anything else is looked at.

use crate::{app::App, entry::RequestInfo, error::ApiError, version::ApiVersion};
use actas_domain::{
    caller::{Caller, Context},
    ids::SecretKeyId,
    secret_key,
};
use axum::{
    extract::{Extension, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header, request::Parts};
use std::sync::Arc;

/// A caller with a valid secret key, and the version it speaks. A handler that takes one cannot run without.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) context: Context,
    pub(crate) version: ApiVersion,
}

/// The layer around every route of the Backend API, known or not: first the key, then the version.
pub(crate) async fn require(
    State(app): State<Arc<App>>,
    Extension(info): Extension<RequestInfo>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let key = authenticate(&app, &info, request.headers()).await?;
    let query = request.uri().query().unwrap_or_default();
    let version = ApiVersion::of_request(request.headers(), query, app.http.default_api_version)?;
    let context =
        Context { caller: Caller::SecretKey(key), address: Some(info.address), trace_id: info.trace_id };
    request.extensions_mut().insert(Backend { context, version });
    Ok(next.run(request).await)
}

async fn authenticate(app: &App, info: &RequestInfo, headers: &HeaderMap) -> Result<SecretKeyId, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiError::authorization_header_format());
    };
    // What is no text is no key either, and is answered as any other that the instance does not hold.
    let text = String::from_utf8_lossy(value.as_bytes());
    let key = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim_ascii())
        .filter(|key| !key.is_empty())
        .ok_or_else(ApiError::authorization_header_format)?;
    let found = secret_key::authenticate::authenticate(&app.world, key).await?;
    #[cfg(feature = "mutations")]
    let found = actas_domain::mutation::key_seen(key, found, app.world.now());
    match found {
        Some(id) => Ok(id),
        None => Err(app.failed_authentications.count(info, ApiError::secret_key_invalid())),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Backend {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // The layer put it there; a route outside of the layer has none and must not answer.
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::authorization_header_format)
    }
}
