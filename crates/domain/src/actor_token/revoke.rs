//! `POST /v1/actor_tokens/{id}/revoke`: a pending token, also one past its lifetime, becomes useless for good.
//!
//! A session that the token already became is not touched: that is revoked as a session.

use super::{ActorToken, ActorTokenStatus};
use crate::{
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Write},
    idempotency::Keep,
    ids::ActorTokenId,
    refusal::{Failure, Refusal},
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

pub async fn revoke(
    world: &World,
    context: &Context,
    id: &str,
    keep: &dyn Keep<ActorToken>,
) -> Result<ActorToken, Failure> {
    let id = ActorTokenId::parse(id).ok_or(Refusal::ResourceNotFound)?;
    for _ in 0..ATTEMPTS_MAX {
        let token = world.store.actor_token(&id).await?.ok_or(Refusal::ResourceNotFound)?;
        let now = world.now();
        match decide(&token, now) {
            Err(refusal) => {
                let event =
                    AuditEvent::new(context, Action::ActorTokenRevoked, now).about_actor_token(&token);
                return Err(world.refuse(event, refusal, keep).await);
            }
            Ok(revoked) => {
                let event = AuditEvent::new(context, Action::ActorTokenRevoked, now)
                    .about_actor_token(&revoked)
                    .because(Cause::Requested);
                let write = Write::MoveActorToken { to: revoked.clone(), from: ActorTokenStatus::Pending };
                let change = Change::new(event, context.guards(), vec![write]);
                if world.commit_keeping(change, keep, &revoked).await? {
                    return Ok(revoked);
                }
            }
        }
    }
    Err(Failure::Contended)
}

fn decide(token: &ActorToken, now: UnixMillis) -> Result<ActorToken, Refusal> {
    match token.status {
        ActorTokenStatus::Pending => Ok(token.revoked(now, Cause::Requested)),
        status @ (ActorTokenStatus::Accepted | ActorTokenStatus::Revoked) => {
            Err(Refusal::ActorTokenNotPending(status))
        }
    }
}
