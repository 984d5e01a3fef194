//! `/v1/client`: who this browser is, and with which sessions. `GET` never makes a client; `PUT` and `POST` do.

use super::{
    cookies::{self, ClientUat},
    shown::{self, Shown},
};
use crate::{
    app::App, authn::client_cookie::Visitor, backend_api::Json, entry::RequestInfo, error::ApiError,
};
use actas_api_types::frontend::{Client, Enveloped};
use actas_domain::client::{create as domain_create, sign_out};
use axum::extract::State;
use http::HeaderMap;
use std::sync::Arc;

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<(HeaderMap, Json<Enveloped<Option<Client>>>), ApiError> {
    let shown = match &visitor.client {
        Some(client) => Some(Shown::now(&app, client, visitor.authorized_party.as_deref()).await?),
        None => None,
    };
    let mut answer_headers = HeaderMap::new();
    if visitor.keeps_cookies() {
        let uat = shown.as_ref().map_or(ClientUat::SignedOut, Shown::client_uat);
        cookies::correct_client_uat(&app, &headers, &mut answer_headers, uat);
    }
    let response = shown.as_ref().map(Shown::client).transpose()?;
    Ok((answer_headers, Json(Enveloped { response, client: None })))
}

/// The client that asks, or a new one.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    info: RequestInfo,
) -> Result<(HeaderMap, Json<Enveloped<Client>>), ApiError> {
    let mut headers = HeaderMap::new();
    let new;
    let client = match &visitor.client {
        Some(client) => client,
        None => {
            app.new_clients.take(&info)?;
            let (client, secret) = domain_create::create(&app.world, &visitor.context).await?;
            cookies::give_secret(&app, &visitor, &mut headers, &secret)?;
            new = client;
            &new
        }
    };
    let shown = Shown::now(&app, client, visitor.authorized_party.as_deref()).await?;
    if visitor.keeps_cookies() {
        cookies::set_client_uat(&app, &mut headers, shown.client_uat());
    }
    Ok((headers, shown::enveloped(&shown, shown.client()?)?))
}

/// Signs out of everything, and takes the client's cookie away too.
pub(crate) async fn destroy(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<(HeaderMap, Json<Enveloped<Client>>), ApiError> {
    let client = visitor.client()?;
    sign_out::sign_out(&app.world, &visitor.context, client).await?;
    let shown = Shown::now(&app, client, visitor.authorized_party.as_deref()).await?;
    let mut headers = HeaderMap::new();
    if visitor.keeps_cookies() {
        cookies::remove_client(&app, &mut headers);
        cookies::set_client_uat(&app, &mut headers, ClientUat::SignedOut);
    }
    Ok((headers, Json(Enveloped { response: shown.client()?, client: None })))
}
