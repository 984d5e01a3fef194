//! One batch: one transaction on one connection, in two round trips.
//!
//! The first takes the head of the record and then reads all that the batch is about; the second writes all that
//! changed, and commits. Whoever holds the head is the only one who writes, on however many replicas, from before
//! their first read to the end of their commit. So every guard, also one about a row that is not there, holds at the
//! commit because it held when it was read; no two writers wait for each other's rows; and positions follow each other
//! without a gap in the order of the commits.
//!
//! That is sound under READ COMMITTED, where each statement sees what was committed before the statement began: the
//! reads begin when the head is held, which is when its last holder's commit can be seen. A stricter level would take
//! its snapshot before the wait for the head.

use crate::{
    address::Address,
    audit,
    bind::{self, Query},
    connection::Connection,
    fault::Fault,
    metrics::Counters,
    options::Options,
    rows::{self, Fields},
    state::State,
    work::{GuardFailed, Work},
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use actas_domain::{ports::Clock, time::UnixMillis};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_postgres::Row;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// A statement of its own behind the one that waits for the head: the time of the decision is when it is held.
const CLOCK: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const SIGN: &str = "INSERT INTO writers (id, batch, at) \
    VALUES ($1, $2, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
    ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at";
const SIGNED: &str = "SELECT batch FROM writers WHERE id = $1";
/// A timeout would end the wait for the standby, and leave a commit that nobody but this server has.
const NO_TIMEOUT: &str = "SET LOCAL statement_timeout = 0";
const COMMIT: &str = "COMMIT";

/// How long a commit's answer is awaited beyond what its statements may take. Then it is looked up; it is never
/// cancelled, and may well go on.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);

/// Whose time decides at the commit.
pub(crate) enum Time {
    Database,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only tests hand in a clock"))]
    Given(Arc<dyn Clock>),
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

/// Whether a batch whose fate was unknown was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    NotCommitted,
}

pub(crate) struct Batches {
    address: Arc<Address>,
    options: Options,
    time: Time,
    /// Of this writer's row in `writers`.
    id: String,
    /// Of the newest batch.
    number: i64,
    connection: Option<Connection>,
    counters: Arc<Counters>,
}

impl Batches {
    pub(crate) fn new(
        address: Arc<Address>,
        options: Options,
        time: Time,
        id: String,
        connection: Connection,
        counters: Arc<Counters>,
    ) -> Self {
        Self { address, options, time, id, number: 0, connection: Some(connection), counters }
    }

    /// Carries out all work in one transaction.
    pub(crate) async fn attempt(&mut self, works: &[&Work]) -> Attempt {
        self.number += 1;
        let mut connection = match self.connected().await {
            Ok(connection) => connection,
            Err(fault) => return Attempt::Failed(fault),
        };
        let (attempt, keep) = self.on(&mut connection, works).await;
        match &attempt {
            Attempt::Done(_) => {}
            Attempt::Failed(_) => self.counters.rolled_back(),
            Attempt::Unknown(_) => self.counters.fate_unknown(),
        }
        if keep
            && (matches!(attempt, Attempt::Done(_)) || connection.run(Query::plain("ROLLBACK")).await.is_ok())
        {
            self.connection = Some(connection);
        }
        attempt
    }

    /// Whether the newest batch was committed. Its transaction, if it still goes on, holds the head of the record; so
    /// whoever has taken the head sees how it ended. A batch that is found is not yet told of: a commit whose wait for
    /// the standby was cut can be seen here and is lost when that standby takes over. A commit behind it that was
    /// answered in order takes it along.
    pub(crate) async fn fate(&mut self) -> Result<Fate, Fault> {
        let mut connection = Connection::open(&self.address, &self.options).await?;
        let id = bind::text(&self.id);
        let look = [Query::plain(BEGIN), Query::plain(audit::TAKE_HEAD), Query::new(SIGNED, vec![id])];
        let answers = connection.pipeline(&look).await?;
        let signed = answers.get(2).map(Vec::as_slice).unwrap_or_default();
        let signed = rows::one(signed, |row| Fields::of(row, "writers").integer())?;
        if signed != Some(self.number) {
            connection.run(Query::plain("ROLLBACK")).await?;
            self.connection = Some(connection);
            return Ok(Fate::NotCommitted);
        }
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::FateUnconfirmed) {
            return Ok(Fate::Committed);
        }
        let (answer, is_certain) = self.commit(&mut connection, Vec::new()).await;
        answer?;
        if !is_certain {
            return Err(Fault::Unreachable("the database warned of its commit".into()));
        }
        self.connection = Some(connection);
        Ok(Fate::Committed)
    }

    async fn connected(&mut self) -> Result<Connection, Fault> {
        match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => Ok(connection),
            None => Connection::open(&self.address, &self.options).await,
        }
    }

    /// What became of the work, and whether the connection is of further use.
    async fn on(&self, connection: &mut Connection, works: &[&Work]) -> (Attempt, bool) {
        let mut state = State::default();
        for work in works {
            work.want(&mut state);
        }
        let now = match self.begin(connection, &mut state).await {
            Ok(now) => now,
            Err(fault) => {
                let keep = !fault.breaks_connection();
                return (Attempt::Failed(fault), keep);
            }
        };
        let outcomes: Vec<_> = works.iter().map(|work| work.carry_out(&mut state, now)).collect();
        if outcomes.iter().all(Result::is_err) {
            // What was refused was refused by what is committed: there is nothing to write, and nothing to lose.
            let ended = connection.run(Query::plain("ROLLBACK")).await.is_ok();
            return (Attempt::Done(outcomes), ended);
        }
        match self.commit(connection, state.changes()).await {
            (Ok(()), true) => {
                self.counters.committed(works.len());
                (Attempt::Done(outcomes), true)
            }
            (Err(fault), true) => {
                let keep = !fault.breaks_connection();
                (Attempt::Failed(fault), keep)
            }
            (Ok(()), false) => (Attempt::Unknown(outcomes), false),
            (Err(fault), false) => {
                tracing::warn!(%fault, "a commit was not answered: looking it up");
                (Attempt::Unknown(outcomes), false)
            }
        }
    }

    /// Takes the head of the record, and then reads all that was asked for.
    async fn begin(&self, connection: &mut Connection, state: &mut State) -> Result<UnixMillis, Fault> {
        let mut queries = vec![Query::plain(BEGIN), Query::plain(audit::TAKE_HEAD), Query::plain(CLOCK)];
        let (reads, fills): (Vec<_>, Vec<_>) =
            state.loads().into_iter().map(|load| (load.query, load.fill)).unzip();
        queries.extend(reads);
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::ReadsBeforeHead) {
            queries[1..].rotate_left(2);
        }
        let answers = connection.pipeline(&queries).await?;
        #[cfg(feature = "mutations")]
        let answers = mutated_order(answers);
        let mut answers = answers.into_iter().skip(1);
        let mut next = || answers.next().unwrap_or_default();
        let head = next();
        let unreadable = || Fault::Unreadable("record_head: there is no row".into());
        state.record.head =
            rows::one(&head, |row| Fields::of(row, "record_head").unsigned())?.ok_or_else(unreadable)?;
        let clock = next();
        for fill in fills {
            fill(state, &next())?;
        }
        self.now(&clock)
    }

    fn now(&self, clock: &[Row]) -> Result<UnixMillis, Fault> {
        match &self.time {
            Time::Given(clock) => Ok(clock.now()),
            Time::Database => {
                let now = rows::one(clock, |row| Fields::of(row, "the clock").time())?;
                now.ok_or_else(|| Fault::Unreadable("the clock: there is no row".into()))
            }
        }
    }

    /// Writes, signs and commits. The second value is whether the first one is certain: that all of it is durable, or
    /// that nothing of it happened.
    async fn commit(
        &self,
        connection: &mut Connection,
        mut queries: Vec<Query>,
    ) -> (Result<(), Fault>, bool) {
        queries.push(Query::new(SIGN, vec![bind::text(&self.id), bind::integer(self.number)]));
        queries.push(Query::plain(NO_TIMEOUT));
        queries.push(Query::plain(COMMIT));
        let patience = self.options.statement_timeout + COMMIT_PATIENCE;
        // Statements that are new are prepared first, while it is certain that nothing is committed.
        match timeout(patience, connection.prepare(&queries)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => return (Err(fault), true),
            Err(_) => return (Err(Fault::Silent(patience.as_secs())), true),
        }
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::AnsweredBeforeCommit) {
            let _ = timeout(Duration::ZERO, connection.send(&queries)).await;
            return (Ok(()), true);
        }
        let warnings = connection.warnings();
        match timeout(patience, connection.send(&queries)).await {
            Ok(Ok(_)) => (Ok(()), connection.warnings() == warnings),
            Ok(Err(fault)) => {
                let is_certain = fault.ends_transaction();
                (Err(fault), is_certain)
            }
            Err(_) => (Err(Fault::Silent(patience.as_secs())), false),
        }
    }
}

/// The answers in the order of the statements that nobody has moved.
#[cfg(feature = "mutations")]
fn mutated_order(mut answers: Vec<Vec<Row>>) -> Vec<Vec<Row>> {
    if mutation::is(Mutation::ReadsBeforeHead) && answers.len() > 2 {
        answers[1..].rotate_right(2);
    }
    answers
}
