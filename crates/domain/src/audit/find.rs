//! Reading the record, by position.

use crate::{
    audit::{Action, AuditEntry},
    ids::{ActorTokenId, SessionId, UserId},
    refusal::Failure,
    time::UnixMillis,
    world::World,
};

/// Which entries: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub subject: Option<UserId>,
    pub actor_sub: Option<String>,
    pub actor_token: Option<ActorTokenId>,
    pub session: Option<SessionId>,
    pub action: Option<Action>,
    /// `Some(true)` for refusals only.
    pub denied: Option<bool>,
    pub at_or_after: Option<UnixMillis>,
    pub before: Option<UnixMillis>,
    pub range: AuditRange,
    /// At most so many entries.
    pub limit: u32,
}

/// Which way, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditRange {
    /// Newest first, from the end or from before a position.
    Backward { before: Option<u64> },
    /// Oldest first, behind a position (0: from the beginning). Whoever follows by it misses no entry, for an
    /// entry gets its position in the commit that makes it visible.
    Forward { after: u64 },
}

impl Default for AuditRange {
    fn default() -> Self {
        Self::Backward { before: None }
    }
}

pub async fn audit_entries(world: &World, query: &AuditQuery) -> Result<Vec<AuditEntry>, Failure> {
    Ok(world.store.audit_entries(query).await?)
}
