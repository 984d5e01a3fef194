//! The JSON shapes of the Backend API and the Frontend API, and nothing else: no rule, no behaviour.
//!
//! Times are Unix milliseconds. Members that an API version leaves out are `Option`s that are skipped.

pub mod actor_token;
pub mod audit;
pub mod client;
pub mod error;
pub mod frontend;
pub mod impersonation;
pub mod instance;
pub mod lists;
pub mod session;
pub mod sign_in_token;
pub mod user;
pub mod user_import;

pub use serde_json::value::RawValue;

use serde::{Deserialize, Serialize};

/// An element of a list that is always empty, because Actas has no such thing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Nothing {}
