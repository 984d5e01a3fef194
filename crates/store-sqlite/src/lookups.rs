//! Look-ups: reading a few rows by their keys, where they are asked for.
//!
//! No thread stands between: a look-up takes some microseconds, fewer than waking a thread for it and being woken (three
//! of them took a third of a creation's processor time), and where it must wait for the disk it takes as long as a
//! signature, which is made where it is asked for, too. What may read many rows is a list ([`crate::reads`]).

use crate::{connection, fault::Fault, open_error::OpenError, reads::closed};
use actas_domain::ports::StoreError;
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Semaphore;

pub(crate) struct Lookups {
    /// One for each that is idle.
    turns: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// A connection at work; it goes back even if the work panics.
struct AtWork<'a> {
    lookups: &'a Lookups,
    connection: Option<Connection>,
}

impl Lookups {
    pub(crate) fn open(file: &Path, connections: usize) -> Result<Self, OpenError> {
        let open = |_| connection::open_reader(file).map_err(|error| OpenError::from_sql(file, &error));
        let idle = (0..connections).map(open).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { turns: Semaphore::new(connections), idle: Mutex::new(idle) })
    }

    pub(crate) async fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let _turn = self.turns.acquire().await.map_err(|_| closed())?;
        let taken = AtWork { lookups: self, connection: self.idle().pop() };
        work(taken.connection.as_ref().ok_or_else(closed)?).map_err(StoreError::from)
    }

    /// Lets nobody read any more.
    pub(crate) fn close(&self) {
        self.turns.close();
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if !self.lookups.turns.is_closed()
            && let Some(connection) = self.connection.take()
        {
            self.lookups.idle().push(connection);
        }
    }
}
