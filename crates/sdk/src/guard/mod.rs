//! Guards for routes: a `tower` layer that verifies a request's session, and layers that hold back who acts as somebody
//! else. With the feature `axum`, extractors too.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # fn show(verifier: actas_sdk::verify::Verifier) -> Result<axum::Router, actas_sdk::verify::VerifyError> {
//! use actas_sdk::guard::{Impersonation, RefuseImpersonation, Session, SessionLayer};
//! use axum::{Router, routing::{get, post}};
//!
//! async fn page(session: Session, impersonation: Option<Impersonation>) -> String {
//!     match impersonation {
//!         Some(impersonation) => format!("{} acts as {}", impersonation.actor().subject(), session.subject()),
//!         None => format!("Hello {}", session.subject()),
//!     }
//! }
//! async fn change_password(_session: Session) {}
//!
//! Ok(Router::new()
//!     .route("/password", post(change_password))
//!     .layer(RefuseImpersonation::new()) // the routes above it are not for who acts as somebody else
//!     .route("/", get(page))
//!     .layer(SessionLayer::new(verifier)?)) // outermost, so last
//! # }
//! ```
//!
//! # Where the token is taken from
//!
//! 1. `Authorization: Bearer …`. If it is there, no cookie is looked at.
//! 2. The cookie `__session_<suffix>`, if [`SessionLayer::publishable_key`] was called; the suffix is made of that key.
//! 3. The cookie `__session`.
//!
//! Two bearers are refused. A neighbouring host, such as another subdomain, can add a cookie of the same name, and by adding many
//! can drive this app's own out of the browser's jar: then its visitors are signed out, or signed in as somebody whose good token
//! the neighbour has. So of up to four different values the one that is good counts, and two good ones are refused. Call
//! [`SessionLayer::publishable_key`], for that cookie's name is not one that a neighbour uses by accident, and keep hosts that you
//! do not trust off your domain.
//!
//! # Requests from other sites
//!
//! A browser sends cookies along with requests that another site's page makes. So a session from a cookie counts, for methods
//! other than GET, HEAD and OPTIONS and for WebSockets, only if the request comes from the app's own pages: `Origin` is one of the
//! verifier's authorized parties, or `Sec-Fetch-Site` says `same-origin` or `none`. Where
//! [any party](crate::verify::VerifierBuilder::any_party) will do, `Origin` may also name the host that was asked. A request without
//! both headers comes from no browser of today and passes. Otherwise [`Session`] refuses with 400 `origin_invalid`; an optional one
//! is none. GET must change nothing, as ever. Bearer tokens are not concerned: no browser adds them by itself.
//!
//! Clerk's own SDKs rely on `azp` alone here. Name [authorized parties](crate::verify::VerifierBuilder::authorized_party)
//! too: `azp` says for which origin a token was made, `Origin` says which page uses it.
//!
//! # What a refusal looks like
//!
//! Clerk's error envelope, as JSON, with `Cache-Control: no-store`:
//!
//! | case | status | `code` |
//! | --- | --- | --- |
//! | nobody is signed in, or the token is not accepted | 401, with `WWW-Authenticate` | `authentication_invalid` |
//! | [`RefuseImpersonation`], [`ReadOnlyImpersonation`] | 403 | `authorization_invalid` |
//! | a cookie session used by another site | 400 | `origin_invalid` |
//! | there are no keys to check a token with | 503, with `Retry-After` | `service_unavailable` |
//! | there is no [`SessionLayer`] around the guard | 500 | `internal_clerk_error` |
//!
//! The response does not tell why a token was not accepted; a log should. Each refusal's response has the [`Refusal`] among its
//! extensions, so a layer outside of all others can log `response.extensions().get::<Refusal>()` with its
//! [cause](Refusal::cause), which holds no token. A handler in axum that takes `Result<Session, Refusal>` sees it too.
//!
//! Clerk's catalogue has no code for "not while impersonating"; `authorization_invalid` is its 403 for a caller who is known and
//! may not do this, and the long message says why.
//!
//! # What it does not do
//!
//! There is no handshake: a page that is opened with an expired cookie is signed out here, until clerk-js has renewed the
//! cookie. Fetches from a page that runs clerk-js usually carry a fresh one; a page that was asleep may send an expired one first.

#[cfg(feature = "axum")]
mod axum;
mod body;
mod credential;
mod impersonation;
mod layer;
mod origin;
mod refusal;
mod session;

pub use body::GuardedBody;
pub use impersonation::{
    ReadOnlyImpersonation, ReadOnlyImpersonationService, RefuseImpersonation, RefuseImpersonationService,
};
pub use layer::{SessionLayer, SessionService};
pub use refusal::{Refusal, RefusalReason};
pub use session::{Impersonation, Session};
