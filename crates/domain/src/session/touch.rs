//! Activity: a touch, or a token refresh by the client.

use super::{Session, SessionStatus, expire};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    client::Client,
    ids::SessionId,
    refusal::{Failure, Refusal},
    world::{ATTEMPTS_MAX, World},
};

/// `POST /v1/client/sessions/{id}/touch`.
pub async fn touch(world: &World, context: &Context, client: &Client, id: &str) -> Result<Session, Failure> {
    let live = own_live_session(world, context, client, id, Action::SessionTouched).await?;
    record(world, live).await
}

/// The client's own session, if it is live; a refusal of one that is over is on record.
pub(crate) async fn own_live_session(
    world: &World,
    context: &Context,
    client: &Client,
    id: &str,
    action: Action,
) -> Result<Session, Failure> {
    let id = SessionId::parse(id).ok_or(Refusal::SessionNotLive)?;
    let session = world.store.session(&id).await?.filter(|session| session.client == client.id);
    // Somebody else's session: nothing is told, and nothing was proved.
    let session = session.ok_or(Refusal::SessionNotLive)?;
    #[cfg(feature = "mutations")]
    let session = crate::mutation::session_seen(session, world.now());
    live_or_refused(world, context, session, action).await
}

/// The session, if it is live. If its time is over that is stored, and the refusal put on record, before it is told.
pub(crate) async fn live_or_refused(
    world: &World,
    context: &Context,
    mut session: Session,
    action: Action,
) -> Result<Session, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        if session.is_live(now) {
            return Ok(session);
        }
        if session.status == SessionStatus::Active && !expire::settle(world, &session, now).await? {
            session = world.store.session(&session.id).await?.ok_or(Refusal::SessionNotLive)?;
            continue;
        }
        let refusal = Refusal::SessionNotLive;
        let event = AuditEvent::new(context, action, now).about_session(&session).denied(refusal.code());
        world.record_refusal(event).await?;
        return Err(refusal.into());
    }
    Err(Failure::Contended)
}

/// Moves the stored activity forward when it lags, and answers the session as it is then stored: only what is
/// stored decides an end, so that a crash may end a session a little early and never late.
pub(crate) async fn record(world: &World, session: Session) -> Result<Session, Failure> {
    let now = world.now();
    if now.millis_since(session.last_active_at) < session.activity_granularity_millis() {
        return Ok(session);
    }
    record_now(world, session).await
}

/// The same, however little it lags.
pub(crate) async fn record_now(world: &World, session: Session) -> Result<Session, Failure> {
    world.store.record_activity(&session.id, world.now()).await?;
    Ok(world.store.session(&session.id).await?.unwrap_or(session))
}
