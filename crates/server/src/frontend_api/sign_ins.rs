//! `/v1/client/sign_ins`: a ticket, which is spent here and nowhere else, or identifier and password, at once or in
//! two steps.

use super::{
    Fields,
    cookies::{self, ClientUat},
    shown::{self, Shown},
    sign_in_shapes::{self, Strategy},
    ticket_error,
};
use crate::{
    app::App,
    authn::client_cookie::Visitor,
    backend_api::{Json, PathText},
    entry::RequestInfo,
    error::ApiError,
};
use actas_api_types::frontend::{Enveloped, SignIn};
use actas_domain::{
    actor_token::accept::Redeemed,
    client,
    ids::SignInId,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal},
    secret::SecretText,
    sign_in::{begin, password},
    ticket,
    world::Reading,
};
use axum::extract::State;
use http::HeaderMap;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

type Answer = Json<Enveloped<SignIn>>;
/// The headers come also with an error: who has signed in is given the client that holds the session, even if what
/// comes after that fails.
type Answered = Result<(HeaderMap, Result<Answer, ApiError>), ApiError>;

const STRATEGIES: &[&str] = &["ticket", "password"];

/// What is sent along to begin with.
enum Wanted {
    Ticket(SecretText),
    Password {
        identifier: String,
        password: SecretText,
    },
    /// The password comes in a second step.
    Identifier(String),
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    info: RequestInfo,
    mut fields: Fields,
) -> Answered {
    match parse(&mut fields)? {
        Wanted::Ticket(ticket) => {
            let redeemed = ticket::redeem(&app.world, &visitor.context, ticket.reveal(), visitor.presented())
                .await
                .map_err(|failure| failed(&app, Strategy::Ticket, ticket_error(&app, &info, failure)))?;
            app.metrics.count_ticket_accepted(redeemed.session.actor.is_some());
            complete(&app, &visitor, redeemed, Strategy::Ticket, None).await
        }
        Wanted::Password { identifier, password } => {
            let redeemed = sign_in(&app, &visitor, &info, &identifier, &password).await?;
            complete(&app, &visitor, redeemed, Strategy::Password, None).await
        }
        Wanted::Identifier(identifier) => begin_attempt(&app, &visitor, &info, &identifier).await,
    }
}

/// The client's attempt that waits for its password.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText(id): PathText,
) -> Result<Answer, ApiError> {
    let client = visitor.client()?;
    let pending = begin::pending_with_id(&app.world, client, &id).await?;
    let shown = Shown::now(&app, client, visitor.authorized_party.as_deref()).await?;
    shown::enveloped(&shown, sign_in_shapes::pending(&pending))
}

/// A password needs no preparation: the attempt is answered as it is.
pub(crate) async fn prepare_first_factor(
    app: State<Arc<App>>,
    visitor: Visitor,
    id: PathText,
    mut fields: Fields,
) -> Result<Answer, ApiError> {
    require_password_strategy(&mut fields)?;
    show(app, visitor, id).await
}

pub(crate) async fn attempt_first_factor(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    PathText(id): PathText,
    info: RequestInfo,
    mut fields: Fields,
) -> Answered {
    let client = visitor.client()?;
    require_password_strategy(&mut fields)?;
    let password = fields.secret("password")?.ok_or_else(|| missing("password"))?;
    let pending = begin::pending_with_id(&app.world, client, &id).await?;
    let redeemed = sign_in(&app, &visitor, &info, &pending.identifier, &password).await?;
    complete(&app, &visitor, redeemed, Strategy::Password, Some(&pending.id)).await
}

async fn begin_attempt(app: &App, visitor: &Visitor, info: &RequestInfo, identifier: &str) -> Answered {
    begin::check_identifier(identifier)?;
    let mut headers = HeaderMap::new();
    let client = match &visitor.client {
        Some(client) => client.clone(),
        None => {
            app.new_clients.take(info)?;
            let (client, secret) = client::create::create(&app.world, &visitor.context).await?;
            cookies::give_secret(app, visitor, &mut headers, &secret)?;
            client
        }
    };
    let pending = begin::begin(&app.world, &client, identifier).await?;
    let shown = Shown::now(app, &client, visitor.authorized_party.as_deref()).await?;
    Ok((headers, shown::enveloped(&shown, sign_in_shapes::pending(&pending))))
}

