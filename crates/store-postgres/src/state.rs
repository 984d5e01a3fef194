//! All that a batch is about: read at its beginning, changed in memory by one piece of work after the other, and
//! written back at its end. Nobody else writes meanwhile, so what was read stays true.

use crate::{
    actor_tokens::ActorTokens,
    audit::Record,
    bind::{self, Query, Value},
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
    /// With one row more than so many the batch is not one to share.
    pub(crate) rows_max: Option<u32>,
}

impl Load {
    pub(crate) fn new(
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
        fill: fn(&mut State, &[Row]) -> Result<(), Fault>,
    ) -> Self {
        Self { query: Query::new(sql, values), fill, rows_max: None }
    }

    /// One whose rows nobody can count before they are read: no more of them than a bound, and one to tell.
    pub(crate) fn of_parties(
        sql: &'static str,
        mut values: Vec<Value>,
        rows_max: Option<u32>,
        fill: fn(&mut State, &[Row]) -> Result<(), Fault>,
    ) -> Self {
        let Some(most) = rows_max else { return Self::new(sql, values, fill) };
        values.push(bind::integer(i64::from(most) + 1));
        Self { rows_max, ..Self::new(format!("{sql} LIMIT ${}", values.len()), values, fill) }
    }
}

/// The statements that write, made as they are taken: what a large change writes is never there as a whole.
#[derive(Default)]
pub(crate) struct Changes<'a>(Vec<Box<dyn Iterator<Item = Query> + Send + 'a>>);

impl<'a> Changes<'a> {
    pub(crate) fn push(&mut self, query: Query) {
        self.extend([query]);
    }

    pub(crate) fn extend(&mut self, queries: impl IntoIterator<Item = Query, IntoIter: Send + 'a>) {
        self.0.push(Box::new(queries.into_iter()));
    }

    pub(crate) fn into_queries(self) -> impl Iterator<Item = Query> + Send + 'a {
        self.0.into_iter().flatten()
    }
}

impl State {
    /// The statements that read all that was asked for; of what parties hold no more than `rows_max`, where it is given.
    pub(crate) fn loads(&self, rows_max: Option<u32>) -> Vec<Load> {
        let mut loads = Vec::new();
        self.actor_tokens.loads(rows_max, &mut loads);
        self.sign_in_tokens.loads(rows_max, &mut loads);
        self.sign_ins.loads(rows_max, &mut loads);
        self.users.loads(&mut loads);
        self.sessions.loads(rows_max, &mut loads);
        self.clients.loads(&mut loads);
        self.keys.loads(&mut loads);
        self.kept_answers.loads(&mut loads);
        self.retention.loads(&mut loads);
        loads
    }

    /// The statements that write all that changed; none when nothing did.
    pub(crate) fn changes(&self) -> Changes<'_> {
        let mut queries = Changes::default();
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
