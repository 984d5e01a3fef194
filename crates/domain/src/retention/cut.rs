//! Where the record is cut: before an entry goes, it is on record that it does.
//!
//! The record is the evidence, so what takes from it is in it. The entry comes before the removal and not with it: a run
//! that breaks off has removed less than it told, and never more.

use super::{Purge, Purged};
use crate::{
    audit::{
        Action, AuditEvent,
        find::{AuditQuery, AuditRange},
    },
    caller::Context,
    change::Change,
    refusal::Failure,
    time::UnixMillis,
    world::World,
};

/// Entries that are read at a time.
const PAGE: u32 = 500;

/// Puts on record up to where the record is cut now; none where nothing goes.
pub(super) async fn announce(world: &World) -> Result<Option<Purge>, Failure> {
    let Some(kept_seconds) = world.settings.record_retention_seconds else { return Ok(None) };
    let now = world.now();
    let purge = |through| Purge { of: Purged::Entries { through }, kept_seconds };
    let Some(through) = last_to_go(world, purge(0).until(now)).await? else { return Ok(None) };
    let mut event = AuditEvent::new(&Context::system(), Action::RecordPurged, now);
    event.purged_through = Some(through);
    // Without a guard, so there is none to fail.
    world.commit(Change::new(event, Vec::new(), Vec::new())).await?;
    Ok(Some(purge(through)))
}

/// The last of the oldest entries that are all at or before the time. An entry that is younger keeps all behind it: a
/// record that is cut has no holes.
async fn last_to_go(world: &World, until: UnixMillis) -> Result<Option<u64>, Failure> {
    let mut last = None;
    loop {
        let range = AuditRange::Forward { after: last.unwrap_or(0) };
        let query = AuditQuery { range, limit: PAGE, ..AuditQuery::default() };
        let entries = world.store.audit_entries(&query).await?;
        let old = entries.iter().take_while(|entry| entry.event.at <= until);
        let (count, newest) = old.fold((0, last), |(count, _), entry| (count + 1, Some(entry.position)));
        last = newest;
        if count < PAGE as usize {
            return Ok(last);
        }
    }
}
