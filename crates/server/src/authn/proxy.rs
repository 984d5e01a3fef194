//! An app that passes the Frontend API on below its own host, `/__clerk` (contract: Frontend API §16).
//!
//! It says where it is and for whom it asks, and proves itself by a secret key. Without a right one nothing of that is
//! believed: anybody can write headers.

use crate::{app::App, entry::RequestInfo, error::ApiError};
use actas_domain::secret_key;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderMap;
use std::{net::IpAddr, sync::Arc};

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
            return Err(app.failed_authentications.count(info.address, error));
        }
        let address = forwarded_address(request.headers()).unwrap_or(info.address);
        if let Some(url) = text(request.headers(), "clerk-proxy-url") {
            let url = ProxyUrl(url.to_owned());
            request.extensions_mut().insert(url);
        }
        request.extensions_mut().insert(RequestInfo { address, ..info });
    }
    Ok(next.run(request).await)
}

/// Apps' SDKs put the browser's address there, alone; an app's own adapter may leave its proxies behind it.
fn forwarded_address(headers: &HeaderMap) -> Option<IpAddr> {
    let address: IpAddr = text(headers, "x-forwarded-for")?.split(',').next()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
