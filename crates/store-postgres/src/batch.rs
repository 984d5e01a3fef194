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
//!
//! A change that is about very much has a transaction of its own ([`Scale::Large`]): for as long as it takes, and
//! written step by step.

use crate::{
    attempt::{Attempt, Scale},
    audit,
    bind::{self, Query},
    connection::{Connection, Failed},
    fault::Fault,
    metrics::Counters,
    options::Options,
    primary::Primary,
    rows::{self, Fields},
    schema,
    state::State,
    work::Work,
    writers,
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use actas_domain::{ports::Clock, time::UnixMillis};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::Row;

pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// The place of [`audit::TAKE_HEAD`] among the statements that begin a batch.
const HEAD_STEP: usize = 2;
/// That of [`CLOCK`].
const CLOCK_STEP: usize = 4;
/// A statement of its own behind the one that waits for the head: the time of the decision is when it is held. So is
/// that at which this binary is one that may write.
const CLOCK: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, value FROM meta \
    WHERE name = 'minimum_reader_version'";
const SIGN: &str = "INSERT INTO writers (id, batch, at) \
    VALUES ($1, $2, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
    ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at";
/// A timeout would end the wait for the standby, and leave a commit that nobody but this server has.
pub(crate) const NO_TIMEOUT: &str = "SET LOCAL statement_timeout = 0";
pub(crate) const COMMIT: &str = "COMMIT";

/// How long a commit's answer is awaited beyond what its statements may take. Then it is looked up; it is never
/// cancelled, and may well go on.
pub(crate) const COMMIT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a step of a large change is awaited.
const LARGE_PATIENCE: Duration = Duration::from_secs(600);
/// The same of its commit: a standby has all of it to catch up with.
const LARGE_COMMIT_PATIENCE: Duration = Duration::from_secs(120);
/// How long the server lets a large change do nothing, while what it is about is worked at here: half of what others wait
/// for their turn, so that one which stops costs them no answer. Of others it is [`crate::connection`] that says.
const LARGE_IDLE_SECONDS: u64 = 30;
const _: () = assert!(2 * LARGE_IDLE_SECONDS <= Options::DEFAULT_HEAD_PATIENCE.as_secs());
/// Rows of parties, of each table, that a batch to share reads at most.
const SHARED_ROWS_MAX: u32 = 4_000;
/// Statements of a large change that are sent at a time.
const LARGE_STEP: usize = 4;
/// The rows of writers that are gone are removed so often.
const TIDY_INTERVAL: Duration = Duration::from_secs(3_600);

/// How long an end waits for its last words.
const LEAVING_PATIENCE: Duration = Duration::from_secs(2);

/// Whose time decides at the commit.
pub(crate) enum Time {
    Database,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only tests hand in a clock"))]
    Given(Arc<dyn Clock>),
}

pub(crate) struct Batches {
    pub(crate) primary: Arc<Primary>,
    time: Time,
    /// Of this writer's row in `writers`.
    pub(crate) id: String,
    /// Of the newest try of a batch.
    pub(crate) number: i64,
    pub(crate) connection: Option<Connection>,
    counters: Arc<Counters>,
    tidied_at: Instant,
    /// When the next sign of life is due.
    pub(crate) sign_at: Instant,
    /// The last batch could not be carried out: nobody waits longer for the head than for any other statement.
    pub(crate) is_down: bool,
}

impl Batches {
    pub(crate) fn new(
        primary: Arc<Primary>,
        time: Time,
        id: String,
        connection: Connection,
        counters: Arc<Counters>,
    ) -> Self {
        let tidied_at = Instant::now();
        let sign_at = tidied_at + writers::SIGN_EVERY;
        Self {
            primary,
            time,
            id,
            number: 0,
            connection: Some(connection),
            counters,
            tidied_at,
            sign_at,
            is_down: false,
        }
    }

    /// Carries out all work in one transaction. Its turn should come by then.
    pub(crate) async fn attempt(&mut self, works: &[&Work], scale: Scale, turn_by: Instant) -> Attempt {
        self.number += 1;
        let mut connection = match self.connected().await {
            Ok(connection) => connection,
            Err(fault) => return Attempt::Failed(fault),
        };
        let (attempt, keep) = self.on(&mut connection, works, scale, turn_by).await;
        match &attempt {
            Attempt::Done(_) => {}
            Attempt::Failed(_) => self.counters.rolled_back(),
            Attempt::Unknown(_) => {
                self.counters.fate_unknown();
                self.primary.doubt(&connection);
            }
        }
        if keep
            && (matches!(attempt, Attempt::Done(_)) || connection.run(Query::plain("ROLLBACK")).await.is_ok())
        {
            self.connection = Some(connection);
        }
        attempt
    }

    /// Says that this writer lives, where it has not for a while. A failure is met by the next batch.
    pub(crate) async fn sign_of_life(&mut self) {
        if Instant::now() < self.sign_at {
            return;
        }
        self.sign_at = Instant::now() + writers::SIGN_EVERY;
        let Ok(mut connection) = self.connected().await else { return };
        if writers::sign(&mut connection, &self.id).await.is_ok() {
            self.connection = Some(connection);
        }
    }

    /// Says that this writer has ended, if that can be said at once: otherwise its row grows old.
    pub(crate) async fn leave(&mut self) {
        if let Some(mut connection) = self.connection.take().filter(|connection| !connection.is_closed()) {
            let _ = timeout(LEAVING_PATIENCE, writers::leave(&mut connection, &self.id)).await;
        }
    }

    async fn connected(&mut self) -> Result<Connection, Fault> {
        let kept = self.connection.take();
        match kept.filter(|kept| !kept.is_closed() && self.primary.is_current(kept)) {
            Some(connection) => Ok(connection),
            None => self.primary.open().await,
        }
    }

    /// What became of the work, and whether the connection is of further use.
    async fn on(
        &mut self,
        connection: &mut Connection,
        works: &[&Work],
        scale: Scale,
        turn_by: Instant,
    ) -> (Attempt, bool) {
        let mut state = State::default();
        for work in works {
            work.want(&mut state);
        }
        let failed = |fault: Fault| {
            let keep = !fault.breaks_connection();
            (Attempt::Failed(fault), keep)
        };
        let now = match self.begin(connection, &mut state, scale, turn_by).await {
            Ok(now) => now,
            Err(fault) => return failed(fault),
        };
        let outcomes: Vec<_> = works.iter().map(|work| work.carry_out(&mut state, now)).collect();
        if outcomes.iter().all(Result::is_err) {
            // What was refused was refused by what is committed: there is nothing to write, and nothing to lose.
            let ended = connection.run(Query::plain("ROLLBACK")).await.is_ok();
            return (Attempt::Done(outcomes), ended);
        }
        let queries = match self.written(connection, &state, scale).await {
            Ok(queries) => queries,
            Err(fault) => return failed(fault),
        };
        match self.commit(connection, queries, self.number, scale).await {
            (Ok(()), true) => {
                self.sign_at = Instant::now() + writers::SIGN_EVERY;
                self.counters.committed(works.len());
                (Attempt::Done(outcomes), true)
            }
            (Err(fault), true) => failed(fault),
            (Ok(()), false) => (Attempt::Unknown(outcomes), false),
            (Err(fault), false) => {
                tracing::warn!(%fault, "a commit was not answered: looking it up");
                (Attempt::Unknown(outcomes), false)
            }
        }
    }

    /// Takes the head of the record, and then reads all that was asked for.
    async fn begin(
        &self,
        connection: &mut Connection,
        state: &mut State,
        scale: Scale,
        turn_by: Instant,
    ) -> Result<UnixMillis, Fault> {
        let (head_patience, timeout) = (self.head_patience(turn_by), self.options().statement_timeout);
        let (rows_max, timeout, patience) = match scale {
            Scale::Shared => (Some(SHARED_ROWS_MAX), timeout, connection.patience()),
            Scale::Large => (None, Duration::ZERO, LARGE_PATIENCE),
        };
        let mut queries = vec![
            Query::plain(BEGIN),
            limit(head_patience),
            Query::plain(audit::TAKE_HEAD),
            limit(timeout),
            Query::plain(CLOCK),
        ];
        queries.extend((scale == Scale::Large).then(may_be_idle));
        let loads_from = queries.len();
        let mut loads = state.loads(rows_max);
        queries.extend(loads.iter_mut().map(|load| std::mem::replace(&mut load.query, Query::plain(""))));
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::ReadsBeforeHead) {
            queries[1..].rotate_left(CLOCK_STEP);
        }
        let answers = connection.pipeline_within(head_patience + patience, &queries).await;
        let answers = answers.map_err(|failed| of_the_head(failed, head_patience))?;
        #[cfg(feature = "mutations")]
        let answers = mutated_order(answers);
        let nothing = Vec::new();
        let head = answers.get(HEAD_STEP).unwrap_or(&nothing);
        let unreadable = || Fault::Unreadable("record_head: there is no row".into());
        state.record.head =
            rows::one(head, |row| Fields::of(row, "record_head").unsigned())?.ok_or_else(unreadable)?;
        let now = self.now(answers.get(CLOCK_STEP).unwrap_or(&nothing))?;
        for (load, found) in loads.into_iter().zip(answers.get(loads_from..).unwrap_or_default()) {
            if load.rows_max.is_some_and(|most| found.len() > most as usize) {
                return Err(Fault::Large);
            }
            (load.fill)(state, found)?;
        }
        Ok(now)
    }

    fn now(&self, clock: &[Row]) -> Result<UnixMillis, Fault> {
        let read = |row: &Row| {
            let mut fields = Fields::of(row, "the clock and meta");
            Ok((fields.time()?, fields.unsigned()?))
        };
        let unreadable = || Fault::Unreadable("meta: it says no version".into());
        let (now, least_reader) = rows::one(clock, read)?.ok_or_else(unreadable)?;
        schema::may_work(Some(least_reader))?;
        Ok(match &self.time {
            Time::Given(clock) => clock.now(),
            Time::Database => now,
        })
    }

    /// Writes a large change, all but its end. What is left is to be sent with the commit.
    async fn written(
        &self,
        connection: &mut Connection,
        state: &State,
        scale: Scale,
    ) -> Result<Vec<Query>, Fault> {
        let mut changes = state.changes().into_queries();
        if scale == Scale::Shared {
            return Ok(changes.collect());
        }
        loop {
            let step: Vec<Query> = changes.by_ref().take(LARGE_STEP).collect();
            if step.len() < LARGE_STEP {
                return Ok(step);
            }
            connection.pipeline_within(LARGE_PATIENCE, &step).await?;
        }
    }

    /// Writes, signs with this number and commits. The second value is whether the first one is certain: that all of it
    /// is durable, or that nothing of it happened.
    pub(crate) async fn commit(
        &mut self,
        connection: &mut Connection,
        mut queries: Vec<Query>,
        number: i64,
        scale: Scale,
    ) -> (Result<(), Fault>, bool) {
        if self.tidied_at.elapsed() > TIDY_INTERVAL {
            self.tidied_at = Instant::now();
            queries.push(schema::forget_writers());
        }
        queries.push(sign(&self.id, number));
        queries.push(Query::plain(NO_TIMEOUT));
        queries.push(Query::plain(COMMIT));
        let patience = match scale {
            Scale::Shared => self.options().statement_timeout + COMMIT_PATIENCE,
            Scale::Large => LARGE_COMMIT_PATIENCE,
        };
        let until = Instant::now() + patience;
        // Statements that are new are prepared first, while it is certain that nothing is committed.
        match timeout_at(until, connection.prepare(&queries)).await {
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
        match timeout_at(until, connection.send(&queries)).await {
            Ok(Ok(_)) => (Ok(()), connection.warnings() == warnings),
            Ok(Err(Failed { fault, .. })) => {
                let is_certain = fault.ends_transaction();
                (Err(fault), is_certain)
            }
            Err(_) => (Err(Fault::Silent(patience.as_secs())), false),
        }
    }

    /// What is left until then, and no less than what a statement may take: others of the batch have just come.
    fn head_patience(&self, turn_by: Instant) -> Duration {
        let longest = self.options().head_patience;
        let shortest = longest.min(self.options().statement_timeout);
        if self.is_down {
            return shortest;
        }
        turn_by.saturating_duration_since(Instant::now()).clamp(shortest, longest)
    }

    fn options(&self) -> &Options {
        &self.primary.options
    }
}

/// Signs the transaction that it is in as this batch of this writer.
pub(crate) fn sign(id: &str, number: i64) -> Query {
    Query::new(SIGN, vec![bind::text(id), bind::integer(number)])
}

/// What each statement of this transaction may take from now on; zero for any time.
fn limit(timeout: Duration) -> Query {
    Query::new(format!("SET LOCAL statement_timeout = {}", timeout.as_millis()), Vec::new())
}

fn may_be_idle() -> Query {
    let sql = format!("SET LOCAL idle_in_transaction_session_timeout = '{LARGE_IDLE_SECONDS}s'");
    Query::new(sql, Vec::new())
}

/// Whoever waits for the head waits for others, and did nothing yet.
fn of_the_head(failed: Failed, head_patience: Duration) -> Fault {
    if failed.step == HEAD_STEP && failed.fault.is_timeout() {
        return Fault::HeadHeld(head_patience.as_secs());
    }
    failed.fault
}

/// The answers in the order of the statements that nobody has moved.
#[cfg(feature = "mutations")]
fn mutated_order(mut answers: Vec<Vec<Row>>) -> Vec<Vec<Row>> {
    if mutation::is(Mutation::ReadsBeforeHead) && answers.len() > CLOCK_STEP {
        answers[1..].rotate_right(CLOCK_STEP);
    }
    answers
}
