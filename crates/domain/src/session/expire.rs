//! Ends by time: the record gets its entry within a minute, dated at the end itself.

use super::{Ending, Session, SessionStatus};
use crate::{
    audit::{AuditEvent, Cause},
    caller::Context,
    change::{Change, Guard, Write},
    refusal::Failure,
    time::UnixMillis,
    world::World,
};

/// Sessions looked at in one sweep; a sweep that finds so many is followed by another at once.
pub const SWEEP_LIMIT: u32 = 500;

/// Puts the end of every session whose time is over on record. Returns how many there were.
pub async fn sweep(world: &World) -> Result<u32, Failure> {
    let now = world.now();
    let mut settled = 0;
    for session in world.store.overdue_sessions(now, SWEEP_LIMIT).await? {
        // A session that moved meanwhile is somebody else's business; the next sweep sees it again if not.
        settled += u32::from(settle(world, &session, now).await?);
    }
    Ok(settled)
}

/// Stores that this session is over by time, before anybody is told so: a clock that steps back revives nothing.
/// `false` when the session moved meanwhile.
pub(crate) async fn settle(world: &World, session: &Session, now: UnixMillis) -> Result<bool, Failure> {
    let (expired, cause) = session.ended(Ending { status: SessionStatus::Expired, cause: Cause::Idle }, now);
    let guard =
        Guard::ActivityUnchanged { session: session.id.clone(), last_active_at: session.last_active_at };
    let event = AuditEvent::session_end(&Context::system(), &expired, cause);
    let write = Write::MoveSession { to: expired, from: SessionStatus::Active };
    world.commit(Change::new(event, vec![guard], vec![write])).await
}
