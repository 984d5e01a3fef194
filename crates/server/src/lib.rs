//! The HTTP surfaces of Actas. Every URL is on this screen; what happens to each request, in order, is in
//! [`entry`].

mod admission;
pub mod app;
mod authn;
mod backend_api;
pub mod config;
pub mod control;
mod convert;
mod entry;
mod error;
mod forwarded;
mod frontend_api;
mod health;
pub mod metrics;
mod network;
mod pages;
mod parameters;
mod rate_limit;
pub mod serve;
mod store_numbers;
mod turns;
mod version;

pub use app::{App, ClerkPackages, HttpSettings};
pub use backend_api::idempotency::REPEATABLE_ROUTES;
pub use entry::Entry;
pub use version::ApiVersion;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodFilter, MethodRouter, any, get},
};
use backend_api::{
    actor_tokens, audit_entries, clients, instance, sessions, sign_in_tokens, user_import, user_metadata,
    user_standing, users,
};
use std::sync::Arc;

/// Makes a router and, from the same lines, the list of its routes: tests walk it, so that none is forgotten.
macro_rules! routes {
    ($list:ident, $router:ident $($path:literal { $($method:ident $handler:path),+ })+) => {
        /// Method and path of every route.
        pub const $list: &[(&str, &str)] = &[$($((stringify!($method), $path),)+)+];

        fn $router() -> Router<Arc<App>> {
            Router::new()$(.route($path, MethodRouter::new()$(.on(MethodFilter::$method, $handler))+))+
        }
    };
}

// Contract: Backend API §4 to §8, and the record.
routes! { BACKEND_ROUTES, backend_handlers
    "/v1/actor_tokens" { POST actor_tokens::create, GET actor_tokens::list }
    "/v1/actor_tokens/{actor_token_id}" { GET actor_tokens::show }
    "/v1/actor_tokens/{actor_token_id}/revoke" { POST actor_tokens::revoke }
    "/v1/sign_in_tokens" { POST sign_in_tokens::create }
    "/v1/sign_in_tokens/{sign_in_token_id}/revoke" { POST sign_in_tokens::revoke }
    "/v1/users" { POST users::create, GET users::list }
    "/v1/users/count" { GET users::count }
    "/v1/users/import" { POST user_import::import }
    "/v1/users/{user_id}" { GET users::show, PATCH users::update, DELETE users::delete }
    "/v1/users/{user_id}/metadata" { PATCH user_metadata::merge, PUT user_metadata::replace }
    "/v1/users/{user_id}/ban" { POST user_standing::ban }
    "/v1/users/{user_id}/unban" { POST user_standing::unban }
    "/v1/users/{user_id}/lock" { POST user_standing::lock }
    "/v1/users/{user_id}/unlock" { POST user_standing::unlock }
    "/v1/sessions" { POST sessions::create, GET sessions::list }
    "/v1/sessions/{session_id}" { GET sessions::show }
    "/v1/sessions/{session_id}/revoke" { POST sessions::revoke }
    "/v1/sessions/{session_id}/verify" { POST sessions::verify }
    "/v1/sessions/{session_id}/tokens" { POST sessions::create_token }
    "/v1/sessions/{session_id}/tokens/{template_name}" { POST sessions::create_token_by_template }
    "/v1/clients" { GET clients::list }
    "/v1/clients/verify" { POST clients::verify }
    "/v1/clients/handshake_payload" { GET clients::handshake_payload }
    "/v1/clients/{client_id}" { GET clients::show }
    "/v1/jwks" { GET instance::jwks }
    "/v1/instance" { GET instance::show }
    "/v1/audit_entries" { GET audit_entries::list }
}

