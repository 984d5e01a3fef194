//! What makes things go wrong: each does one thing, is told when, and counts what it did.

pub(crate) mod clock;
pub(crate) mod postgres_proxy;
pub(crate) mod slow_disk;
pub(crate) mod small_disk;
