//! Reading: a few connections, each for one read at a time, all of them to the primary.

use crate::{bind::Query, connection::Connection, fault::Fault, primary::Primary};
use actas_domain::ports::StoreError;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};
use tokio_postgres::Row;

/// So that several statements see the same state.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// For what may be lost. Its commit waits for no standby, so that no limit of time ever cuts such a wait.
const BEGIN_LOOSELY: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const WAIT_FOR_NO_STANDBY: &str = "SET LOCAL synchronous_commit = local";

pub(crate) struct Readers {
    primary: Arc<Primary>,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
    waiting: AtomicUsize,
    /// For the whole of a read: the wait for a connection, making one, and the answer.
    patience: Duration,
}

impl Readers {
    pub(crate) fn new(primary: Arc<Primary>, connections: usize) -> Self {
        let (idle, waiting) = (Mutex::default(), AtomicUsize::new(0));
        let patience = primary.options.connect_timeout + primary.options.statement_timeout;
        Self { primary, idle, places: Semaphore::new(connections), waiting, patience }
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
        let answers = timeout(self.patience, async {
            let _place = self.place().await?;
            if let Some(connection) = self.kept() {
                match self.on(connection, queries).await {
                    // It may have broken unnoticed.
                    Err(fault) if fault.is_of_the_connection() => {}
                    outcome => return Ok(outcome?),
                }
            }
            let connection = self.primary.open_in_turn().await?;
            Ok(self.on(connection, queries).await?)
        });
        answers.await.unwrap_or_else(|_| {
            // What is kept leads to the same silence.
            self.idle().clear();
            Err(Fault::Silent(self.patience.as_secs()).into())
        })
    }

    async fn on(&self, mut connection: Connection, queries: &[Query]) -> Result<Vec<Vec<Row>>, Fault> {
        let answers = connection.pipeline(queries).await?;
        // What an earlier primary answers may be long past.
        if !self.primary.is_current(&connection) {
            return Err(Fault::Unreachable("the database moved to another server meanwhile".into()));
        }
        // After a failure it may be in the midst of a transaction, or of use to nobody.
        if !self.places.is_closed() {
            self.idle().push(connection);
        }
        Ok(answers)
    }

    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(|connection| self.primary.is_fresh(connection));
        idle.pop()
    }

    async fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>, StoreError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::begin(&self.waiting, self.primary.options.queue_length)?;
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