// Contract: Frontend API §6, what scripts call.
routes! { FRONTEND_ROUTES, frontend_handlers
    "/v1/client" {
        GET frontend_api::client::show,
        PUT frontend_api::client::create,
        POST frontend_api::client::create,
        DELETE frontend_api::client::destroy
    }
    "/v1/client/impersonation" { GET frontend_api::impersonation::show }
    "/v1/client/sign_ins" { POST frontend_api::sign_ins::create }
    "/v1/client/sign_ins/{sign_in_id}" { GET frontend_api::sign_ins::show }
    "/v1/client/sign_ins/{sign_in_id}/prepare_first_factor" { POST frontend_api::sign_ins::prepare_first_factor }
    "/v1/client/sign_ins/{sign_in_id}/attempt_first_factor" { POST frontend_api::sign_ins::attempt_first_factor }
    "/v1/client/sessions" { DELETE frontend_api::sessions::sign_out }
    "/v1/client/sessions/{session_id}" { GET frontend_api::sessions::show }
    "/v1/client/sessions/{session_id}/touch" { POST frontend_api::sessions::touch }
    "/v1/client/sessions/{session_id}/tokens" { POST frontend_api::sessions::create_token }
    "/v1/client/sessions/{session_id}/tokens/{template_name}" {
        POST frontend_api::sessions::create_token_by_template
    }
    "/v1/client/sessions/{session_id}/end" { POST frontend_api::sessions::end }
    "/v1/client/sessions/{session_id}/remove" { POST frontend_api::sessions::remove }
    "/v1/dev_browser" { POST frontend_api::dev_browser::make }
    "/v1/environment" { GET frontend_api::environment::show, PATCH frontend_api::environment::show }
}

// Contract: Frontend API §6, what browsers navigate to and what anybody may read.
routes! { PUBLIC_ROUTES, public_handlers
    "/v1/tickets/accept" { GET frontend_api::tickets::accept }
    "/v1/tickets/check" { POST frontend_api::ticket_check::check }
    "/v1/client/handshake" { GET frontend_api::handshake::perform }
    "/npm/{*file}" { GET frontend_api::npm::file }
    "/.well-known/jwks.json" { GET frontend_api::well_known::jwks }
}

// What Actas itself shows to a person; no JSON among it.
routes! { PAGE_ROUTES, page_handlers
    "/sign-in" { GET pages::sign_in }
    "/sign-in/page.js" { GET pages::sign_in_script }
    "/sign-in/page.css" { GET pages::sign_in_style }
    "/actas-banner.js" { GET pages::banner }
}

/// What a listener answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surfaces {
    pub frontend_api: bool,
    pub backend_api: bool,
    pub metrics: bool,
}

/// The routes of a listener. Whatever is not here is 404, and under `/v1` first asks for a secret key.
pub fn router(app: &Arc<App>, surfaces: Surfaces) -> Router {
    let mut router =
        Router::new().route("/healthz", get(health::healthz)).route("/readyz", get(health::readyz));
    if surfaces.metrics {
        router = router.route("/metrics", get(health::metrics));
    }
    if surfaces.frontend_api {
        router = router.merge(frontend_routes(app));
    }
    if surfaces.backend_api {
        router = router.merge(backend_routes(app));
    }
    router
        .route_layer(axum::middleware::from_fn(entry::remember_route))
        .fallback(backend_api::not_found)
        .method_not_allowed_fallback(backend_api::not_found)
        .with_state(Arc::clone(app))
}

/// No handler runs without a secret key, and no unknown path or method answers without one.
fn backend_routes(app: &Arc<App>) -> Router<Arc<App>> {
    backend_handlers()
        .route("/v1", any(backend_api::not_found))
        .route("/v1/", any(backend_api::not_found))
        .route("/v1/{*unknown}", any(backend_api::not_found))
        .method_not_allowed_fallback(backend_api::not_found)
        .layer(from_fn_with_state(Arc::clone(app), backend_api::idempotency::repeat))
        .layer(from_fn(entry::refuse_unread_body))
        .layer(from_fn(backend_api::refuse_head))
        .layer(from_fn_with_state(Arc::clone(app), authn::secret_key::require))
}

/// A layer is around what is routed before it: [`frontend_api::cors`] around what scripts call, and not around what
/// browsers navigate to and what anybody may read.
fn frontend_routes(app: &Arc<App>) -> Router<Arc<App>> {
    frontend_handlers()
        .route("/v1/client/", any(backend_api::not_found))
        .route("/v1/client/{*unknown}", any(backend_api::not_found))
        .method_not_allowed_fallback(backend_api::not_found)
        .layer(from_fn(entry::refuse_unread_body))
        .layer(from_fn_with_state(Arc::clone(app), authn::proxy::believe))
        .layer(from_fn_with_state(Arc::clone(app), frontend_api::cors::answer))
        .merge(
            public_handlers()
                .merge(page_handlers())
                .layer(from_fn(entry::refuse_unread_body))
                .layer(from_fn_with_state(Arc::clone(app), authn::proxy::believe)),
        )
}
