//! Which actor tokens are asked for.

use super::{ActorTokenDetails, ActorTokenStatus};
use crate::{
    call::{Operation, Query},
    pages::{CursorPage, sealed::Follow},
    timestamp::Timestamp,
};

/// Which actor tokens [`ActorTokens::list`](super::ActorTokens::list) answers. What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListActorTokens {
    status: Option<ActorTokenStatus>,
    user_id: Option<String>,
    actor_sub: Option<String>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    limit: Option<u32>,
    starting_after: Option<String>,
}

impl ListActorTokens {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this status.
    #[must_use]
    pub fn status(mut self, status: ActorTokenStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Those to act as this user.
    #[must_use]
    pub fn user_id(mut self, id: impl Into<String>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Those for this actor.
    #[must_use]
    pub fn actor_sub(mut self, sub: impl Into<String>) -> Self {
        self.actor_sub = Some(sub.into());
        self
    }

    /// Those made at this moment or later.
    #[must_use]
    pub fn created_after(mut self, moment: Timestamp) -> Self {
        self.created_after = Some(moment);
        self
    }

    /// Those made before this moment.
    #[must_use]
    pub fn created_before(mut self, moment: Timestamp) -> Self {
        self.created_before = Some(moment);
        self
    }

    /// The most rows of one answer, 1 to 500. Default: 10.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Those behind the one of this id.
    #[must_use]
    pub fn starting_after(mut self, id: impl Into<String>) -> Self {
        self.starting_after = Some(id.into());
        self
    }
}

impl Follow for ListActorTokens {
    type Page = CursorPage<ActorTokenDetails>;

    fn operation(&self) -> Operation {
        let query = Query::default()
            .pair("status", self.status.as_ref())
            .pair("user_id", self.user_id.as_ref())
            .pair("actor_sub", self.actor_sub.as_ref())
            .pair("created_after", self.created_after.map(Timestamp::unix_millis))
            .pair("created_before", self.created_before.map(Timestamp::unix_millis))
            .pair("limit", self.limit)
            .pair("starting_after", self.starting_after.as_ref());
        Operation::get("actor_tokens.list", &["actor_tokens"]).query(query).documented(&[422])
    }

    fn after(&self, page: &Self::Page) -> Option<Self> {
        let last = page.data.last().filter(|_| page.has_more)?;
        Some(self.clone().starting_after(&last.id))
    }
}
