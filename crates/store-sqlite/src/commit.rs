//! The one writer: it takes what waits, carries it out in one transaction, waits for the disk, then answers all.
//!
//! A change that fails a guard has written nothing, so the others of its batch go on. One that fails when it has
//! begun to write takes the transaction with it, and the batch is tried again change by change, each in a
//! transaction of its own: that is rare, so nobody pays for a savepoint.

use crate::{
    audit,
    checkpoint::Checkpoints,
    fault::Fault,
    guards, kept_answers,
    metrics::Counters,
    options::Options,
    pace::Pace,
    queue::{Queue, Rejected, Taken},
    reads::closed,
    retention,
    rows::execute,
    secret_keys_seen::SecretKeysSeen,
    sessions, sign_ins,
    threads::Threads,
    writes,
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use actas_domain::{
    change::{Change, Write},
    idempotency::KeptAnswer,
    ids::SessionId,
    ports::{Clock, CommitError, Committed, StoreError},
    retention::{Place, Purge},
    secret::SecretHash,
    sign_in::{PendingSignIn, failures::PasswordFailures},
    time::UnixMillis,
};
use rusqlite::Connection;
use std::{io, sync::Arc, time::Instant};
use tokio::sync::oneshot;

/// The requests' end of the writer's queue.
pub(crate) struct Writer {
    queue: Arc<Queue<Job>>,
    threads: Threads,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        clock: Arc<dyn Clock>,
        options: &Options,
        checkpoints: Checkpoints,
        counters: Arc<Counters>,
        secret_keys: Arc<SecretKeysSeen>,
    ) -> Result<Self, io::Error> {
        let queue = Arc::new(Queue::new(options.queue_length));
        let writer = Self { queue: Arc::clone(&queue), threads: Threads::default() };
        let batch_max = options.batch_max.max(1);
        let committer = Committer { connection, clock, checkpoints, counters, secret_keys };
        writer.threads.spawn("store-writer", move || committer.run(&LastOrders(queue), batch_max))?;
        Ok(writer)
    }

    pub(crate) async fn commit(&self, change: Change) -> Result<Committed, CommitError> {
        let position = self.done(Work::Change(Box::new(change))).await?;
        Ok(Committed { position })
    }

    pub(crate) async fn record_activity(&self, session: SessionId, at: UnixMillis) -> Result<(), StoreError> {
        self.done(Work::Activity { session, at }).await.map(drop).map_err(without_guards)
    }

    /// Writes what has no entry in the record. Returns how many rows were set, kept or removed.
    pub(crate) async fn note(&self, note: Note) -> Result<u64, StoreError> {
        self.done(Work::Note(Box::new(note))).await.map_err(without_guards)
    }

    /// Whether something can be written.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.done(Work::Check).await.map(drop).map_err(without_guards)
    }

    /// Breaks the writer's connection as the test wants it.
    #[cfg(feature = "testing")]
    pub(crate) async fn sabotage(&self, sabotage: crate::sabotage::Sabotage) -> Result<(), StoreError> {
        self.done(Work::Sabotage(sabotage)).await.map(drop).map_err(without_guards)
    }

    pub(crate) fn queue(&self) -> &Queue<Job> {
        &self.queue
    }

    /// Carries out what waits and ends the thread.
    pub(crate) fn close(&self) {
        self.queue.close();
        self.threads.join();
    }

    async fn done(&self, work: Work) -> Outcome {
        let (answer, answered) = oneshot::channel();
        self.queue.push(Job { work, answer }).map_err(|rejected| match rejected {
            Rejected::Full => StoreError::Overloaded,
            Rejected::Closed => closed(),
        })?;
        answered.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn without_guards(error: CommitError) -> StoreError {
    match error {
        CommitError::Store(error) => error,
        CommitError::GuardFailed => StoreError::Corrupt("work without guards failed a guard".into()),
    }
}

pub(crate) struct Job {
    work: Work,
    answer: oneshot::Sender<Outcome>,
}

enum Work {
    Change(Box<Change>),
    Activity {
        session: SessionId,
        at: UnixMillis,
    },
    Note(Box<Note>),
    Check,
    #[cfg(feature = "testing")]
    Sabotage(crate::sabotage::Sabotage),
}

impl Work {
    fn is_about_secret_keys(&self) -> bool {
        let is_about = |write: &Write| matches!(write, Write::AddSecretKey(_) | Write::RevokeSecretKey(_));
        matches!(self, Self::Change(change) if change.writes().iter().any(is_about))
    }
}

/// What is no state of record.
pub(crate) enum Note {
    BeginSignIn(PendingSignIn),
    /// Fails its guard when they are not as seen.
    SetGuesses {
        identifier: SecretHash,
        seen: Option<PasswordFailures>,
        set: PasswordFailures,
    },
    ForgetSignIns {
        now: UnixMillis,
        forgotten: UnixMillis,
        limit: u32,
    },
    KeepAnswer(KeptAnswer),
    ForgetAnswers {
        now: UnixMillis,
        limit: u32,
    },
    Purge {
        purge: Purge,
        last: Option<Place>,
        now: UnixMillis,
        limit: u32,
    },
}

/// The position of the change's own entry; how many rows a note was about; of no meaning for other work.
type Outcome = Result<u64, CommitError>;

/// A writer that ends, for whatever reason, leaves nobody waiting.
struct LastOrders(Arc<Queue<Job>>);

impl Drop for LastOrders {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Why a piece of work did not happen.
enum Stopped {
    Guard,
    Fault(Fault),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Stopped {
    fn to_error(&self) -> CommitError {
        match self {
            Self::Guard => CommitError::GuardFailed,
            Self::Fault(fault) => CommitError::Store(fault.to_store_error()),
        }
    }
}

/// Why a transaction was rolled back.
enum Undone {
    /// It could not begin or not commit: nothing of it happened.
    Whole(Fault),
    /// One piece of work failed when it had begun to write.
    Midway(Stopped),
}

/// The writer's end of the queue.
struct Committer {
    connection: Connection,
    clock: Arc<dyn Clock>,
    checkpoints: Checkpoints,
    counters: Arc<Counters>,
    secret_keys: Arc<SecretKeysSeen>,
}

impl Committer {
    fn run(mut self, queue: &LastOrders, batch_max: usize) {
        let mut jobs = Vec::with_capacity(batch_max);
        let mut pace = Pace::default();
        loop {
            match queue.0.take(&mut jobs, batch_max, self.checkpoints.patience()) {
                Taken::Items => {
                    let wait = pace.wait(Instant::now());
                    queue.0.take_company(&mut jobs, batch_max, wait.expected, wait.patience);
                    let (begun, count) = (Instant::now(), jobs.len());
                    self.carry_out(&mut jobs);
                    pace.follow(count, queue.0.len(), begun, Instant::now());
                    self.checkpoints.after_commit(&self.connection);
                }
                Taken::Nothing => self.checkpoints.when_idle(&self.connection),
                Taken::Closed => break,
            }
        }
        self.checkpoints.at_the_end(&self.connection);
    }

    /// Answers every job, when its outcome is durable.
    fn carry_out(&mut self, jobs: &mut Vec<Job>) {
        let secret_keys = Arc::clone(&self.secret_keys);
        let shut = jobs.iter().any(|job| job.work.is_about_secret_keys()).then(|| secret_keys.closed());
        let outcomes = match self.transaction(jobs) {
            Err(Undone::Midway(_)) if jobs.len() > 1 => jobs.chunks(1).map(|job| self.alone(job)).collect(),
            outcomes => answers(outcomes, jobs.len()),
        };
        drop(shut);
        for (job, outcome) in jobs.drain(..).zip(outcomes) {
            // Whoever asked may have gone away meanwhile.
            let _ = job.answer.send(outcome);
        }
        #[cfg(feature = "mutations")]
        if !self.connection.is_autocommit() {
            let _ = execute(&self.connection, "COMMIT", []);
        }
    }

    fn alone(&mut self, job: &[Job]) -> Outcome {
        match self.transaction(job) {
            Ok(outcomes) => outcomes.into_iter().next().unwrap_or_else(|| Err(closed().into())),
            Err(Undone::Midway(stopped)) => Err(stopped.to_error()),
            Err(Undone::Whole(fault)) => Err(fault.to_store_error().into()),
        }
    }

    /// Carries out all jobs in one transaction.
    fn transaction(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Undone> {
        match self.in_transaction(jobs) {
            Ok(outcomes) => {
                self.counters.committed(jobs.len());
                Ok(outcomes)
            }
            Err(undone) => {
                self.counters.rolled_back();
                // SQLite may have rolled back by itself, when the disk was full.
                if !self.connection.is_autocommit()
                    && let Err(error) = self.connection.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "a transaction of the store could not be rolled back");
                }
                if let Undone::Whole(fault) = &undone {
                    tracing::error!(%fault, changes = jobs.len(), "a transaction of the store failed");
                }
                Err(undone)
            }
        }
    }

    fn in_transaction(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Undone> {
        execute(&self.connection, "BEGIN IMMEDIATE", []).map_err(Undone::Whole)?;
        let mut position = audit::last_position(&self.connection).map_err(Undone::Whole)? + 1;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let before = self.connection.total_changes();
            let outcome = match self.work(&job.work, &mut position) {
                Ok(position) => Ok(position),
                Err(stopped) => {
                    let wrote = self.connection.total_changes() != before;
                    if wrote || self.connection.is_autocommit() {
                        return Err(Undone::Midway(stopped));
                    }
                    Err(stopped.to_error())
                }
            };
            outcomes.push(outcome);
        }
        #[cfg(feature = "mutations")]
        if mutation::is(Mutation::AnsweredBeforeCommit) {
            return Ok(outcomes);
        }
        execute(&self.connection, "COMMIT", []).map_err(Undone::Whole)?;
        Ok(outcomes)
    }

    fn work(&mut self, work: &Work, next_position: &mut u64) -> Result<u64, Stopped> {
        match work {
            Work::Change(change) => self.change(change, next_position),
            Work::Activity { session, at } => {
                sessions::record_activity(&self.connection, session, *at, self.clock.now())?;
                Ok(0)
            }
            Work::Note(note) => Ok(self.note(note)?),
            Work::Check => {
                execute(&self.connection, "UPDATE meta SET value = value + 1 WHERE name = 'checks'", [])?;
                Ok(0)
            }
            #[cfg(feature = "testing")]
            Work::Sabotage(sabotage) => {
                sabotage.carry_out(&mut self.connection)?;
                Ok(0)
            }
        }
    }

    fn note(&self, note: &Note) -> Result<u64, Fault> {
        let connection = &self.connection;
        match note {
            Note::BeginSignIn(pending) => sign_ins::begin(connection, pending).map(|()| 0),
            Note::SetGuesses { identifier, seen, set } => {
                sign_ins::set_guesses(connection, identifier, *seen, *set).map(u64::from)
            }
            Note::ForgetSignIns { now, forgotten, limit } => {
                sign_ins::forget(connection, *now, *forgotten, *limit).map(|removed| removed as u64)
            }
            Note::KeepAnswer(answer) => {
                kept_answers::keep(connection, answer, self.clock.now()).map(u64::from)
            }
            Note::ForgetAnswers { now, limit } => {
                kept_answers::forget(connection, *now, *limit).map(|removed| removed as u64)
            }
            Note::Purge { purge, last, now, limit } => {
                let now = self.clock.now().min(*now);
                retention::purge(connection, purge, last.as_ref(), now, *limit).map(|removed| removed as u64)
            }
        }
    }

    /// The position of the change's own entry; those of the entries that follow from it come right behind.
    fn change(&self, change: &Change, next_position: &mut u64) -> Result<u64, Stopped> {
        let now = self.clock.now();
        for guard in change.guards() {
            if !guards::holds(&self.connection, guard, now)? {
                return Err(Stopped::Guard);
            }
        }
        let mut derived = Vec::new();
        for write in change.writes() {
            if !writes::write(&self.connection, change, write, now, &mut derived)? {
                return Err(Stopped::Guard);
            }
        }
        #[cfg(feature = "mutations")]
        if change.is_off_record() {
            return Ok(*next_position);
        }
        let own = *next_position;
        for (event, position) in std::iter::once(change.event()).chain(&derived).zip(own..) {
            audit::append(&self.connection, position, event)?;
        }
        *next_position = own + 1 + derived.len() as u64;
        Ok(own)
    }
}

/// The same for all, where the transaction as a whole came to nothing.
fn answers(outcomes: Result<Vec<Outcome>, Undone>, count: usize) -> Vec<Outcome> {
    match outcomes {
        Ok(outcomes) => outcomes,
        Err(Undone::Whole(fault)) => (0..count).map(|_| Err(fault.to_store_error().into())).collect(),
        Err(Undone::Midway(stopped)) => (0..count).map(|_| Err(stopped.to_error())).collect(),
    }
}
