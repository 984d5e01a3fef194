//! As many rows of a list as were asked for, in as many pages as that takes.

use crate::output;
use actas_sdk::Error;

/// The most rows that the server puts on one page.
const PAGE_MAX: u32 = 500;

/// Rows, and whether there are more.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<T>,
    has_more: bool,
}

/// The size of pages: one row more than is shown tells whether there are more.
pub(crate) fn page_limit(limit: u32) -> u32 {
    limit.saturating_add(1).min(PAGE_MAX)
}

/// Takes pages until there are `limit` rows. `next` gives a page, or none behind the last.
pub(crate) async fn take<T>(
    limit: u32,
    mut next: impl AsyncFnMut() -> Result<Option<Vec<T>>, Error>,
) -> Result<Rows<T>, Error> {
    let limit = limit as usize;
    let mut rows = Vec::new();
    while rows.len() <= limit {
        match next().await? {
            Some(page) => rows.extend(page),
            None => break,
        }
    }
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, has_more })
}

impl<T> Rows<T> {
    /// Tells beside the output that there are more, and people that there is nothing.
    pub(crate) fn remark(&self, what: &str, json: bool) {
        if self.has_more {
            output::note(format!("there are more {what}: --limit shows more than {}", self.rows.len()));
        } else if self.rows.is_empty() && !json {
            output::note(format!("no {what}"));
        }
    }
}
