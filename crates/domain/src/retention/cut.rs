//! Where the record is cut: before an entry goes, it is on record that it does.
//!
//! The record is the evidence, so what takes from it is in it. The entry comes before the removal and not with it: a run
//! that breaks off has removed less than it told, and never more.

use super::{Purge, Purged};
use crate::{
    audit::{
        Action, AuditEntry, AuditEvent,
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

/// Between two cuts, at least: an entry for each stays in the record.
const PAUSE_SECONDS: i64 = 86_400;

/// Puts on record up to where the record is cut now; none where nothing goes. A cut that was told and is not done yet is
/// done, and not told again.
pub(super) async fn announce(world: &World, now: UnixMillis) -> Result<Option<Purge>, Failure> {
    let Some(kept_seconds) = world.settings.record_retention_seconds else { return Ok(None) };
    let Some(oldest) = oldest(world).await? else { return Ok(None) };
    let purge = |through| Purge::of(Purged::Entries { after: oldest.position - 1, through }, kept_seconds);
    let told = last_told(world).await?;
    let told_through = told.as_ref().and_then(|told| told.event.purged_through).unwrap_or(0);
    // One of a time to come says nothing about the day before now.
    let is_told_lately = told
        .as_ref()
        .is_some_and(|told| told.event.at <= now && told.event.at > now.plus_seconds(-PAUSE_SECONDS));
    if is_told_lately {
        return Ok((told_through >= oldest.position).then(|| purge(told_through)));
    }
    let Some(through) = last_to_go(world, oldest.position - 1, purge(0).until(now)).await? else {
        return Ok(None);
    };
    if through > told_through {
        let mut event = AuditEvent::new(&Context::system(), Action::RecordPurged, now);
        event.purged_through = Some(through);
        // Without a guard, so there is none to fail.
        world.commit(Change::new(event, Vec::new(), Vec::new())).await?;
    }
    Ok(Some(purge(through)))
}

pub(super) async fn oldest(world: &World) -> Result<Option<AuditEntry>, Failure> {
    let query = AuditQuery { range: AuditRange::Forward { after: 0 }, limit: 1, ..AuditQuery::default() };
    Ok(world.store.audit_entries(&query).await?.into_iter().next())
}

/// The newest entry about a cut.
async fn last_told(world: &World) -> Result<Option<AuditEntry>, Failure> {
    let range = AuditRange::Backward { before: None };
    let query = AuditQuery { range, limit: 1, action: Some(Action::RecordPurged), ..AuditQuery::default() };
    Ok(world.store.audit_entries(&query).await?.into_iter().next())
}

/// The last of the oldest entries that are all at or before the time. An entry that is younger keeps all behind it: a
/// record that is cut has no holes.
async fn last_to_go(world: &World, mut after: u64, until: UnixMillis) -> Result<Option<u64>, Failure> {
    let mut last = None;
    loop {
        let query = AuditQuery { range: AuditRange::Forward { after }, limit: PAGE, ..AuditQuery::default() };
        let entries = world.store.audit_entries(&query).await?;
        let old = entries.iter().take_while(|entry| entry.event.at <= until);
        let (count, newest) = old.fold((0, last), |(count, _), entry| (count + 1, Some(entry.position)));
        (last, after) = (newest, newest.unwrap_or(after));
        if count < PAGE as usize {
            return Ok(last);
        }
    }
}