/// Wrong passwords count against the address that they come from, from before they are looked at: a right one is worth
/// nothing there when it has sent too many or has too many on their way.
async fn sign_in(
    app: &App,
    visitor: &Visitor,
    info: &RequestInfo,
    identifier: &str,
    password: &SecretText,
) -> Result<Redeemed, ApiError> {
    let guess = app.failed_authentications.guess(info)?;
    let turn = app.password_turns.next(info).await;
    let started = Instant::now();
    let outcome =
        password::sign_in(&app.world, &visitor.context, visitor.presented(), identifier, password).await;
    let was_wrong = matches!(
        outcome,
        Err(Failure::Refused(Refusal::PasswordOrIdentifierIncorrect | Refusal::LockedOut { .. }))
    );
    if was_wrong {
        drop(guess);
        wait_out(started.elapsed(), app.http.password_refusal_step).await;
    } else {
        guess.give_back();
    }
    // Not before: those who wait would tell by their own time how long this one's digest took.
    drop(turn);
    outcome.map_err(|failure| failed(app, Strategy::Password, failure.into()))
}

/// Counts a sign-in that was refused; one that failed for another reason was not.
fn failed(app: &App, strategy: Strategy, error: ApiError) -> ApiError {
    if error.status.is_client_error() {
        app.metrics.count_sign_in_failure(strategy.as_str());
    }
    error
}

/// Waits until the time that has passed is a multiple of the step. Digests that were brought along take longer or
/// shorter than others, and that must not tell that there is one. What passed before its turn is no part of it: others
/// made that.
async fn wait_out(passed: Duration, step: Duration) {
    let steps = passed.as_nanos().div_ceil(step.as_nanos().max(1));
    let until = step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
    tokio::time::sleep(until.saturating_sub(passed)).await;
}

async fn complete(
    app: &App,
    visitor: &Visitor,
    redeemed: Redeemed,
    strategy: Strategy,
    id: Option<&SignInId>,
) -> Answered {
    let headers = credentials(app, visitor, &redeemed)?;
    let Redeemed { session, client, .. } = redeemed;
    let reading = Reading::of_own_commit(session.created_at);
    // Whoever has signed in has no attempt that waits.
    let shown = match Shown::of(app, client, None, reading, visitor.authorized_party.as_deref()).await {
        Ok(shown) => shown,
        Err(error) => return Ok((headers, Err(error))),
    };
    let response = sign_in_shapes::complete(app, id, strategy, &session, shown.user(&session));
    Ok((headers, shown::enveloped(&shown, response)))
}

/// The client's secret, and what its cookies say of it: a browser's in cookies, a native app's in a header.
pub(super) fn credentials(app: &App, visitor: &Visitor, redeemed: &Redeemed) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    cookies::give_secret(app, visitor, &mut headers, &redeemed.cookie)?;
    if visitor.keeps_cookies() {
        let updated_at = redeemed.client.client.updated_at;
        cookies::set_client_uat(app, &mut headers, ClientUat::of(true, updated_at, app.world.now()));
    }
    Ok(headers)
}

/// `locale`, `timezone` and whatever else SDKs send along are not looked at. Without a strategy the identifier says
/// what is wanted.
fn parse(fields: &mut Fields) -> Result<Wanted, ParameterRefusal> {
    let strategy = fields.text("strategy")?;
    let identifier = fields.text("identifier")?;
    match strategy.as_deref() {
        Some("ticket") => fields.secret("ticket")?.map(Wanted::Ticket).ok_or_else(|| missing("ticket")),
        None if identifier.is_none() => Err(missing("strategy")),
        None | Some("password") => {
            let identifier = identifier.ok_or_else(|| missing("identifier"))?;
            Ok(match fields.secret("password")? {
                Some(password) => Wanted::Password { identifier, password },
                None => Wanted::Identifier(identifier),
            })
        }
        Some(_) => Err(not_one_of(STRATEGIES)),
    }
}

fn require_password_strategy(fields: &mut Fields) -> Result<(), ParameterRefusal> {
    match fields.text("strategy")?.as_deref() {
        Some("password") => Ok(()),
        Some(_) => Err(not_one_of(&["password"])),
        None => Err(missing("strategy")),
    }
}

fn missing(name: &'static str) -> ParameterRefusal {
    ParameterRefusal::new(name, ParameterProblem::Missing)
}

fn not_one_of(allowed: &'static [&'static str]) -> ParameterRefusal {
    ParameterRefusal::new("strategy", ParameterProblem::NotOneOf { allowed })
}
