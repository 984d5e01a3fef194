//! When a request is repeated, and after how long.

mod decision;
mod policy;
mod retry_after;

pub use policy::RetryPolicy;

pub(crate) use decision::{Decision, Failure, Promise, Situation, decide};
pub(crate) use retry_after::retry_after;
