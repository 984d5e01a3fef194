//! The Backend API, route by route, and what holds of all routes.

mod actor_token_refusals;
mod actor_tokens;
mod audit_entries;
mod authentication;
mod clients;
mod idempotency;
mod idempotency_acts;
mod idempotency_races;
mod idempotent_requests;
mod instance;
mod open_directory;
mod refusals;
mod request_shapes;
mod retention;
mod session_tokens;
mod sessions;
mod shapes;
mod sign_in_tokens;
mod user_import;
mod user_lists;
mod user_metadata;
mod user_standing;
mod user_updates;
mod users;
mod versions;

/// An id of the right form that names nothing.
const fn unknown_id() -> &'static str {
    "000000000000000000000000000"
}
