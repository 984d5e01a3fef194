//! What a batch may be about, and what can become of it.

use crate::{fault::Fault, work::GuardFailed};

/// How much a transaction may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// No more than what is done in the time of a few statements.
    Shared,
    /// One change, however large.
    Large,
}

/// What became of a batch.
pub(crate) enum Attempt {
    /// It is durable; or nothing of it was to be written.
    Done(Vec<Result<u64, GuardFailed>>),
    /// Nothing of it happened.
    Failed(Fault),
    /// The answer to the commit did not come, or came with a warning.
    Unknown(Vec<Result<u64, GuardFailed>>),
}

/// What became of work whose fate was unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The try of this number was committed.
    Committed(i64),
    /// None of its tries was, nor will be.
    NotCommitted,
}
