//! What Actas itself puts before a person: a page that redeems a ticket while no app is configured, and a banner for
//! any app. Both are in the binary, load nothing from elsewhere, and talk to the Frontend API like any other script.

use crate::{app::App, error::ApiError, frontend_api::cookies};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha1::{Digest as _, Sha1};
use std::{borrow::Cow, sync::Arc};

/// The page's path below the public URL.
pub(crate) const SIGN_IN_PATH: &str = "/sign-in";

/// Scripts, styles and calls of this origin alone; nothing inline, no frames around it, no forms out of it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Asked for each time, and answered 304 while nothing changed: the files belong together.
const PAGE_CACHING: &str = "no-cache";
/// Apps load the banner on every page.
const BANNER_CACHING: &str = "public, max-age=300";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /sign-in`: where a ticket's link leads while no app is configured.
///
/// # Errors
/// 404 once there is an app.
pub(crate) async fn sign_in(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let html = include_str!("static/sign-in.html");
    let mut response = page_file(&app, &headers, "text/html; charset=utf-8", html)?;
    let own = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        // The address may still hold a ticket, which no other site may learn.
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in own {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// `GET /sign-in/page.js`
pub(crate) async fn sign_in_script(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page_file(&app, &headers, JAVASCRIPT, include_str!("static/sign-in.js"))
}

/// `GET /sign-in/page.css`
pub(crate) async fn sign_in_style(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page_file(&app, &headers, "text/css; charset=utf-8", include_str!("static/sign-in.css"))
}

/// `GET /actas-banner.js`, for pages of any origin.
pub(crate) async fn banner(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let suffix = cookies::suffix(&app.http.publishable_key);
    let kind = if app.http.publishable_key.starts_with("pk_live_") { "live" } else { "test" };
    let script = include_str!("static/actas-banner.js").replacen("{cookie_suffix}", &suffix, 1).replacen(
        "{instance_kind}",
        kind,
        1,
    );
    let mut response = file(&headers, JAVASCRIPT, BANNER_CACHING, script.into());
    let own = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in own {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn page_file(
    app: &App,
    headers: &HeaderMap,
    content_type: &'static str,
    text: &'static str,
) -> Result<Response, ApiError> {
    if app.http.sign_in_url.is_some() {
        return Err(ApiError::not_found());
    }
    Ok(file(headers, content_type, PAGE_CACHING, text.into()))
}

/// The file, or 304 for a browser that has it.
fn file(
    asked: &HeaderMap,
    content_type: &'static str,
    caching: &'static str,
    text: Cow<'static, str>,
) -> Response {
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha1::digest(text.as_bytes())));
    let is_known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim_ascii().trim_start_matches("W/") == tag);
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { text.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}
