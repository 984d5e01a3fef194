//! Lists: a few threads, each with a connection that can only read, for what may read many rows.
//!
//! Threads of our own rather than the runtime's blocking ones: a read took half the processor time (7–14 against
//! 13–26 µs, with 1 to 64 at once), for a busy thread takes the next read without going to sleep, and a connection
//! stays where its cache is warm.

use crate::{
    connection,
    fault::Fault,
    gate::Gate,
    open_error::OpenError,
    queue::{Queue, Rejected, Taken},
    threads::Threads,
};
use actas_domain::ports::StoreError;
use rusqlite::Connection;
use std::{path::Path, sync::Arc};
use tokio::sync::oneshot;

type Read = Box<dyn FnOnce(&Connection) + Send>;

pub(crate) struct Readers {
    queue: Arc<Queue<Read>>,
    threads: Threads,
}

impl Readers {
    /// Opens so many connections and starts their threads. What they read is held back while the gate is shut.
    pub(crate) fn start(
        file: &Path,
        name: &str,
        connections: usize,
        queue_length: usize,
        gate: &Arc<Gate>,
    ) -> Result<Self, OpenError> {
        let readers = Self { queue: Arc::new(Queue::new(queue_length)), threads: Threads::default() };
        for _ in 0..connections {
            let connection =
                connection::open_reader(file).map_err(|error| OpenError::from_sql(file, &error))?;
            let (queue, gate) = (Arc::clone(&readers.queue), Arc::clone(gate));
            let work = move || carry_out(&queue, &connection, &gate);
            readers.threads.spawn(name, work).map_err(|error| OpenError::unavailable(file, &error))?;
        }
        Ok(readers)
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            // Whoever asked may have gone away meanwhile.
            let _ = answer.send(work(connection));
        });
        self.queue.push(read).map_err(|rejected| match rejected {
            Rejected::Full => StoreError::Overloaded,
            Rejected::Closed => closed(),
        })?;
        answered.await.map_err(|_| closed())?.map_err(StoreError::from)
    }

    pub(crate) fn queue_depth(&self) -> usize {
        self.queue.len()
    }

    /// Answers what waits and ends the threads.
    pub(crate) fn close(&self) {
        self.queue.close();
        self.threads.join();
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

fn carry_out(queue: &Queue<Read>, connection: &Connection, gate: &Gate) {
    let mut reads = Vec::with_capacity(1);
    while queue.take(&mut reads, 1, None) != Taken::Closed {
        for read in reads.drain(..) {
            let inside = gate.enter();
            read(connection);
            drop(inside);
        }
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}
