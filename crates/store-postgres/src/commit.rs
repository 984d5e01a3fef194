//! The one writer of this replica: it takes what waits, has it carried out in one transaction, and answers all when
//! that is durable.
//!
//! A batch that came to nothing for a reason that may pass (a connection that broke before the commit, a deadlock, a
//! database that moves to another host) is tried anew as a whole, for a bounded time; its guards are then looked at
//! again. One whose commit was sent and not answered is looked up first.

use crate::{
    attempt::{Attempt, Fate, Scale},
    batch::Batches,
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
    time::{Instant, sleep, timeout, timeout_at},
};

/// The pauses between two tries.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The position of a change's own entry; how many rows a note was about; of no meaning for other work.
type Outcome = Result<u64, CommitError>;

/// The number of a try of a batch, and what is to be answered where it was committed.
type Try = (i64, Vec<Result<u64, GuardFailed>>);

struct Job {
    work: Work,
    asked_at: Instant,
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
        let committer =
            Committer { batches, retry_for: options.retry_for, turn_patience: options.head_patience };
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

    /// That there is still somebody who writes.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.queue().as_ref() {
            Some(queue) if queue.is_closed() => Err(has_ended()),
            Some(_) => Ok(()),
            None => Err(closed()),
        }
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
        match self
            .queue()
            .as_ref()
            .map(|queue| queue.try_send(Job { work, asked_at: Instant::now(), answer }))
        {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => return Err(StoreError::Overloaded.into()),
            Some(Err(TrySendError::Closed(_))) => return Err(has_ended().into()),
            None => return Err(closed().into()),
        }
        answered.await.map_err(|_| has_ended())?
    }

    fn queue(&self) -> std::sync::RwLockReadGuard<'_, Option<mpsc::Sender<Job>>> {
        self.queue.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It never ends by itself: it panicked, and what it was about is in nobody's memory any more.
fn has_ended() -> StoreError {
    StoreError::Unavailable(
        "the store's writer has ended, which its log tells of: start the server again".into(),
    )
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
    /// What waited for longer is not begun.
    turn_patience: Duration,
}

