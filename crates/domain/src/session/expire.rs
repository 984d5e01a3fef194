//! Ends by time: the record gets its entry within a minute, dated at the end itself.

use super::{Ending, Session, SessionStatus};
use crate::{
    audit::{AuditEvent, Cause},
    caller::Context,
    change::{Change, Guard, Write},
    refusal::Failure,
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};
use futures::future::try_join_all;

/// Sessions looked at in one sweep; a sweep that finds so many is followed by another at once.
pub const SWEEP_LIMIT: usize = 500;

/// Ends that are stored at a time, so that they share commits.
const AT_ONCE: usize = 64;

/// Puts the end of every session whose time is over on record. Returns how many were found.
pub async fn sweep(world: &World) -> Result<usize, Failure> {
    let now = world.now();
    let overdue = world.store.overdue_sessions(now, SWEEP_LIMIT as u32).await?;
    for some in overdue.chunks(AT_ONCE) {
        // A session that moved meanwhile is somebody else's business; the next sweep sees it again if not.
        try_join_all(some.iter().map(|session| settle(world, session, now))).await?;
    }
    Ok(overdue.len())
}

/// The session as it is now. One that is over by time is stored so before that is told.
pub(crate) async fn settled(world: &World, mut session: Session) -> Result<Session, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        if session.status != SessionStatus::Active || session.is_live(now) {
            return Ok(session);
        }
        if settle(world, &session, now).await? {
            return Ok(session.as_of(now));
        }
        match world.store.session(&session.id).await? {
            Some(stored) => session = stored,
            None => return Ok(session.as_of(now)),
        }
    }
    Err(Failure::Contended)
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
