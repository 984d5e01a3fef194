//! The one writer of this replica: it takes what waits, has it carried out in one transaction, and answers all when
//! that is durable.
//!
//! A batch that came to nothing for a reason that may pass (a connection that broke before the commit, a deadlock, a
//! database that moves to another host) is tried anew as a whole, for a bounded time; its guards are then looked at
//! again. One whose commit was sent and not answered is looked up first.

use crate::{
    batch::{Attempt, Batches, Fate},
    fault::Fault,
    options::Options,
    reads::closed,
    work::{GuardFailed, Note, Work},
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use actas_domain::{
    change::Change,
    ids::SessionId,
    ports::{CommitError, Committed, StoreError},
    time::UnixMillis,
};
use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{
        Mutex,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinHandle,
    time::{Instant, sleep},
};

/// The pauses between two tries.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The position of a change's own entry; how many rows a note was about; of no meaning for other work.
type Outcome = Result<u64, CommitError>;

struct Job {
    work: Work,
    answer: oneshot::Sender<Outcome>,
}

/// The requests' end of the writer's queue.
pub(crate) struct Writer {
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    running: Mutex<Option<JoinHandle<()>>>,
    queue_length: usize,
}

impl Writer {
    pub(crate) fn start(batches: Batches, options: &Options) -> Self {
        let (sender, jobs) = mpsc::channel(options.queue_length.max(1));
        let committer = Committer { batches, retry_for: options.retry_for, is_down: false };
        let running = tokio::spawn(committer.run(jobs, options.batch_max.max(1)));
        Self {
            queue: RwLock::new(Some(sender)),
            running: Mutex::new(Some(running)),
            queue_length: options.queue_length.max(1),
        }
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

    pub(crate) const fn queue_length(&self) -> usize {
        self.queue_length
    }

    pub(crate) fn queue_depth(&self) -> usize {
        self.queue().as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Carries out what waits and ends.
    pub(crate) async fn close(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(running) = self.running.lock().await.take()
            && running.await.is_err()
        {
            tracing::error!("the store's writer had panicked");
        }
    }

    async fn done(&self, work: Work) -> Outcome {
        let (answer, answered) = oneshot::channel();
        match self.queue().as_ref().map(|queue| queue.try_send(Job { work, answer })) {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => return Err(StoreError::Overloaded.into()),
            Some(Err(TrySendError::Closed(_))) | None => return Err(closed().into()),
        }
        answered.await.map_err(|_| closed())?
    }

    fn queue(&self) -> std::sync::RwLockReadGuard<'_, Option<mpsc::Sender<Job>>> {
        self.queue.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn without_guards(error: CommitError) -> StoreError {
    match error {
        CommitError::Store(error) => error,
        CommitError::GuardFailed => StoreError::Corrupt("work without guards failed a guard".into()),
    }
}

/// The writer's end of the queue.
struct Committer {
    batches: Batches,
    retry_for: Duration,
    /// The last batch could not be carried out: the next is tried once, so that nobody waits for long.
    is_down: bool,
}

impl Committer {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>, batch_max: usize) {
        let mut jobs = Vec::with_capacity(batch_max);
        while queue.recv_many(&mut jobs, batch_max).await > 0 {
            let outcomes = self.carry_out(&jobs).await;
            for (job, outcome) in jobs.drain(..).zip(outcomes) {
                // Whoever asked may have gone away meanwhile.
                let _ = job.answer.send(outcome);
            }
        }
    }

    /// The outcome of every job, each of them durable.
    async fn carry_out(&mut self, jobs: &[Job]) -> Vec<Outcome> {
        let works: Vec<&Work> = jobs.iter().map(|job| &job.work).collect();
        match self.together(&works).await {
            Ok(outcomes) => outcomes.into_iter().map(answered).collect(),
            // One of them cannot be carried out: the others can.
            Err(fault) if fault.is_of_one() && works.len() > 1 => {
                let mut outcomes = Vec::with_capacity(works.len());
                for work in works {
                    outcomes.push(self.alone(work).await);
                }
                outcomes
            }
            Err(fault) => works.iter().map(|_| Err(fault.to_store_error().into())).collect(),
        }
    }

    async fn alone(&mut self, work: &Work) -> Outcome {
        let outcomes = self.together(&[work]).await.map_err(|fault| fault.to_store_error())?;
        outcomes.into_iter().next().map_or_else(|| Err(closed().into()), answered)
    }

    async fn together(&mut self, works: &[&Work]) -> Result<Vec<Result<u64, GuardFailed>>, Fault> {
        let until = Instant::now() + if self.is_down { Duration::ZERO } else { self.retry_for };
        let mut pause = FIRST_PAUSE;
        loop {
            let fault = match self.batches.attempt(works).await {
                Attempt::Done(outcomes) => {
                    self.is_down = false;
                    return Ok(outcomes);
                }
                Attempt::Failed(fault) => fault,
                #[cfg(feature = "mutations")]
                Attempt::Unknown(outcomes) if mutation::is(Mutation::UnknownFateBelieved) => {
                    return Ok(outcomes);
                }
                #[cfg(feature = "mutations")]
                Attempt::Unknown(_) if mutation::is(Mutation::UnknownFateRepeated) => continue,
                Attempt::Unknown(outcomes) => match self.fate().await {
                    Some(Fate::Committed) => {
                        self.is_down = false;
                        return Ok(outcomes);
                    }
                    Some(Fate::NotCommitted) => {
                        Fault::Unreachable("the connection to the database broke during a commit".into())
                    }
                    None => {
                        self.is_down = true;
                        return Err(Fault::Unreachable(
                            "the connection to the database broke during a commit, and what became of it could not be \
                             looked up in time: it may have been written"
                                .into(),
                        ));
                    }
                },
            };
            if !fault.may_pass() {
                tracing::error!(%fault, changes = works.len(), "a transaction of the store failed");
                return Err(fault);
            }
            if Instant::now() + pause >= until {
                if !self.is_down {
                    tracing::error!(%fault, changes = works.len(), "the database cannot be written");
                }
                self.is_down = true;
                return Err(fault);
            }
            tracing::warn!(%fault, changes = works.len(), "a transaction of the store is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What became of the newest batch; none when nobody could tell in time.
    async fn fate(&mut self) -> Option<Fate> {
        let until = Instant::now() + 3 * self.retry_for;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.batches.fate().await {
                Ok(fate) => {
                    tracing::warn!(?fate, "a commit that was not answered was looked up");
                    return Some(fate);
                }
                Err(fault) if Instant::now() + pause >= until => {
                    tracing::error!(%fault, "what became of a commit could not be looked up");
                    return None;
                }
                Err(_) => sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn answered(outcome: Result<u64, GuardFailed>) -> Outcome {
    outcome.map_err(|GuardFailed| CommitError::GuardFailed)
}
