//! Which sessions are asked for.

use super::{Session, SessionStatus};
use crate::{
    call::{Operation, Query},
    pages::{next_offset, sealed::Follow},
};

/// Which sessions [`Sessions::list`](super::Sessions::list) answers. What is not said does not matter; Clerk wants
/// a user or a client to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSessions {
    user_id: Option<String>,
    client_id: Option<String>,
    status: Option<SessionStatus>,
    limit: Option<u32>,
    offset: u64,
}

impl ListSessions {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this user.
    #[must_use]
    pub fn user_id(mut self, id: impl Into<String>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Those that this client holds.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Those of this status.
    #[must_use]
    pub fn status(mut self, status: SessionStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// The most rows of one answer, 1 to 500. Default: 10.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// How many rows are left out at the beginning.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    pub(super) fn paginated_operation(&self) -> Operation {
        self.operation_with(Some(true))
    }

    fn operation_with(&self, paginated: Option<bool>) -> Operation {
        let query = Query::default()
            .pair("user_id", self.user_id.as_ref())
            .pair("client_id", self.client_id.as_ref())
            .pair("status", self.status.as_ref())
            .pair("limit", self.limit)
            .pair("offset", (self.offset > 0).then_some(self.offset))
            .pair("paginated", paginated);
        Operation::get("sessions.list", &["sessions"]).query(query).documented(&[400, 401, 422])
    }
}

impl Follow for ListSessions {
    type Page = Vec<Session>;

    fn operation(&self) -> Operation {
        self.operation_with(None)
    }

    fn after(&self, page: &Self::Page) -> Option<Self> {
        next_offset(self.offset, page.len(), self.limit).map(|offset| self.clone().offset(offset))
    }
}
