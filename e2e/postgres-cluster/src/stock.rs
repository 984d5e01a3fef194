//! Databases that tests use one after the other: emptying one is much faster than making one.

use crate::{Cluster, Database};
use std::{
    ops::Deref,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Ends every other session of the database, and waits until they are gone: what they were about to commit must not
/// come after the emptying.
const END_SESSIONS: &str = "DO $$ BEGIN \
    WHILE EXISTS (SELECT 1 FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()) \
    LOOP PERFORM pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid(); \
    PERFORM pg_sleep(0.001); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$";

/// A stock of databases in the shared cluster that are all alike when they are taken.
#[derive(Debug)]
pub struct Stock {
    prepare: fn(&str),
    empty: &'static str,
    template: OnceLock<Database<'static>>,
    idle: Mutex<Vec<Database<'static>>>,
}

impl Stock {
    /// `prepare` makes the schema in an empty database, which it is given the URL of, and leaves no connection behind;
    /// `empty` is SQL that takes away what a test left.
    pub const fn new(prepare: fn(&str), empty: &'static str) -> Self {
        Self { prepare, empty, template: OnceLock::new(), idle: Mutex::new(Vec::new()) }
    }

    /// One with the schema and nothing in it. It goes back when it is dropped.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn take(&'static self) -> Loan {
        let kept = self.idle().pop();
        let database = match kept {
            Some(database) => {
                database.sql(&format!("{END_SESSIONS}; {}", self.empty));
                database
            }
            None => Cluster::shared().create_database_from(self.template().name()),
        };
        Loan { stock: self, database: Some(database) }
    }

    fn template(&self) -> &Database<'static> {
        self.template.get_or_init(|| {
            let database = Cluster::shared().create_database();
            (self.prepare)(&database.url());
            database
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Database<'static>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A database on loan from a [`Stock`].
#[derive(Debug)]
pub struct Loan {
    stock: &'static Stock,
    database: Option<Database<'static>>,
}

impl Deref for Loan {
    type Target = Database<'static>;

    fn deref(&self) -> &Database<'static> {
        self.database.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.stock.idle().extend(self.database.take());
    }
}
