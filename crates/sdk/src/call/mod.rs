//! A call: what a method of a resource asks for, made into requests until there is an answer.

mod attempt;
mod execute;
mod idempotency;
mod operation;
mod panics;
mod race;
mod random;

pub(crate) use operation::Operation;
pub(crate) use operation::Query;
pub(crate) use panics::{unless_panicked, unless_panicking};
