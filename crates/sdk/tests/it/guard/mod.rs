//! Guards around routes: what passes, what is refused, and how the refusal looks.

mod impersonation;
mod layers;
mod origins;
mod sessions;

use crate::verify::forge::{ACT, Signer, builder, claims, good_claims};
use actas_sdk::{
    guard::{Impersonation, ReadOnlyImpersonation, Refusal, RefuseImpersonation, Session, SessionLayer},
    verify::Verifier,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
    routing::{any, get, post},
};
use tower::ServiceExt as _;

/// Of Bob himself.
fn own_token() -> String {
    Signer::known().token(&good_claims())
}

/// Of Alice as Bob.
fn impersonated_token() -> String {
    Signer::known().token(&claims(ACT))
}

fn verifier() -> Verifier {
    builder().build().unwrap()
}

fn layer(verifier: Verifier) -> SessionLayer {
    SessionLayer::new(verifier).unwrap()
}

async fn why_not(session: Result<Session, Refusal>) -> String {
    session.map_or_else(|refusal| format!("{:?}", refusal.reason()), |_| "signed in".to_owned())
}

async fn who(session: Session) -> String {
    session.subject().to_owned()
}

async fn who_if_any(session: Option<Session>) -> String {
    session.map_or_else(|| "nobody".to_owned(), |session| session.subject().to_owned())
}

async fn banner(impersonation: Option<Impersonation>) -> String {
    impersonation
        .map_or_else(String::new, |found| format!("{} as {}", found.actor().subject(), found.subject()))
}

async fn only_impersonated(impersonation: Impersonation) -> String {
    impersonation.session().session_id().to_owned()
}

/// An app with a route for each guard.
fn app(layer: SessionLayer) -> Router {
    let not_for_actors = Router::new().route("/password", post(who)).layer(RefuseImpersonation::new());
    let look_only = Router::new().route("/notes", any(who)).layer(ReadOnlyImpersonation::new());
    Router::new()
        .route("/", any(who_if_any))
        .route("/me", any(who))
        .route("/why-not", get(why_not))
        .route("/banner", get(banner))
        .route("/only-impersonated", get(only_impersonated))
        .merge(not_for_actors)
        .merge(look_only)
        .layer(layer)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// What a layer outside of the app finds.
    refusal: Option<Refusal>,
}

impl Answer {
    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        let [item] = body["errors"].as_array().unwrap().as_slice() else { panic!("{}", self.body) };
        assert!(item["message"].is_string() && item["long_message"].is_string(), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["cache-control"], "no-store");
        item["code"].as_str().unwrap().to_owned()
    }
}

async fn ask(app: Router, method: &str, path: &str, headers: &[(&str, String)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "app.example.com");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 100_000).await.unwrap().to_vec()).unwrap();
    let refusal = parts.extensions.get::<Refusal>().cloned();
    Answer { status: parts.status, headers: parts.headers, body, refusal }
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

fn cookie(token: &str) -> (&'static str, String) {
    ("cookie", format!("other=1; __session={token}"))
}
