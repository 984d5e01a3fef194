//! How a client proves itself: the `__client` cookie of a browser, the `Authorization` header of a native app
//! (`_is_native=1`), or, on a development instance, `__clerk_db_jwt` in the query (contract: Frontend API §3).

use super::proxy::ProxyUrl;
use crate::{app::App, entry::RequestInfo, error::ApiError, frontend_api::cors, parameters::Pairs};
use actas_domain::{
    caller::{Caller, Context},
    client::{Client, Presented, authenticate},
    refusal::Refusal,
    secret::SecretText,
    settings::{InstanceKind, Settings},
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
    /// What a development instance's browser proved itself with, and keeps; its scripts hold it, no cookie does.
    pub(crate) dev_browser: Option<SecretText>,
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

    /// The client as a sign-in takes it.
    pub(crate) fn presented(&self) -> Option<Presented<'_>> {
        let client = self.client.as_ref()?;
        Some(match &self.dev_browser {
            Some(secret) => Presented::by_query(client, secret),
            None => Presented::by_cookie(client),
        })
    }

    /// Whether this client is told by cookies what it must know.
    pub(crate) const fn keeps_cookies(&self) -> bool {
        !self.is_native && self.dev_browser.is_none()
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let info = parts.extensions.get::<RequestInfo>().cloned().ok_or_else(ApiError::internal)?;
        let pairs = Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let is_native = pairs.first("_is_native").is_some_and(|value| value == "1" || value == "true");
        let dev_browser = if is_native { None } else { dev_browser(app, &pairs) };
        let secret = match dev_browser {
            Some(secret) => Some(secret),
            None if is_native => authorization(&parts.headers)?,
            None => cookie(&parts.headers, "__client"),
        };
        let client = match secret {
            Some(secret) => authenticate::authenticate(&app.world, secret).await?,
            None => None,
        };
        if dev_browser.is_some() && client.is_none() {
            // Browsers' SDKs make themselves a new one upon this.
            return Err(ApiError::dev_browser_unauthenticated());
        }
        let dev_browser = dev_browser.map(|secret| SecretText::new(secret.to_owned()));
        let caller = Caller::Client(client.as_ref().map(|client| client.id.clone()));
        let context = Context { caller, address: Some(info.address), trace_id: info.trace_id };
        let proxy = parts.extensions.get::<ProxyUrl>();
        let authorized_party = authorized_party(app, &parts.headers, proxy);
        Ok(Self { context, client, is_native, dev_browser, authorized_party })
    }
}

/// What stands in the query of a development instance's browser. Addresses are kept and passed on, so no production
/// instance looks there.
pub(crate) fn dev_browser<'a>(app: &App, pairs: &'a Pairs) -> Option<&'a str> {
    let is_development = app.world.settings.instance_kind == InstanceKind::Development;
    pairs.first("__clerk_db_jwt").filter(|secret| is_development && !secret.is_empty())
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

/// `Origin`; a request within one origin may have none, so then the origin of the app that passes it on, or of
/// `Referer`.
/// Only an allowed origin counts, wherever it comes from: no request names itself an app that this instance does
/// not serve.
fn authorized_party(app: &App, headers: &HeaderMap, proxy: Option<&ProxyUrl>) -> Option<String> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let counts =
        |origin: &String| origin.len() <= Settings::ORIGIN_MAX_BYTES && cors::is_allowed(app, origin);
    match text("origin") {
        Some(origin) => Some(origin.to_owned()).filter(counts),
        None => {
            let proxy = proxy.map(|url| url.0.as_str());
            [proxy, text("referer")].into_iter().flatten().filter_map(cors::origin_of).find(counts)
        }
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
