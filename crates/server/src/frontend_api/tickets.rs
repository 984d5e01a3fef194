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
    app::App, authn::client_cookie::Visitor, entry::RequestInfo, error::ApiError, parameters::Pairs,
};
use actas_domain::{
    caller::{Caller, Context},
    client::sign_out::sign_out,
    ticket,
};
use axum::{
    extract::{FromRequestParts as _, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use std::sync::Arc;

/// A live ticket leads to the app, after whoever is signed in in this browser is signed out. A dead one is refused
/// first, with nobody signed out: a bad link is no sign-out button.
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
    let context = Context {
        caller: Caller::Client(None),
        address: Some(info.address),
        trace_id: info.trace_id.clone(),
    };
    ticket::check(&app.world, &context, text)
        .await
        .map_err(|failure| ticket_error(app, info.address, failure))?;
    let Some(sign_in_url) = &app.http.sign_in_url else { return Ok(no_app(app)) };
    let location = location(sign_in_url, text)?;
    let mut headers = HeaderMap::new();
    if parts.method == Method::GET && is_navigation(&parts.headers) {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        if let Some(client) = &visitor.client {
            sign_out(&app.world, &visitor.context, client).await?;
        }
        cookies::correct_client_uat(app, &parts.headers, &mut headers, ClientUat::SignedOut);
    }
    headers.insert(header::LOCATION, location);
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// The sign-in page, with its own query kept.
fn location(sign_in_url: &str, ticket: &str) -> Result<HeaderValue, ApiError> {
    let unusable = || {
        tracing::error!(sign_in_url, "the configured sign_in_url is no absolute URL");
        ApiError::internal()
    };
    let mut url = url::Url::parse(sign_in_url).map_err(|_| unusable())?;
    url.query_pairs_mut().append_pair("__clerk_ticket", ticket).append_pair("__clerk_status", "sign_in");
    HeaderValue::from_str(url.as_str()).map_err(|_| unusable())
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
/// are taken at their word.
fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
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
        commands: &[],
        footer: &format!("Code: {}. Trace id: {trace_id}", error.code),
    };
    let mut response = page.into_response();
    if let Some(seconds) = error.retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A live ticket, and nowhere to lead it.
fn no_app(app: &App) -> Response {
    let native = format!("{}/v1/client/sign_ins?_is_native=1", app.http.public_url);
    Page {
        status: StatusCode::OK,
        heading: "No app is configured",
        paragraphs: &[
            "The ticket in this link is good, and it is still unspent: opening the link has not used it.",
            "Actas does not know where your app lets people sign in. Name your app when you start Actas, or set \
             sign_in_url in its configuration, and open this link again.",
            "Without an app, the ticket can be redeemed by a POST of strategy=ticket and ticket=… to the address below.",
        ],
        commands: &[
            "actas dev --app-url http://localhost:3000",
            "sign_in_url = \"https://app.example.com/sign-in\"",
            &native,
        ],
        footer: "",
    }
    .into_response()
}
