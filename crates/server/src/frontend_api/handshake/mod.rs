//! `GET /v1/client/handshake`: an app's server sends a browser here when the cookies on its own host do not tell it
//! who is signed in, and the browser comes back with those that do (contract: Frontend API §14 and §15).

mod directives;
mod payloads;

pub(crate) use payloads::HandshakePayloads;

use super::{
    cookies::{self, ClientUat, Cookie},
    cors,
    shown::Shown,
};
use crate::{
    app::App,
    authn::client_cookie::{self, Visitor},
    entry::RequestInfo,
    error::ApiError,
    parameters::Pairs,
};
use actas_domain::{
    caller::{Caller, Context},
    client::{Client, authenticate, create, find},
    refusal::{Failure, Refusal},
    secret::SecretText,
    session::{handshake, touch},
    settings::InstanceKind,
};
use axum::{
    extract::{FromRequestParts as _, Request, State},
    response::{IntoResponse, Response},
};
use directives::Found;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use payloads::NONCE_SECONDS;
use std::sync::Arc;
use url::Url;

/// What a browser keeps of one cookie, name included, with some room for the name.
const COOKIE_MAX_BYTES: usize = 4_000;

/// How the cookies to set travel to the app's server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Themselves, signed.
    Token,
    /// A nonce for which the app's server fetches them under its secret key.
    Nonce,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Token => "__clerk_handshake",
            Self::Nonce => "__clerk_handshake_nonce",
        }
    }
}

/// Answers 307 to where the browser came from.
pub(crate) async fn perform(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let pairs = Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
    let target = target(&app, &pairs)?;
    let form = form(&pairs)?;
    let browser = browser(&app, &mut parts, &pairs).await?;
    let origin = target.origin().ascii_serialization();
    let shown = match &browser.client {
        Some(client) => Some(active(&app, &browser.context, client, &origin).await?),
        None => None,
    };
    let found = Found {
        uat: shown.as_ref().map_or(ClientUat::SignedOut, Shown::client_uat),
        session_token: shown.as_ref().and_then(Shown::session_token),
        dev_browser: browser.dev_browser.as_ref(),
        secure: target.scheme() == "https",
    };
    deliver(&app, target, form, &found.directives(&app)).await
}

