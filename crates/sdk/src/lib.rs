//! The Rust SDK of Actas: a client, the verification of session tokens, and guards for tower and axum.
// Its examples are tests, and need what they show.
#![cfg_attr(all(feature = "client", feature = "axum"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

#[cfg(feature = "client")]
pub mod actor_tokens;
#[cfg(feature = "client")]
pub mod audit_entries;
#[cfg(feature = "client")]
mod bearer;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
pub mod clients;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "tower")]
pub mod guard;
#[cfg(feature = "client")]
pub mod hooks;
#[cfg(feature = "client")]
pub mod instance;
#[cfg(feature = "client")]
mod json;
#[cfg(feature = "client")]
pub mod jwks;
#[cfg(feature = "client")]
mod mode;
#[cfg(feature = "client")]
mod pages;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod secret;
#[cfg(feature = "client")]
mod server;
#[cfg(feature = "client")]
pub mod sessions;
#[cfg(feature = "client")]
pub mod sign_in_tokens;
#[cfg(feature = "client")]
mod timestamp;
#[cfg(feature = "client")]
pub mod transport;
#[cfg(feature = "client")]
pub mod users;
#[cfg(feature = "verify")]
pub mod verify;
#[cfg(feature = "client")]
mod words;

#[cfg(feature = "client")]
pub use self::{
    client::{CallOptions, Client, ClientBuilder},
    error::{ApiErrorItem, Error, ErrorKind},
    json::RawJson,
    mode::{Async, Mode, Pending},
    pages::{CursorPage, ListQuery, Pages},
    retry::RetryPolicy,
    server::Server,
    timestamp::Timestamp,
};
