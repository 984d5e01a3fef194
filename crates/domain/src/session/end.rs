//! Ending one session: by the Backend API, or by its own client.

use super::{Ending, Session, SessionStatus, expire};
use crate::{
    actor_token::accept::Redeemed,
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Guard, Write},
    client::{Client, Presented, returning},
    idempotency::{Keep, Unkept},
    ids::SessionId,
    refusal::{Failure, Refusal, shown_id},
    world::{ATTEMPTS_MAX, World},
};

/// `POST /v1/sessions/{id}/revoke`. A session that is over already is answered as it is: asking twice is safe.
///
/// No way back is left behind: the user's kept returns go with a session of theirs, that of the client goes with an
/// impersonation, and revoking a session that was set aside takes the return to it.
pub async fn revoke(
    world: &World,
    context: &Context,
    id: &str,
    keep: &dyn Keep<Session>,
) -> Result<Session, Failure> {
    let unknown = || Refusal::SessionNotFound(shown_id(id));
    let id = SessionId::parse(id).ok_or_else(unknown)?;
    let ending = Ending { status: SessionStatus::Revoked, cause: Cause::Requested };
    let session = end(world, context, &id, None, ending, keep).await?.ok_or_else(unknown)?;
    if session.status == SessionStatus::Replaced {
        drop_return_to(world, context, &session, keep).await?;
    }
    Ok(session)
}

/// Takes the way back to a session that was set aside, if its client keeps one.
async fn drop_return_to(
    world: &World,
    context: &Context,
    session: &Session,
    keep: &dyn Keep<Session>,
) -> Result<(), Failure> {
    let reading = world.reading();
    let kept = world.store.kept_return(&session.client).await?;
    if kept.is_none_or(|kept| kept.session != session.id) {
        world.confirm(reading).await?;
        return Ok(());
    }
    let event = AuditEvent::new(context, Action::ReturnRevoked, world.now()).about_session(session);
    let change = Change::new(event, context.guards(), vec![Write::DropReturn(session.client.clone())]);
    if world.commit_keeping(change, keep, session).await? { Ok(()) } else { Err(Failure::Contended) }
}

/// What a backend's revocation takes along.
fn returns_of(session: &Session) -> Vec<Write> {
    let mut writes = vec![Write::DropReturns(session.user.clone())];
    if session.is_impersonated() {
        writes.push(Write::DropReturn(session.client.clone()));
    }
    writes
}

/// A session that its own client ended.
#[derive(Debug)]
pub struct Stopped {
    pub session: Session,
    /// The session that the actor came back to ([`returning`]), with the client's new cookie.
    pub returned: Option<Redeemed>,
}

/// `session.end()` (status ended) and `session.remove()` (status removed) of the client's own session.
///
/// # Errors
/// [`Refusal::SessionNotLive`] for a session of another client, or none.
pub async fn end_own(
    world: &World,
    context: &Context,
    presented: Presented<'_>,
    id: &str,
    status: SessionStatus,
) -> Result<Stopped, Failure> {
    let id = SessionId::parse(id).ok_or(Refusal::SessionNotLive)?;
    let returned = returning::stop(world, context, presented, Some(&id), status).await?;
    let ending = Ending { status, cause: Cause::SignedOut };
    // What has stopped already is answered as it is.
    let stopped = end(world, context, &id, Some(presented.client), ending, &Unkept).await?;
    let session = stopped.ok_or(Refusal::SessionNotLive)?;
    Ok(Stopped { session, returned })
}

/// The session as it is afterwards; `None` when there is none, or it is not the given client's.
async fn end(
    world: &World,
    context: &Context,
    id: &SessionId,
    client: Option<&Client>,
    ending: Ending,
    keep: &dyn Keep<Session>,
) -> Result<Option<Session>, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let reading = world.reading();
        let stored = world.store.session(id).await?;
        let Some(session) = stored.filter(|session| client.is_none_or(|client| client.id == session.client))
        else {
            return Ok(None);
        };
        if session.status != SessionStatus::Active {
            // It is told as done, and nothing is committed.
            world.confirm(reading).await?;
            return Ok(Some(session));
        }
        let now = world.now();
        if !session.is_live(now) {
            if expire::settle(world, &session, now).await? {
                return Ok(Some(session.as_of(now)));
            }
            continue;
        }
        let (ended, cause) = session.ended(ending, now);
        let mut guards = context.guards();
        guards.push(Guard::Before(session.ends_at()));
        let event = AuditEvent::session_end(context, &ended, cause);
        let mut writes = vec![Write::MoveSession { to: ended.clone(), from: SessionStatus::Active }];
        if client.is_none() {
            writes.extend(returns_of(&session));
        }
        if world.commit_keeping(Change::new(event, guards, writes), keep, &ended).await? {
            return Ok(Some(ended));
        }
    }
    Err(Failure::Contended)
}