impl Committer {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>, batch_max: usize) {
        let mut jobs = Vec::with_capacity(batch_max);
        loop {
            match timeout_at(self.batches.sign_at, queue.recv_many(&mut jobs, batch_max)).await {
                Ok(0) => break,
                Ok(_) => {
                    self.carry_out(std::mem::take(&mut jobs)).await;
                    self.sign_between().await;
                }
                Err(_) => self.batches.sign_of_life().await,
            }
        }
        self.batches.leave().await;
    }

    /// Work that comes to nothing signs nothing, however much of it there is. Where the database could not even be
    /// reached, nobody waits behind another try.
    async fn sign_between(&mut self) {
        if self.batches.connection.is_some() {
            self.batches.sign_of_life().await;
        }
    }

    /// Those that did not wait for too long. The others are told so.
    fn in_time(&self, jobs: Vec<Job>) -> Vec<Job> {
        let (late, jobs) = jobs.into_iter().partition(|job| job.asked_at.elapsed() > self.turn_patience);
        answer(late, Err(too_late(self.turn_patience)));
        jobs
    }

    /// Answers every job when it is durable.
    async fn carry_out(&mut self, jobs: Vec<Job>) {
        let jobs = self.in_time(jobs);
        match self.together(&jobs, Scale::Shared).await {
            Err(Fault::Large) => self.large_ones_apart(jobs).await,
            Err(fault) if fault.is_of_one() && jobs.len() > 1 => self.one_by_one(jobs.into_iter()).await,
            outcomes => answer(jobs, outcomes),
        }
    }

    /// Some may be about very much: the others do not wait for them.
    async fn large_ones_apart(&mut self, jobs: Vec<Job>) {
        let (large, small): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.work.is_of_a_party());
        let small = self.in_time(small);
        match self.together(&small, Scale::Shared).await {
            Err(fault) if fault.is_of_one() && small.len() > 1 => {
                self.one_by_one(small.into_iter().chain(large)).await;
            }
            Err(fault) if !fault.is_of_one() => {
                answer(small, Err(fault));
                answer(large, Err(not_begun()));
            }
            outcomes => {
                answer(small, outcomes);
                self.one_by_one(large.into_iter()).await;
            }
        }
    }

    /// One of them cannot be carried out: the others can. Where a second one takes too long, or one fails that is not at
    /// fault itself, it is the database that is slow or away, and nobody waits for all of them in turn.
    async fn one_by_one(&mut self, mut jobs: impl Iterator<Item = Job>) {
        let mut too_slow = 0;
        for job in jobs.by_ref() {
            let scale = if job.work.is_of_a_party() { Scale::Large } else { Scale::Shared };
            let job = self.in_time(vec![job]);
            let outcomes = self.together(&job, scale).await;
            let fault = outcomes.as_ref().err();
            too_slow += u32::from(fault.is_some_and(Fault::is_timeout));
            let goes_on = too_slow < 2 && fault.is_none_or(Fault::is_of_one);
            answer(job, outcomes);
            if !goes_on {
                break;
            }
            self.sign_between().await;
        }
        answer(jobs.collect(), Err(not_begun()));
    }

    async fn together(&mut self, jobs: &[Job], scale: Scale) -> Result<Vec<Result<u64, GuardFailed>>, Fault> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let works: Vec<&Work> = jobs.iter().map(|job| &job.work).collect();
        let oldest = jobs.iter().map(|job| job.asked_at).min().unwrap_or_else(Instant::now);
        let turn_by = oldest + self.turn_patience;
        // While the database is away each batch is tried once, so that nobody waits for long.
        let until = Instant::now() + if self.batches.is_down { Duration::ZERO } else { self.retry_for };
        let mut pause = FIRST_PAUSE;
        // Tries whose fate was not known at once.
        let mut tries: Vec<Try> = Vec::new();
        loop {
            let fault = match self.batches.attempt(&works, scale, turn_by).await {
                Attempt::Done(outcomes) => {
                    self.batches.is_down = false;
                    return Ok(outcomes);
                }
                Attempt::Failed(fault) => fault,
                #[cfg(feature = "mutations")]
                Attempt::Unknown(outcomes) if mutation::is(Mutation::UnknownFateBelieved) => {
                    return Ok(outcomes);
                }
                #[cfg(feature = "mutations")]
                Attempt::Unknown(_) if mutation::is(Mutation::UnknownFateRepeated) => continue,
                Attempt::Unknown(outcomes) => {
                    tries.push((self.batches.number, outcomes));
                    match self.fate(&tries).await {
                        Some(Fate::Committed(number)) => {
                            self.batches.is_down = false;
                            let of_try = tries.into_iter().find(|(each, _)| *each == number);
                            return of_try.map(|(_, outcomes)| outcomes).ok_or_else(unknown);
                        }
                        Some(Fate::NotCommitted) => {
                            Fault::Unreachable("the connection to the database broke during a commit".into())
                        }
                        None => {
                            self.batches.is_down = true;
                            return Err(unknown());
                        }
                    }
                }
            };
            if matches!(fault, Fault::Large) {
                return Err(fault);
            }
            if !fault.may_pass() {
                tracing::error!(%fault, changes = works.len(), "a transaction of the store failed");
                return Err(fault);
            }
            if Instant::now() + pause >= until {
                if !self.batches.is_down {
                    tracing::error!(%fault, changes = works.len(), "the database cannot be written");
                }
                self.batches.is_down = true;
                return Err(fault);
            }
            tracing::warn!(%fault, changes = works.len(), "a transaction of the store is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What became of these tries of one batch; none when nobody could tell in time.
    async fn fate(&mut self, tries: &[Try]) -> Option<Fate> {
        let patience = 3 * self.retry_for;
        let numbers: Vec<i64> = tries.iter().map(|(number, _)| *number).collect();
        let looking = timeout(patience, async {
            let mut pause = FIRST_PAUSE;
            loop {
                match self.batches.fate(&numbers).await {
                    Ok(fate) => return fate,
                    Err(fault) => tracing::warn!(%fault, "looking up a commit is tried again"),
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
        let fate = looking.await.ok();
        match fate {
            Some(fate) => tracing::warn!(?fate, "a commit that was not answered was looked up"),
            None => tracing::error!(?patience, "what became of a commit could not be looked up in time"),
        }
        fate
    }
}

fn answer(jobs: Vec<Job>, outcomes: Result<Vec<Result<u64, GuardFailed>>, Fault>) {
    let outcomes: Vec<Outcome> = match outcomes {
        Ok(outcomes) => outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(|GuardFailed| CommitError::GuardFailed))
            .collect(),
        Err(fault) => jobs.iter().map(|_| Err(fault.to_store_error().into())).collect(),
    };
    for (job, outcome) in jobs.into_iter().zip(outcomes) {
        // Whoever asked may have gone away meanwhile.
        let _ = job.answer.send(outcome);
    }
}

fn not_begun() -> Fault {
    Fault::Unreachable(
        "the database is away, or too slow for what it is asked: nothing of this was begun, ask again".into(),
    )
}

fn too_late(patience: Duration) -> Fault {
    let seconds = patience.as_secs();
    Fault::Unreachable(format!(
        "the database was away, or busy with other changes, for {seconds} s: nothing of this was begun, ask again"
    ))
}

fn unknown() -> Fault {
    Fault::Unreachable(
        "the connection to the database broke during a commit, and what became of it could not be looked up in time: it \
         may have been written"
            .into(),
    )
}
