//! `POST /v1/client/sign_ins` with `strategy=ticket`: the one place where a ticket is spent.

use super::{
    Fields,
    cookies::{self, ClientUat},
    shown::{self, Shown},
    ticket_error,
};
use crate::{
    app::App, authn::client_cookie::Visitor, backend_api::Json, entry::RequestInfo, error::ApiError,
};
use actas_api_types::frontend::{Enveloped, SignIn, TicketVerification, UserData};
use actas_domain::{
    actor_token::accept::Redeemed,
    ids::SignInId,
    refusal::{ParameterProblem, ParameterRefusal},
    secret::SecretText,
    session::Session,
    ticket,
    user::User,
};
use axum::extract::State;
use http::{HeaderMap, HeaderValue, header};
use std::sync::Arc;

type Answer = Json<Enveloped<SignIn>>;

/// When an incomplete sign-in would be given up, in seconds; a complete one has only to name some time.
const ABANDON_SECONDS: i64 = 86_400;

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    info: RequestInfo,
    mut fields: Fields,
) -> Result<(HeaderMap, Result<Answer, ApiError>), ApiError> {
    let ticket = parse(&mut fields)?;
    let redeemed = ticket::redeem(&app.world, &visitor.context, ticket.reveal(), visitor.client.as_ref())
        .await
        .map_err(|failure| ticket_error(&app, info.address, failure))?;
    // The ticket is spent now. Even if the rest fails, whoever spent it is given the client that holds its session.
    let headers = credentials(&app, &visitor, &redeemed)?;
    Ok((headers, answer(&app, &visitor, redeemed).await))
}

async fn answer(app: &App, visitor: &Visitor, redeemed: Redeemed) -> Result<Answer, ApiError> {
    let Redeemed { session, client, .. } = redeemed;
    let shown = Shown::of(app, client, visitor.authorized_party.as_deref()).await?;
    let sign_in = sign_in(app, &session, shown.user(&session));
    shown::enveloped(&shown, sign_in)
}

/// The client's secret: a browser's in cookies, a native app's in a header.
fn credentials(app: &App, visitor: &Visitor, redeemed: &Redeemed) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    if visitor.is_native {
        headers.insert(header::AUTHORIZATION, secret_header(&redeemed.cookie)?);
    } else {
        let updated_at = redeemed.client.client.updated_at;
        cookies::set_client(app, &mut headers, &redeemed.cookie);
        cookies::set_client_uat(app, &mut headers, ClientUat::of(true, updated_at, app.world.now()));
    }
    Ok(headers)
}

/// The ticket. `locale`, `timezone` and whatever else SDKs send along are not looked at.
fn parse(fields: &mut Fields) -> Result<SecretText, ParameterRefusal> {
    let missing = |name| ParameterRefusal::new(name, ParameterProblem::Missing);
    let strategy = fields.text("strategy")?.ok_or_else(|| missing("strategy"))?;
    if strategy != "ticket" {
        let problem = ParameterProblem::NotOneOf { allowed: &["ticket"] };
        return Err(ParameterRefusal::new("strategy", problem));
    }
    fields.secret("ticket")?.ok_or_else(|| missing("ticket"))
}

fn secret_header(secret: &SecretText) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::from_str(secret.reveal()).map_err(|_| ApiError::internal())?;
    value.set_sensitive(true);
    Ok(value)
}

fn sign_in(app: &App, session: &Session, user: Option<&User>) -> SignIn {
    SignIn {
        object: "sign_in_attempt".to_owned(),
        id: SignInId::mint(session.created_at, app.world.entropy.as_ref()).to_string(),
        status: "complete".to_owned(),
        supported_identifiers: [],
        supported_first_factors: None,
        supported_second_factors: None,
        first_factor_verification: Some(TicketVerification {
            object: "verification_ticket".to_owned(),
            status: "verified".to_owned(),
            strategy: "ticket".to_owned(),
            attempts: None,
            expire_at: None,
        }),
        second_factor_verification: None,
        identifier: user.map(shown::identifier),
        user_data: user.map(user_data),
        created_session_id: Some(session.id.to_string()),
        abandon_at: session.created_at.plus_seconds(ABANDON_SECONDS).millis(),
    }
}

fn user_data(user: &User) -> UserData {
    UserData {
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        image_url: String::new(),
        has_image: false,
        profile_image_url: String::new(),
    }
}
