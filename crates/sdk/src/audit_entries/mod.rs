//! The record of who did what, which is of Actas alone.

mod list;
mod shapes;

pub use list::ListAuditEntries;
pub use shapes::{AuditCaller, AuditEntry, AuditOutcome, CallerKind};

use crate::{
    client::Handle,
    json::RawJson,
    mode::{Async, Mode},
    pages::{CursorPage, Pages, sealed::Follow},
};

/// The methods of the record: [`Client::audit_entries`](crate::Client::audit_entries).
#[derive(Clone, Debug)]
pub struct AuditEntries<M: Mode = Async> {
    handle: Handle,
    mode: M,
}

impl<M: Mode> AuditEntries<M> {
    pub(crate) fn new(handle: Handle, mode: M) -> Self {
        Self { handle, mode }
    }

    /// Lists entries (`GET /audit_entries`): the newest first, or with [`ListAuditEntries::after`] the oldest
    /// first.
    ///
    /// # Errors
    /// [`ErrorKind::ClerkErrors`](crate::ErrorKind::ClerkErrors) for 422; 404 on every other server than Actas.
    pub fn list(&self, query: ListAuditEntries) -> M::Answer<CursorPage<AuditEntry>> {
        query.operation().send(&self.handle, &self.mode)
    }

    /// The same, with each entry as the text that the server sent, to the letter: for whoever keeps the record
    /// elsewhere, whole, with members that this version of the SDK does not know.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_json(&self, query: ListAuditEntries) -> M::Answer<CursorPage<RawJson>> {
        query.operation().send(&self.handle, &self.mode)
    }

    /// All that a list has, part by part, in its direction. Going forward, the list ends where the record does at
    /// that moment; to follow it, ask again [`after`](ListAuditEntries::after) the last position.
    pub fn pages(&self, query: ListAuditEntries) -> Pages<ListAuditEntries, M> {
        Pages::new(query, self.handle.clone(), self.mode.clone())
    }
}
