//! `GET /v1/tickets/accept?ticket=…`: where a ticket's link leads (contract: Frontend API §10).
//!
//! A person's browser comes here by a navigation, so there is no `Origin` and no cross-origin rule. Mail scanners,
//! previews and prefetches come too: nothing here ever spends a ticket.

use super::{
    cookies::{self, ClientUat},
    page::Page,
    ticket_error,
};
use crate::{
    app::App,
    authn::client_cookie::{Visitor, cookie},
    entry::RequestInfo,
    error::ApiError,
    pages,
    parameters::Pairs,
};
use actas_domain::{
    caller::Context,
    client::{authenticate, create, returning::set_aside},
    secret::SecretText,
    settings::InstanceKind,
    ticket::{self, CheckedTicket},
};
use axum::{
    extract::{FromRequestParts as _, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use std::sync::Arc;
use url::Url;

/// A live ticket leads to the app, or to Actas's own page where none is configured, after whoever is signed in in this
/// browser is signed out. A dead one is refused first, with nobody signed out: a bad link is no sign-out button.
pub(crate) async fn accept(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let mut response = match answer(&app, &mut parts).await {
        Ok(response) => response,
        Err(error) => refusal(&app, &parts, error),
    };
    let headers = response.headers_mut();
    // The ticket stands in this page's address, which no other site may learn.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.append(header::VARY, HeaderValue::from_static("Accept, Sec-Purpose"));
    response
}

async fn answer(app: &Arc<App>, parts: &mut Parts) -> Result<Response, ApiError> {
    if is_ahead(&parts.headers) {
        return Err(ApiError::opened_ahead());
    }
    let info = RequestInfo::from_request_parts(parts, app).await?;
    let pairs = Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
    let text = pairs.single("ticket")?.ok_or_else(|| ApiError::query_parameter_absent("ticket"))?;
    let checked = ticket::check(&app.world, &info.context_of_holder(), text)
        .await
        .map_err(|failure| ticket_error(app, &info, failure))?;
    let own_page = || format!("{}{}", app.http.public_url, pages::SIGN_IN_PATH);
    let mut location = location(&app.http.sign_in_url.clone().unwrap_or_else(own_page), text)?;
    let mut headers = HeaderMap::new();
    if parts.method == Method::GET && is_navigation(&parts.headers) {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        if app.world.settings.instance_kind == InstanceKind::Development && app.http.sign_in_url.is_some() {
            let secret = new_dev_browser(app, parts, &visitor.context, &checked).await?;
            location.query_pairs_mut().append_pair("__clerk_db_jwt", secret.reveal());
            cookies::set_client(app, &mut headers, &secret);
        } else {
            if let Some(client) = &visitor.client {
                set_aside(&app.world, &visitor.context, client, &checked, &client.id).await?;
            }
            cookies::correct_client_uat(app, &parts.headers, &mut headers, ClientUat::SignedOut);
        }
    }
    let mut location = HeaderValue::from_str(location.as_str()).map_err(|_| ApiError::internal())?;
    location.set_sensitive(true);
    headers.insert(header::LOCATION, location);
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// A development app's scripts take up the client that the address names, so a new one starts signed out, also where
/// the app is another site's and its own client is not known here. Whoever is known here gives way to it: the client
/// of the last link that was opened in this browser, of which this host keeps a cookie, and the app's own where both
/// are on one host.
async fn new_dev_browser(
    app: &App,
    parts: &Parts,
    context: &Context,
    ticket: &CheckedTicket,
) -> Result<SecretText, ApiError> {
    let (keeper, secret) = create::create(&app.world, context).await?;
    for name in ["__client", "__clerk_db_jwt"] {
        let Some(held) = cookie(&parts.headers, name) else { continue };
        if let Some(client) = authenticate::authenticate(&app.world, held).await? {
            set_aside(&app.world, context, &client, ticket, &keeper.id).await?;
        }
    }
    Ok(secret)
}

/// The sign-in page, with its own query kept.
fn location(sign_in_url: &str, ticket: &str) -> Result<Url, ApiError> {
    let mut url = Url::parse(sign_in_url).map_err(|_| {
        tracing::error!(sign_in_url, "the configured sign_in_url is no absolute URL");
        ApiError::internal()
    })?;
    url.query_pairs_mut().append_pair("__clerk_ticket", ticket).append_pair("__clerk_status", "sign_in");
    Ok(url)
}

/// Whether a browser asks before anybody has opened the link. Were it led to the app then, a page rendered ahead
/// would spend the ticket.
fn is_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).any(|value| {
            ["prefetch", "prerender", "preview"].into_iter().any(|purpose| value.contains(purpose))
        })
    })
}

/// Whether the browser goes to this address, rather than loads it as a part of a page. Browsers too old to tell
/// are taken at their word. An app's server that passes the request on may write its own `Sec-Fetch-Mode` over the
/// browser's, and leaves `Sec-Fetch-Dest`; no script can write either.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is_document = headers.get("sec-fetch-dest").is_some_and(|destination| destination == "document");
    is_document || headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        range.split(';').next().is_some_and(|range| range.trim_ascii().eq_ignore_ascii_case("text/html"))
    })
}

/// The contract's JSON for a program, a page for a person, with one status.
fn refusal(app: &App, parts: &Parts, error: ApiError) -> Response {
    if !wants_html(&parts.headers) {
        return error.into_response();
    }
    app.metrics.count_refusal(error.code);
    let trace_id = parts.extensions.get::<RequestInfo>().map_or("", |info| &info.trace_id);
    let advice = if error.status.is_server_error() || error.status == StatusCode::TOO_MANY_REQUESTS {
        "Wait a moment and open the link again."
    } else {
        "Ask whoever gave you this link for a new one."
    };
    let page = Page {
        status: error.status,
        heading: "This link does not work",
        paragraphs: &[&error.long_message, advice],
        footer: &format!("Code: {}. Trace id: {trace_id}", error.code),
    };
    let mut response = page.into_response();
    if let Some(seconds) = error.retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
