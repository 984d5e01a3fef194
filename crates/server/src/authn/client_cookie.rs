//! The `__client` cookie of a browser, or the `Authorization` header of a native app (`_is_native=1`).

use crate::{app::App, entry::RequestInfo, error::ApiError, frontend_api::cors, parameters::Pairs};
use actas_domain::{
    caller::{Caller, Context},
    client::{Client, authenticate},
    refusal::Refusal,
    settings::Settings,
};
use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use std::sync::Arc;

/// Who asks at the Frontend API: a client, or somebody who holds none yet.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) context: Context,
    pub(crate) client: Option<Client>,
    /// A native app: it is answered its client's secret in the `Authorization` header, and no cookies.
    pub(crate) is_native: bool,
    /// The origin of the app that asks, for `azp`.
    pub(crate) authorized_party: Option<String>,
}

impl Visitor {
    /// The client.
    ///
    /// # Errors
    /// 401 `signed_out` when there is none.
    pub(crate) fn client(&self) -> Result<&Client, ApiError> {
        self.client.as_ref().ok_or_else(|| Refusal::SignedOut.into())
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let info = parts.extensions.get::<RequestInfo>().cloned().ok_or_else(ApiError::internal)?;
        let pairs = Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let is_native = pairs.first("_is_native").is_some_and(|value| value == "1" || value == "true");
        let secret =
            if is_native { authorization(&parts.headers)? } else { cookie(&parts.headers, "__client") };
        let client = match secret {
            Some(secret) => authenticate::authenticate(&app.world, secret).await?,
            None => None,
        };
        let caller = Caller::Client(client.as_ref().map(|client| client.id.clone()));
        let context = Context { caller, address: Some(info.address), trace_id: info.trace_id };
        let authorized_party = authorized_party(app, &parts.headers);
        Ok(Self { context, client, is_native, authorized_party })
    }
}

/// The secret of a native app's client; an empty header is none.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(ApiError::repeated_authorization_header());
    }
    let value = first.and_then(|value| value.to_str().ok()).unwrap_or_default().trim_ascii();
    let value = match value.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim_ascii(),
        _ => value,
    };
    Ok((!value.is_empty()).then_some(value))
}

/// `Origin`; a request within one origin may have none, so then the origin of `Clerk-Proxy-Url` or of `Referer`.
/// Only an allowed origin counts, wherever it comes from: no request names itself an app that this instance does
/// not serve.
fn authorized_party(app: &App, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let counts =
        |origin: &String| origin.len() <= Settings::ORIGIN_MAX_BYTES && cors::is_allowed(app, origin);
    match text("origin") {
        Some(origin) => Some(origin.to_owned()).filter(counts),
        None => ["clerk-proxy-url", "referer"]
            .into_iter()
            .filter_map(text)
            .filter_map(cors::origin_of)
            .find(counts),
    }
}

/// The first cookie of that name. The others may be of any bytes: what another app on this host keeps in its cookies
/// signs nobody out here.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs =
        headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let value = pairs
        .map(<[u8]>::trim_ascii)
        .find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    std::str::from_utf8(value).ok()
}
