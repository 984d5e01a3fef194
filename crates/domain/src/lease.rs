//! Leases: of several servers on one store, one does the work that nobody asked for.
//!
//! A lease saves work and keeps nobody from anything: it may be lost while its holder is at work, by a clock or a
//! stopped process, and then two do the same. Each work stands that. An end by time is a guarded change, of which one
//! lands. What is purged or forgotten is final and goes once, and the second finds nothing. A signing key that is gone
//! is not removed again.

use crate::{ids::random_base62, ports::Entropy};
use std::fmt;

/// What a lease is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Ends by time, and forgetting attempts and answers that are over.
    Sweep,
    /// Purging what has been kept for long enough.
    Purge,
    /// Removing signing keys whose last token is dead.
    KeyRemoval,
}

impl Lease {
    pub const ALL: [Self; 3] = [Self::Sweep, Self::Purge, Self::KeyRemoval];

    /// The word by which it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Purge => "purge",
            Self::KeyRemoval => "key_removal",
        }
    }
}

/// A process, for as long as it runs.
#[derive(Clone, PartialEq, Eq)]
pub struct LeaseHolder(Box<str>);

impl LeaseHolder {
    /// One that no other process is: 131 bits.
    pub fn mint(entropy: &dyn Entropy) -> Self {
        Self(random_base62(22, entropy).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LeaseHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
