//! Reading: a few connections, each for one read at a time, all of them to the primary.

use crate::{address::Address, bind::Query, connection::Connection, fault::Fault, options::Options};
use actas_domain::ports::StoreError;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;
use tokio_postgres::Row;

/// So that several statements see the same state.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// For what may be lost. Its commit waits for no standby, so that no limit of time ever cuts such a wait.
const BEGIN_LOOSELY: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const WAIT_FOR_NO_STANDBY: &str = "SET LOCAL synchronous_commit = local";

/// A read is tried again on a connection that is new: one that was kept may have broken unnoticed.
const ATTEMPTS: usize = 2;

pub(crate) struct Readers {
    address: Arc<Address>,
    options: Options,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
    waiting: AtomicUsize,
}

impl Readers {
    pub(crate) fn new(address: Arc<Address>, options: Options, connections: usize) -> Self {
        let (idle, waiting) = (Mutex::default(), AtomicUsize::new(0));
        Self { address, options, idle, places: Semaphore::new(connections), waiting }
    }

    /// What one statement finds.
    pub(crate) async fn read<T>(
        &self,
        query: Query,
        parse: impl FnOnce(&[Row]) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let answers = self.answers(&[query]).await?;
        Ok(parse(answers.first().map_or(&[], Vec::as_slice))?)
    }

    /// What two statements find in one state.
    pub(crate) async fn read_both<T>(
        &self,
        [first, second]: [Query; 2],
        parse: impl FnOnce(&[Row], &[Row]) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let queries = [Query::plain(BEGIN), first, second, Query::plain("COMMIT")];
        match self.answers(&queries).await?.as_slice() {
            [_, first, second, _] => Ok(parse(first, second)?),
            _ => Err(Fault::Unreadable("a read was answered in part".into()).into()),
        }
    }

    /// What a statement answers that writes beside the record, and that may be lost or be carried out twice.
    pub(crate) async fn write_loosely<T>(
        &self,
        query: Query,
        parse: impl FnOnce(&[Row]) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let around = [BEGIN_LOOSELY, WAIT_FOR_NO_STANDBY].map(Query::plain);
        let queries: Vec<_> = around.into_iter().chain([query, Query::plain("COMMIT")]).collect();
        match self.answers(&queries).await?.as_slice() {
            [_, _, found, _] => Ok(parse(found)?),
            _ => Err(Fault::Unreadable("a write was answered in part".into()).into()),
        }
    }

    pub(crate) fn queue_depth(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Answers what is under way, and nothing from now on.
    pub(crate) fn close(&self) {
        self.places.close();
        self.idle().clear();
    }

    async fn answers(&self, queries: &[Query]) -> Result<Vec<Vec<Row>>, StoreError> {
        let _place = self.place().await?;
        let mut attempt = 1;
        loop {
            match self.attempt(queries, attempt).await {
                Err(fault) if attempt < ATTEMPTS && fault.may_pass() => attempt += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn attempt(&self, queries: &[Query], attempt: usize) -> Result<Vec<Vec<Row>>, Fault> {
        let kept = if attempt == 1 { self.idle().pop() } else { None };
        let mut connection = match kept.filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => Connection::open(&self.address, &self.options).await?,
        };
        let answers = connection.pipeline(queries).await;
        // After a failure it may be in the midst of a transaction, or of use to nobody.
        if answers.is_ok() && !self.places.is_closed() {
            self.idle().push(connection);
        }
        answers
    }

    async fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>, StoreError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::begin(&self.waiting, self.options.queue_length)?;
        self.places.acquire().await.map_err(|_| closed())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One read that waits for a connection, counted until it has one or gives up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize, most: usize) -> Result<Self, StoreError> {
        let waiting = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= most { Err(StoreError::Overloaded) } else { Ok(waiting) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}
