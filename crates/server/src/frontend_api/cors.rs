//! Cross-origin rules (contract: Frontend API §5): on every answer, errors included.

use crate::{
    app::{App, HttpSettings},
    error::ApiError,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;

/// The layer around every route of the Frontend API that a script calls.
///
/// A request without `Origin` passes: no browser's script sends one across origins. An origin that is not allowed
/// is refused before anything happens, and learns nothing.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let origin = match allowed_origin(&app, request.headers()) {
        Ok(origin) => origin,
        Err(refusal) => return vary(refusal.into_response()),
    };
    let response = if *request.method() == Method::OPTIONS {
        preflight(request.headers())
    } else {
        next.run(request).await
    };
    match origin {
        Some(origin) => let_read(response, origin),
        None => vary(response),
    }
}

/// Whether a script calls this path, so that [`answer`] is around it.
pub(crate) fn covers(path: &str) -> bool {
    match path {
        // A navigation: no script follows it, and none may read where it leads.
        "/v1/client/handshake" => false,
        "/v1/client" | "/v1/environment" | "/v1/dev_browser" => true,
        _ => path.starts_with("/v1/client/"),
    }
}

/// The request's origin, where it has one.
///
/// # Errors
/// 400 when it has several, or one that is not allowed.
pub(crate) fn allowed_origin(app: &App, headers: &HeaderMap) -> Result<Option<HeaderValue>, ApiError> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(ApiError::repeated_origin_header()),
        (Some(origin), None) if origin.to_str().is_ok_and(|origin| is_allowed(app, origin)) => {
            Ok(Some(origin.clone()))
        }
        (Some(_), None) => Err(ApiError::origin_invalid()),
    }
}

/// Lets an allowed origin's scripts read the answer, whose headers are left alone where it is let already.
pub(crate) fn let_read(mut response: Response, origin: HeaderValue) -> Response {
    let headers = response.headers_mut();
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return response;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Authorization, Clerk-Db-Jwt, Retry-After, X-Clerk-Trace-Id"),
    );
    vary(response)
}

/// The instance's own origin, the sign-in page's, and those that are configured.
pub(crate) fn allowed_origins(http: &HttpSettings) -> Vec<String> {
    let pages = [Some(&http.public_url), http.sign_in_url.as_ref()];
    let of_pages = pages.into_iter().flatten().filter_map(|url| origin_of(url));
    of_pages.chain(http.allowed_origins.iter().cloned()).collect()
}

pub(crate) fn is_allowed(app: &App, origin: &str) -> bool {
    app.allowed_origins.iter().any(|allowed| allowed == origin)
}

/// `https://app.example.com:8443` of an absolute http or https URL.
pub(crate) fn origin_of(url: &str) -> Option<String> {
    let origin = url::Url::parse(url).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn vary(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
    );
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
