//! Following the record by its positions.

use super::{Patience, Remote};
use crate::{exit::ExitError, output};
use actas_sdk::audit_entries::{AuditEntry, ListAuditEntries};
use std::{io, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time,
};

/// How often an idle record is asked for what is new.
const INTERVAL: Duration = Duration::from_secs(1);
const PAGE: u32 = 500;

/// The position of the newest entry: what comes behind it is new.
///
/// # Errors
/// What the server says.
pub(crate) async fn newest_position(remote: &Remote) -> Result<u64, ExitError> {
    let page = remote.client.audit_entries().list(ListAuditEntries::new().limit(1)).await;
    let page = page.map_err(|error| remote.explain_list(&error))?;
    Ok(page.data.first().map_or(0, |entry| entry.position))
}

/// The position that the record begins with: 1 until its oldest entries are purged.
///
/// # Errors
/// What the server says.
pub(crate) async fn oldest_position(remote: &Remote) -> Result<u64, ExitError> {
    let page = remote.client.audit_entries().list(ListAuditEntries::new().after(0).limit(1)).await;
    let page = page.map_err(|error| remote.explain_list(&error))?;
    Ok(page.data.first().map_or(1, |entry| entry.position))
}

/// Gives every entry behind a position that matches the query, once and in order, until Ctrl-C or until nobody reads
/// any more. A server that is away for a while is waited for.
///
/// # Errors
/// What the server says that does not pass.
pub(crate) async fn follow(
    remote: &Remote,
    query: ListAuditEntries,
    mut after: u64,
    mut tell: impl AsyncFnMut(Vec<AuditEntry>) -> io::Result<()>,
) -> Result<(), ExitError> {
    let mut end = End::watch()?;
    let mut patience = Patience::default();
    loop {
        let asked = query.clone().after(after).limit(PAGE);
        let page = tokio::select! {
            () = end.comes() => return Ok(()),
            page = remote.client.audit_entries().list(asked) => page,
        };
        let wait = match page {
            Ok(page) => {
                if patience.answered() {
                    output::note("the server answers again");
                    check_not_older(remote, after).await?;
                }
                after = page.data.last().map_or(after, |entry| entry.position);
                if let Err(error) = tell(page.data).await {
                    return output::unless_unread(Err(error));
                }
                if page.has_more { Duration::ZERO } else { INTERVAL }
            }
            Err(error) => {
                let wait = patience.after(&error).ok_or_else(|| remote.explain(&error))?;
                if patience.is_new() {
                    output::note(format!("{}; waiting for it", remote.explain(&error)));
                }
                wait
            }
        };
        tokio::select! {
            () = end.comes() => return Ok(()),
            () = time::sleep(wait) => {}
        }
    }
}

/// A database that was restored may end before what was told, and its new entries would be passed over.
async fn check_not_older(remote: &Remote, after: u64) -> Result<(), ExitError> {
    let newest = newest_position(remote).await?;
    if newest >= after {
        return Ok(());
    }
    Err(ExitError::Unreachable(format!(
        "the record of {} ends at position {newest} now, and {after} was told already: it is an older one. Follow it \
         from there: {}",
        remote.url(),
        remote.command(&format!("audit follow --after {newest}"))
    )))
}

/// The signals that end a command which goes on until it is told to stop.
pub(crate) struct End {
    interrupt: Signal,
    terminate: Signal,
}

impl End {
    pub(crate) fn watch() -> Result<Self, ExitError> {
        let watched = |kind| {
            signal(kind).map_err(|error| ExitError::Refused(format!("signals cannot be caught: {error}")))
        };
        Ok(Self {
            interrupt: watched(SignalKind::interrupt())?,
            terminate: watched(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn comes(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
