//! The Frontend API: what a browser or an app needs to redeem a ticket and to live with its session.

pub(crate) mod client;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod dev_browser;
pub(crate) mod environment;
pub(crate) mod handshake;
pub(crate) mod impersonation;
pub(crate) mod npm;
mod page;
mod people;
pub(crate) mod sessions;
mod shown;
mod sign_in_shapes;
pub(crate) mod sign_ins;
pub(crate) mod ticket_check;
pub(crate) mod tickets;
pub(crate) mod well_known;

use crate::{
    app::App,
    entry::RequestInfo,
    error::ApiError,
    parameters::{Members, Pairs},
};
use actas_domain::{
    refusal::{Failure, ParameterRefusal, Refusal, TicketRefusal},
    secret::SecretText,
};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header;

/// The fields of a body: a form, as browsers' SDKs send it without a preflight, or JSON. Fields that nobody takes
/// are ignored, for SDKs add some with every release.
pub(crate) enum Fields {
    Form(Pairs),
    Json(Members),
}

impl Fields {
    const FORM: &str = "application/x-www-form-urlencoded";

    fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, ApiError> {
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim_ascii();
        if body.trim_ascii().is_empty() {
            return Ok(Self::Form(Pairs::default()));
        }
        if essence.eq_ignore_ascii_case(Self::FORM) {
            return Pairs::parse(body).map(Self::Form);
        }
        if essence.eq_ignore_ascii_case("application/json") {
            return Members::of_body(content_type, body).map(Self::Json);
        }
        Err(ApiError::content_type_unsupported(essence, Self::FORM))
    }

    /// The field's text; an empty one is none.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, ParameterRefusal> {
        let text = match self {
            Self::Form(pairs) => pairs.single(name)?.map(str::to_owned),
            Self::Json(members) => members.string(name)?,
        };
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The same for a secret, whose memory is wiped after use.
    pub(crate) fn secret(&mut self, name: &'static str) -> Result<Option<SecretText>, ParameterRefusal> {
        Ok(self.text(name)?.map(SecretText::new))
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::body_invalid())?;
        Self::parse(content_type.as_ref().and_then(|value| value.to_str().ok()), &bytes)
    }
}

/// What is answered to a ticket that was refused. A forged one counts against the address it came from; the
/// refusal of an authentic one never does.
fn ticket_error(app: &App, info: &RequestInfo, failure: Failure) -> ApiError {
    let is_forged = matches!(failure, Failure::Refused(Refusal::Ticket(TicketRefusal::Invalid)));
    let error = failure.into();
    if is_forged { app.failed_authentications.count(info, error) } else { error }
}
