//! `GET /v1/client`: who this browser is, and with which sessions. It never makes a client.

use super::{
    cookies::{self, ClientUat},
    shown::Shown,
};
use crate::{app::App, authn::client_cookie::Visitor, backend_api::Json, error::ApiError};
use actas_api_types::frontend::{Client, Enveloped};
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
    if !visitor.is_native {
        let uat = shown.as_ref().map_or(ClientUat::SignedOut, Shown::client_uat);
        cookies::correct_client_uat(&app, &headers, &mut answer_headers, uat);
    }
    let response = shown.as_ref().map(Shown::client).transpose()?;
    Ok((answer_headers, Json(Enveloped { response, client: None })))
}
