//! Revoking a secret key: from the next request on it opens nothing.

use super::SecretKey;
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    ids::SecretKeyId,
    refusal::{Failure, Refusal, shown_id},
    world::{ATTEMPTS_MAX, World},
};

/// Revokes; a key that is revoked already is answered as it is.
///
/// # Errors
/// [`Refusal::LastSecretKey`] for the last valid one, unless `even_the_last`.
pub async fn revoke(
    world: &World,
    context: &Context,
    id: &str,
    even_the_last: bool,
) -> Result<SecretKey, Failure> {
    let unknown = || Refusal::SecretKeyNotFound(shown_id(id));
    let id = SecretKeyId::parse(id).ok_or_else(unknown)?;
    for _ in 0..ATTEMPTS_MAX {
        let reading = world.reading();
        let key = world.store.secret_key(&id).await?.ok_or_else(unknown)?;
        if !key.is_valid() {
            // It is told as done, and nothing is committed.
            world.confirm(reading).await?;
            return Ok(key);
        }
        let now = world.now();
        let mut event = AuditEvent::new(context, Action::SecretKeyRevoked, now);
        event.secret_key = Some(id.clone());
        let others = world
            .store
            .secret_keys()
            .await?
            .iter()
            .filter(|other| other.is_valid() && other.id != id)
            .count();
        if others == 0 && !even_the_last {
            let refusal = Refusal::LastSecretKey(id);
            world.record_refusal(event.denied(refusal.code())).await?;
            return Err(refusal.into());
        }
        let mut guards = context.guards();
        if !even_the_last {
            guards.push(Guard::AnotherSecretKeyValid(id.clone()));
        }
        let revoked = SecretKey { revoked_at: Some(now), ..key };
        let write = Write::RevokeSecretKey(revoked.clone());
        if world.commit(Change::new(event, guards, vec![write])).await? {
            return Ok(revoked);
        }
    }
    Err(Failure::Contended)
}