/// Where to go back to. Whoever is sent there has a session token with them, so only the instance's own apps are.
fn target(app: &App, pairs: &Pairs) -> Result<Url, ApiError> {
    let text =
        pairs.single("redirect_url")?.ok_or_else(|| ApiError::query_parameter_absent("redirect_url"))?;
    let url = Url::parse(text).map_err(|_| ApiError::redirect_url_invalid("is not in a valid format"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(ApiError::redirect_url_invalid("is not in a valid format"));
    }
    if !cors::is_allowed(app, &url.origin().ascii_serialization()) {
        let why = "leads to an origin that is not allowed: name it in allowed_origins or sign_in_url";
        return Err(ApiError::redirect_url_invalid(why));
    }
    Ok(url)
}

fn form(pairs: &Pairs) -> Result<Form, ApiError> {
    match pairs.single("format")? {
        Some("nonce") => Ok(Form::Nonce),
        None | Some("" | "token") => Ok(Form::Token),
        Some(_) => Err(ApiError::handshake_invalid("format must be nonce or token")),
    }
}

/// Who was sent here.
struct Browser {
    context: Context,
    client: Option<Client>,
    /// A development instance's, always: one that has none is given one.
    dev_browser: Option<SecretText>,
}

async fn browser(app: &Arc<App>, parts: &mut Parts, pairs: &Pairs) -> Result<Browser, ApiError> {
    if app.world.settings.instance_kind == InstanceKind::Production {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        return Ok(Browser { context: visitor.context, client: visitor.client, dev_browser: None });
    }
    let info = RequestInfo::from_request_parts(parts, app).await?;
    let mut context = Context {
        caller: Caller::Client(None),
        address: Some(info.address),
        trace_id: info.trace_id.clone(),
    };
    let given = client_cookie::dev_browser(app, pairs);
    let known = match given {
        Some(secret) => authenticate::authenticate(&app.world, secret).await?,
        None => None,
    };
    let (client, secret) = match (known, given) {
        (Some(client), Some(secret)) => (client, SecretText::new(secret.to_owned())),
        _ => {
            app.new_clients.take(&info)?;
            create::create(&app.world, &context).await?
        }
    };
    context.caller = Caller::Client(Some(client.id.clone()));
    Ok(Browser { context, client: Some(client), dev_browser: Some(secret) })
}

/// The client as it is now, its last active session touched: somebody looks at a page of the app.
async fn active(app: &App, context: &Context, client: &Client, origin: &str) -> Result<Shown, ApiError> {
    let view = find::live_view(&app.world, client).await?;
    let last_active = view.sessions.iter().max_by_key(|session| (session.last_active_at, &session.id));
    if let Some(session) = last_active {
        match touch::touch(&app.world, context, client, session.id.as_str()).await {
            // Over in this very moment: what is shown next says so.
            Ok(_) | Err(Failure::Refused(Refusal::SessionNotLive)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Shown::now(app, client, Some(origin)).await
}

/// A production app reads the result from a cookie, a development app, whose host may share none, from its address.
async fn deliver(
    app: &App,
    mut target: Url,
    wanted: Form,
    directives: &[String],
) -> Result<Response, ApiError> {
    let by_cookie = app.world.settings.instance_kind == InstanceKind::Production;
    let secure = target.scheme() == "https";
    let domain = app.http.cookie_domain.as_deref();
    let (form, value) = pack(app, wanted, directives, by_cookie.then_some(secure)).await?;
    let mut headers = HeaderMap::new();
    if by_cookie {
        let cookie = carrier(form, value.reveal(), NONCE_SECONDS, domain, secure);
        cookies::append(&mut headers, cookie);
    } else {
        let query = query_with(target.query().unwrap_or_default(), form, &value);
        target.set_query(Some(&query));
    }
    let mut location = HeaderValue::from_str(target.as_str()).map_err(|_| ApiError::internal())?;
    location.set_sensitive(true);
    headers.insert(header::LOCATION, location);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
}

/// The wanted form, or the other where that one is too large for a cookie or too many wait for theirs. A result that
/// travels in a cookie also tells to remove that cookie; `cookie_is_secure` is none for one that does not.
async fn pack(
    app: &App,
    wanted: Form,
    directives: &[String],
    cookie_is_secure: Option<bool>,
) -> Result<(Form, SecretText), ApiError> {
    let forms = match wanted {
        Form::Nonce => [Form::Nonce, Form::Token],
        Form::Token => [Form::Token, Form::Nonce],
    };
    for form in forms {
        let domain = app.http.cookie_domain.as_deref();
        let removal = cookie_is_secure.map(|secure| carrier(form, "", 0, domain, secure).to_string());
        let directives: Vec<_> = directives.iter().cloned().chain(removal).collect();
        let value = match form {
            Form::Nonce => app.handshakes.put(directives, app.world.now(), app.world.entropy.as_ref()),
            Form::Token => Some(handshake::token(&app.world, &directives).await?)
                .filter(|token| cookie_is_secure.is_none() || token.reveal().len() <= COOKIE_MAX_BYTES),
        };
        if let Some(value) = value {
            return Ok((form, value));
        }
    }
    Err(ApiError::unavailable())
}

/// The cookie by which a result travels.
const fn carrier<'a>(
    form: Form,
    value: &'a str,
    max_age_seconds: u32,
    domain: Option<&'a str>,
    secure: bool,
) -> Cookie<'a> {
    Cookie { name: form.name(), value, max_age_seconds, domain, http_only: true, secure }
}

/// The app's own query to the letter, the result of an earlier handshake taken out, and this one's put in.
fn query_with(query: &str, form: Form, value: &SecretText) -> String {
    let is_result = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name == Form::Token.name() || name == Form::Nonce.name()
    };
    let own = query.split('&').filter(|pair| !pair.is_empty() && !is_result(pair)).map(str::to_owned);
    let result = format!("{}={}", form.name(), value.reveal());
    own.chain([result]).collect::<Vec<_>>().join("&")
}
