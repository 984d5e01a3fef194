//! Which entries are asked for.

use super::{AuditEntry, AuditOutcome};
use crate::{
    call::{Operation, Query},
    pages::{CursorPage, sealed::Follow},
    timestamp::Timestamp,
};

/// Which entries [`AuditEntries::list`](super::AuditEntries::list) answers. What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAuditEntries {
    user_id: Option<String>,
    actor_sub: Option<String>,
    actor_token_id: Option<String>,
    session_id: Option<String>,
    action: Option<String>,
    outcome: Option<AuditOutcome>,
    at_after: Option<Timestamp>,
    at_before: Option<Timestamp>,
    range: Range,
    limit: Option<u32>,
}

/// In which direction the record is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Range {
    #[default]
    FromTheNewest,
    Before(u64),
    After(u64),
}

impl ListAuditEntries {
    /// All of them, the newest first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those about this user.
    #[must_use]
    pub fn user_id(mut self, id: impl Into<String>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Those of what this actor did.
    #[must_use]
    pub fn actor_sub(mut self, sub: impl Into<String>) -> Self {
        self.actor_sub = Some(sub.into());
        self
    }

    /// Those about this actor token.
    #[must_use]
    pub fn actor_token_id(mut self, id: impl Into<String>) -> Self {
        self.actor_token_id = Some(id.into());
        self
    }

    /// Those about this session.
    #[must_use]
    pub fn session_id(mut self, id: impl Into<String>) -> Self {
        self.session_id = Some(id.into());
        self
    }

    /// Those of this action, for example `actor_token.created`.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Those with this outcome.
    #[must_use]
    pub fn outcome(mut self, outcome: AuditOutcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// Those of this moment or later.
    #[must_use]
    pub fn at_after(mut self, moment: Timestamp) -> Self {
        self.at_after = Some(moment);
        self
    }

    /// Those before this moment.
    #[must_use]
    pub fn at_before(mut self, moment: Timestamp) -> Self {
        self.at_before = Some(moment);
        self
    }

    /// Those before this position, the newest first. It takes the place of [`after`](Self::after).
    #[must_use]
    pub fn before(mut self, position: u64) -> Self {
        self.range = Range::Before(position);
        self
    }

    /// Those after this position, the oldest first; 0 is the beginning of the record. It takes the place of
    /// [`before`](Self::before).
    #[must_use]
    pub fn after(mut self, position: u64) -> Self {
        self.range = Range::After(position);
        self
    }

    /// The most rows of one answer, 1 to 500. Default: 10.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }
}

impl Follow for ListAuditEntries {
    type Page = CursorPage<AuditEntry>;

    fn operation(&self) -> Operation {
        let (before, after) = match self.range {
            Range::FromTheNewest => (None, None),
            Range::Before(position) => (Some(position), None),
            Range::After(position) => (None, Some(position)),
        };
        let query = Query::default()
            .pair("user_id", self.user_id.as_ref())
            .pair("actor_sub", self.actor_sub.as_ref())
            .pair("actor_token_id", self.actor_token_id.as_ref())
            .pair("session_id", self.session_id.as_ref())
            .pair("action", self.action.as_ref())
            .pair("outcome", self.outcome.as_ref())
            .pair("at_after", self.at_after.map(Timestamp::unix_millis))
            .pair("at_before", self.at_before.map(Timestamp::unix_millis))
            .pair("before", before)
            .pair("after", after)
            .pair("limit", self.limit);
        Operation::get("audit_entries.list", &["audit_entries"]).query(query).documented(&[422])
    }

    fn after(&self, page: &Self::Page) -> Option<Self> {
        let last = page.data.last().filter(|_| page.has_more)?.position;
        let next = self.clone();
        Some(match self.range {
            Range::After(_) => Self::after(next, last),
            Range::FromTheNewest | Range::Before(_) => next.before(last),
        })
    }
}
