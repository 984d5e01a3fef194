//! An axum app with a banner and guarded routes, and a support desk that acts as a customer.
//!
//! Beside `actas dev --app-url http://127.0.0.1:3000`, with the environment of its `dev.env`:
//!
//! ```text
//! cargo run --example axum_app --features axum
//! ```
#![expect(clippy::print_stdout, reason = "an example is a whole program, with an output of its own")]

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
    http::{StatusCode, header},
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
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
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
    let sessions = SessionLayer::new(verifier).publishable_key(&variable("CLERK_PUBLISHABLE_KEY", ""));

    println!("The app is at {own_url}");
    axum::serve(listener, routes(App { client, actas_url }, sessions)).await?;
    Ok(())
}

fn routes(app: App, sessions: SessionLayer) -> Router {
    let looked_at =
        Router::new().route("/api/notes", get(notes).post(add_note)).layer(ReadOnlyImpersonation::new());
    let own_alone =
        Router::new().route("/api/password", post(change_password)).layer(RefuseImpersonation::new());
    Router::new()
        .route("/", get(page))
        .route("/sign-in", get(page))
        .route("/page.js", get(script))
        .route("/api/me", get(me))
        .route("/support/act-as-bob", post(act_as_bob))
        .merge(looked_at)
        .merge(own_alone)
        .layer(sessions)
        .with_state(app)
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

/// The support desk. A real one lets only its own staff in, and takes the actor from their session; here it is Alice.
async fn act_as_bob(State(app): State<App>) -> Result<Redirect, Response> {
    let acting = async {
        let [alice, bob] = [user(&app, "alice.support@example.com"), user(&app, "bob.customer@example.com")];
        let (alice, bob) = (alice.await?, bob.await?);
        let request = CreateActorToken::new(bob, Actor::new(alice)).expires_in_seconds(600);
        let created = app.client.actor_tokens().create(request).await?;
        let url = created.url().ok_or("the actor token has no URL")?;
        Ok::<_, Box<dyn Error + Send + Sync>>(Redirect::to(url))
    };
    acting.await.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
}

async fn user(app: &App, email_address: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let found = app.client.users().list(ListUsers::new().email_address(email_address)).await?;
    let user = found.into_iter().next();
    Ok(user.ok_or_else(|| format!("there is no user {email_address}: actas dev makes one"))?.id)
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
