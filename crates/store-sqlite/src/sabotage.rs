//! Faults that a test asks for, of the kinds that a disk has.

use crate::fault::Fault;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// From now on the database has at most so many pages, or as many as it has already: the disk is full.
    LimitPages(u32),
    /// The next transaction comes as far as its commit, and fails there.
    FailNextCommit,
}

impl Sabotage {
    pub(crate) fn carry_out(self, connection: &mut Connection) -> Result<(), Fault> {
        match self {
            Self::LimitPages(pages) => {
                connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            }
            Self::FailNextCommit => {
                // The first commit from now on is that of the sabotage itself.
                let commits = AtomicU32::new(0);
                connection.commit_hook(Some(move || commits.fetch_add(1, Ordering::Relaxed) == 1))?;
            }
        }
        Ok(())
    }
}
