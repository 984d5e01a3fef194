//! All that a batch is about: read at its beginning, changed in memory by one piece of work after the other, and
//! written back at its end. Nobody else writes meanwhile, so what was read stays true.

use crate::{
    actor_tokens::ActorTokens,
    audit::Record,
    bind::{Query, Value},
    clients::Clients,
    fault::Fault,
    kept_answers::KeptAnswers,
    keys::Keys,
    retention::Retention,
    sessions::Sessions,
    sign_in_tokens::SignInTokens,
    sign_ins::SignIns,
    users::Users,
};
use std::borrow::Cow;
use tokio_postgres::Row;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) actor_tokens: ActorTokens,
    pub(crate) sign_in_tokens: SignInTokens,
    pub(crate) sign_ins: SignIns,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) clients: Clients,
    pub(crate) keys: Keys,
    pub(crate) kept_answers: KeptAnswers,
    pub(crate) record: Record,
    pub(crate) retention: Retention,
}

/// One statement that reads, and what becomes of the rows that it finds.
pub(crate) struct Load {
    pub(crate) query: Query,
    pub(crate) fill: fn(&mut State, &[Row]) -> Result<(), Fault>,
}

impl Load {
    pub(crate) fn new(
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
        fill: fn(&mut State, &[Row]) -> Result<(), Fault>,
    ) -> Self {
        Self { query: Query::new(sql, values), fill }
    }
}

impl State {
    /// The statements that read all that was asked for.
    pub(crate) fn loads(&self) -> Vec<Load> {
        let mut loads = Vec::new();
        self.actor_tokens.loads(&mut loads);
        self.sign_in_tokens.loads(&mut loads);
        self.sign_ins.loads(&mut loads);
        self.users.loads(&mut loads);
        self.sessions.loads(&mut loads);
        self.clients.loads(&mut loads);
        self.keys.loads(&mut loads);
        self.kept_answers.loads(&mut loads);
        self.retention.loads(&mut loads);
        loads
    }

    /// The statements that write all that changed; none when nothing did.
    pub(crate) fn changes(&self) -> Vec<Query> {
        let mut queries = Vec::new();
        self.actor_tokens.changes(&mut queries);
        self.sign_in_tokens.changes(&mut queries);
        self.sign_ins.changes(&mut queries);
        self.users.changes(&mut queries);
        self.sessions.changes(&mut queries);
        self.clients.changes(&mut queries);
        self.keys.changes(&mut queries);
        self.kept_answers.changes(&mut queries);
        self.record.changes(&mut queries);
        queries
    }
}
