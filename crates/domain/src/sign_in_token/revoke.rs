//! `POST /v1/sign_in_tokens/{id}/revoke`.

use super::{SignInToken, SignInTokenStatus};
use crate::{
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Write},
    idempotency::Keep,
    ids::SignInTokenId,
    refusal::{Failure, Refusal},
    world::{ATTEMPTS_MAX, World},
};

pub async fn revoke(
    world: &World,
    context: &Context,
    id: &str,
    keep: &dyn Keep<SignInToken>,
) -> Result<SignInToken, Failure> {
    let id = SignInTokenId::parse(id).ok_or(Refusal::ResourceNotFound)?;
    for _ in 0..ATTEMPTS_MAX {
        let token = world.store.sign_in_token(&id).await?.ok_or(Refusal::ResourceNotFound)?;
        let now = world.now();
        let event = AuditEvent::new(context, Action::SignInTokenRevoked, now).about_sign_in_token(&token);
        if token.status != SignInTokenStatus::Pending {
            let refusal = Refusal::SignInTokenNotPending(token.status);
            return Err(world.refuse(event, refusal, keep).await);
        }
        let revoked = token.revoked(now, Cause::Requested);
        let write = Write::MoveSignInToken { to: revoked.clone(), from: SignInTokenStatus::Pending };
        let change = Change::new(event.because(Cause::Requested), context.guards(), vec![write]);
        if world.commit_keeping(change, keep, &revoked).await? {
            return Ok(revoked);
        }
    }
    Err(Failure::Contended)
}
