//! The HTTP surfaces, asked in process.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what went wrong by panicking, in what its functions share too"
)]

mod any_input;
mod backend_api;
mod frontend_api;
mod harness;
mod metrics;
mod serve;
