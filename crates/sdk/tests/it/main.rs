//! The SDK from outside.

// Clippy leaves what unwraps in tests alone, helpers among them, only where this stands.
#![cfg(test)]

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "axum")]
mod guard;
#[cfg(feature = "verify")]
mod verify;
