//! What is prepared on a connection, by its text.

use std::collections::HashMap;
use tokio_postgres::Statement;

/// Statements that a connection keeps prepared; texts of lists vary.
const STATEMENTS_KEPT: usize = 256;

/// What is prepared on a connection. Those that were used longest ago make room for others.
#[derive(Default)]
pub(crate) struct Statements {
    kept: HashMap<String, (Statement, u64)>,
    /// Counts uses.
    now: u64,
    /// When what is under way began.
    since: u64,
}

impl Statements {
    pub(crate) fn has(&mut self, sql: &str) -> bool {
        self.now += 1;
        let found = self.kept.get_mut(sql);
        found.map(|(_, used)| *used = self.now).is_some()
    }

    pub(crate) fn keep(&mut self, sql: &str, statement: Statement) {
        self.kept.insert(sql.to_owned(), (statement, self.now));
    }

    pub(crate) fn get(&self, sql: &str) -> Option<&Statement> {
        self.kept.get(sql).map(|(statement, _)| statement)
    }

    /// Nothing that was used since this was called last.
    pub(crate) fn evict(&mut self) {
        let used = self.kept.values().map(|(_, used)| *used);
        if let Some(oldest_kept) = oldest_kept(used, self.since) {
            self.kept.retain(|_, (_, used)| *used >= oldest_kept);
        }
        self.since = self.now;
    }
}

/// Of more than [`STATEMENTS_KEPT`] the older half goes, but none that was used after `since`.
fn oldest_kept(used: impl Iterator<Item = u64>, since: u64) -> Option<u64> {
    let mut used: Vec<u64> = used.collect();
    if used.len() <= STATEMENTS_KEPT {
        return None;
    }
    used.sort_unstable();
    used.get(used.len() / 2).map(|middle| (*middle).min(since + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_statements_the_older_half_goes_and_none_that_is_needed() {
        let count = STATEMENTS_KEPT as u64 + 2;
        assert_eq!(oldest_kept(1..=count - 2, count - 3), None);
        assert_eq!(oldest_kept(1..=count, count - 1), Some(count / 2 + 1));
        assert_eq!(oldest_kept(1..=count, 10), Some(11));
    }
}
