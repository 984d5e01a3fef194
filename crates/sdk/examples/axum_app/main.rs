//! An axum app with a banner and guarded routes, and a support desk that acts as a customer.
//!
//! Beside `actas dev --app-url http://127.0.0.1:3000`, with the environment of its `dev.env`:
//!
//! ```text
//! SUPPORT_EMAIL_ADDRESSES=alice.support@example.com cargo run --example axum_app --features axum
//! ```
//!
//! Only those whose e-mail addresses are named there, with commas between, may act as others. To sign in as Alice, open the URL of a
//! sign-in token of hers (`POST /v1/sign_in_tokens`).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a whole program, with an output of its own"
)]

use actas_sdk::{
    Client, Server,
    actor_tokens::{Actor, CreateActorToken},
    guard::{Impersonation, ReadOnlyImpersonation, RefuseImpersonation, Session, SessionLayer},
    users::ListUsers,
    verify::Verifier,
};
use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use std::{env, error::Error};
use tokio::net::TcpListener;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");

#[derive(Clone)]
struct App {
    client: Client,
    actas_url: String,
    /// Who may act as others.
    support_email_addresses: Vec<String>,
}

type AnyError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let actas_url = variable("ACTAS_URL", "http://127.0.0.1:4500");
    let client = Client::builder()
        .bearer(variable("CLERK_SECRET_KEY", ""))
        .server(Server::actas(&actas_url)?)
        .build()?;
    let listener = TcpListener::bind(("127.0.0.1", variable("PORT", "3000").parse()?)).await?;
    let own_url = format!("http://{}", listener.local_addr()?);
    // What pages of this app have: their origin, and their publishable key.
    let origin = variable("APP_ORIGIN", &own_url);
    let verifier = Verifier::builder().client(&client).authorized_party(origin).build()?;
    let mut sessions = SessionLayer::new(verifier)?;
    let publishable_key = variable("CLERK_PUBLISHABLE_KEY", "");
    if !publishable_key.is_empty() {
        sessions = sessions.publishable_key(&publishable_key)?;
    }
    let support = variable("SUPPORT_EMAIL_ADDRESSES", "");
    let addresses = support.split(',').map(|address| address.trim().to_owned());
    let support_email_addresses = addresses.filter(|address| !address.is_empty()).collect();

    println!("The app is at {own_url}");
    axum::serve(listener, routes(App { client, actas_url, support_email_addresses }, sessions)).await?;
    Ok(())
}

fn routes(app: App, sessions: SessionLayer) -> Router {
    let looked_at =
        Router::new().route("/api/notes", get(notes).post(add_note)).layer(ReadOnlyImpersonation::new());
    let own_alone = Router::new()
        .route("/api/password", post(change_password))
        .route("/support/act-as-bob", post(act_as_bob))
        .layer(RefuseImpersonation::new());
    Router::new()
        .route("/", get(page))
        .route("/sign-in", get(page))
        .route("/page.js", get(script))
        .route("/api/me", get(me))
        .merge(looked_at)
        .merge(own_alone)
        .layer(sessions)
        .layer(map_response(not_kept))
        .with_state(app)
}

/// What is for one user is not for the next one at the same browser or proxy.
async fn not_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The page: a banner while somebody acts as somebody else.
async fn page(
    State(app): State<App>,
    session: Option<Session>,
    impersonation: Option<Impersonation>,
) -> Html<String> {
    let banner = impersonation.map_or_else(String::new, |found| {
        let (actor, subject) = (escaped(found.actor().subject()), escaped(found.subject()));
        format!(
            r#"<p id="banner" role="status"><strong>{actor}</strong> acts as <strong>{subject}</strong>.</p>"#
        )
    });
    let who = session.map_or_else(
        || "Nobody is signed in.".to_owned(),
        |session| format!("Signed in as {}.", escaped(session.subject())),
    );
    Html(
        PAGE.replace("<!--banner-->", &banner)
            .replace("<!--who-->", &who)
            .replace("ACTAS_URL", &app.actas_url),
    )
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)
}

async fn me(session: Session) -> String {
    session.claims_json().to_owned()
}

async fn notes(session: Session) -> String {
    format!("the notes of {}", session.subject())
}

async fn add_note(session: Session) -> String {
    format!("a note for {}", session.subject())
}

async fn change_password(session: Session) -> String {
    format!("another password for {}", session.subject())
}

/// The support desk. `Session` refuses who is signed out and forms on other sites' pages, the layer around it who acts as somebody
/// else already.
async fn act_as_bob(State(app): State<App>, session: Session) -> Result<Redirect, Response> {
    match link_to_act_as_bob(&app, session.subject()).await {
        Ok(Some(url)) => Ok(Redirect::to(&url)),
        Ok(None) => Err((StatusCode::FORBIDDEN, "This is for the support desk.").into_response()),
        Err(error) => {
            // For whoever runs the app, and not for the browser.
            eprintln!("no actor token: {error}");
            Err((StatusCode::BAD_GATEWAY, "That did not work. Try again later.").into_response())
        }
    }
}

/// None for who is not of the support desk.
async fn link_to_act_as_bob(app: &App, user_id: &str) -> Result<Option<String>, AnyError> {
    let user = app.client.users().get(user_id).await?;
    let is_of_the_desk = |address: &str| app.support_email_addresses.iter().any(|named| named == address);
    if !user.email_address().is_some_and(is_of_the_desk) {
        return Ok(None);
    }
    let found = app.client.users().list(ListUsers::new().email_address("bob.customer@example.com")).await?;
    let bob = found.into_iter().next().ok_or("there is no Bob: actas dev makes one")?;
    // Who acts is who is signed in, and never what a form says.
    let request = CreateActorToken::new(bob.id, Actor::new(user_id)).expires_in_seconds(600);
    let created = app.client.actor_tokens().create(request).await?;
    Ok(Some(created.url().ok_or("the actor token has no URL")?.to_owned()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example is a whole program, with an environment of its own"
)]
fn variable(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}
