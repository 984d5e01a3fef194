//! An app that passes the Frontend API on below its own host, `/__clerk` (contract: Frontend API §16).
//!
//! It says where it is and for whom it asks, and proves itself by a secret key. Without a right one nothing of that is
//! believed: anybody can write headers.

use crate::{
    app::App,
    entry::{Believed, RequestInfo},
    error::ApiError,
    forwarded,
};
use actas_domain::secret_key;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderMap;
use std::sync::Arc;

/// Where the app passes the Frontend API on, as it says under a right secret key.
#[derive(Clone, Debug)]
pub(crate) struct ProxyUrl(pub(crate) String);

/// The layer around every route of the Frontend API. A request that names no secret key is the browser's own.
///
/// # Errors
/// 401 for a wrong key, which counts against the address it came from.
pub(crate) async fn believe(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let mut believed = None;
    let mut keys = request.headers().get_all("clerk-secret-key").iter();
    if let Some(key) = keys.next() {
        let only = keys.next().is_none();
        let info = request.extensions().get::<RequestInfo>().cloned().ok_or_else(ApiError::internal)?;
        let known = match key.to_str() {
            Ok(key) if only => secret_key::authenticate::authenticate(&app.world, key).await?,
            _ => None,
        };
        if known.is_none() {
            let error = ApiError::proxy_secret_key_invalid();
            return Err(app.failed_authentications.count(&info, error));
        }
        // An app's SDK puts the browser's address there, alone. An app's own adapter may pass a whole chain on, of
        // which the browser itself can have written all but the end.
        let address = forwarded::nearest_address(request.headers(), &app.http.trusted_proxies);
        if let Some(url) = text(request.headers(), "clerk-proxy-url") {
            let url = ProxyUrl(url.to_owned());
            request.extensions_mut().insert(url);
        }
        let info = RequestInfo { address: address.unwrap_or(info.address), passed_on_by: known, ..info };
        request.extensions_mut().insert(info.clone());
        believed = Some(Believed(info));
    }
    let mut response = next.run(request).await;
    if let Some(believed) = believed {
        response.extensions_mut().insert(believed);
    }
    Ok(response)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
