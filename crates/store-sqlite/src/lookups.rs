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
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

/// How long a look-up waits for a lock, which readers of a WAL meet only in the moment in which its index is made anew.
const PATIENCE: Duration = Duration::from_millis(100);

/// Connections that are idle are kept; one that is missing is opened. So nobody waits for another, and there are never more
/// than threads that look up at once.
pub(crate) struct Lookups {
    pool: Mutex<Pool>,
    came_back: Condvar,
    open: Box<dyn Fn() -> Result<Connection, rusqlite::Error> + Send + Sync>,
}

struct Pool {
    idle: Vec<Connection>,
    at_work: usize,
    is_closed: bool,
}

/// A connection at work; it goes back even if the work panics.
struct AtWork<'a> {
    lookups: &'a Lookups,
    connection: Option<Connection>,
}

impl Lookups {
    /// Opens as many connections as threads can be at work at once.
    pub(crate) fn open(file: &Path) -> Result<Self, OpenError> {
        let open = {
            let file = file.to_owned();
            move || {
                let connection = connection::open_reader(&file)?;
                connection.busy_timeout(PATIENCE)?;
                Ok(connection)
            }
        };
        let count = available_parallelism().map_or(1, usize::from);
        let idle = (0..count).map(|_| open()).collect::<Result<Vec<_>, _>>();
        let idle = idle.map_err(|error| OpenError::from_sql(file, &error))?;
        let pool = Mutex::new(Pool { idle, at_work: 0, is_closed: false });
        Ok(Self { pool, came_back: Condvar::new(), open: Box::new(open) })
    }

    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let mut taken = self.take()?;
        let connection = match taken.connection.take() {
            Some(connection) => connection,
            None => (self.open)().map_err(|error| StoreError::from(Fault::from(error)))?,
        };
        work(taken.connection.insert(connection)).map_err(StoreError::from)
    }

    /// Lets nobody read any more, when those who do have ended.
    pub(crate) fn close(&self) {
        let mut pool = self.pool();
        pool.is_closed = true;
        while pool.at_work > 0 {
            pool = self.came_back.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        pool.idle.clear();
    }

    fn take(&self) -> Result<AtWork<'_>, StoreError> {
        let mut pool = self.pool();
        if pool.is_closed {
            return Err(closed());
        }
        pool.at_work += 1;
        Ok(AtWork { lookups: self, connection: pool.idle.pop() })
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut pool = self.lookups.pool();
        pool.at_work -= 1;
        pool.idle.extend(self.connection.take());
        if pool.is_closed {
            self.lookups.came_back.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn lookups() -> (tempfile::TempDir, Lookups) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        connection::prepare_files(&file).unwrap();
        let lookups = Lookups::open(&file).unwrap();
        (folder, lookups)
    }

    fn answer(connection: &Connection) -> Result<i64, Fault> {
        Ok(connection.query_row("SELECT 7", [], |row| row.get(0))?)
    }

    #[test]
    fn one_more_than_are_kept_is_not_waited_for() {
        let (_folder, lookups) = lookups();
        fn nested(lookups: &Lookups, depth: usize) {
            if depth > 0 {
                let deeper = |_: &Connection| {
                    nested(lookups, depth - 1);
                    Ok(())
                };
                lookups.read(deeper).unwrap();
            }
            assert_eq!(lookups.read(answer).unwrap(), 7);
        }
        nested(&lookups, available_parallelism().unwrap().get() + 2);
    }

    #[test]
    fn an_end_waits_for_those_at_work_and_lets_nobody_in() {
        let (_folder, lookups) = lookups();
        let (begun, has_begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        std::thread::scope(|scope| {
            let lookups = &lookups;
            let read = scope.spawn(move || {
                lookups.read(|connection| {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    answer(connection)
                })
            });
            has_begun.recv().unwrap();
            let end = scope.spawn(|| lookups.close());
            while !lookups.pool().is_closed {
                std::thread::yield_now();
            }
            assert!(matches!(lookups.read(answer), Err(StoreError::Unavailable(_))));
            assert!(!end.is_finished());
            go_on.send(()).unwrap();
            assert_eq!(read.join().unwrap().unwrap(), 7);
            end.join().unwrap();
        });
        assert!(lookups.pool().idle.is_empty());
    }

    #[test]
    fn a_panic_loses_no_connection() {
        let (_folder, lookups) = lookups();
        let idle = lookups.pool().idle.len();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _: Result<(), _> = lookups.read(|_| panic!("of the test"));
        }));
        assert!(panicked.is_err());
        let pool = lookups.pool();
        assert_eq!((pool.idle.len(), pool.at_work), (idle, 0));
    }
}
