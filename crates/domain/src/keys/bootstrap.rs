//! The first start makes the instance and its signing keys, once; every later start checks that they open.

use super::{SigningKey, SigningKeyStatus};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    ids::{InstanceId, SigningKeyId},
    ports::Instance,
    refusal::Failure,
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

/// The instance of this store, made now if there was none.
///
/// # Errors
/// [`Failure::Keys`] when the master key does not open the stored keys.
pub async fn instance(world: &World) -> Result<Instance, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        if let Some(instance) = world.store.instance().await? {
            for key in world.store.signing_keys().await? {
                world.vault.check(&key).map_err(|error| Failure::Keys(error.to_string()))?;
            }
            publish_next(world, &Context::system()).await?;
            return Ok(instance);
        }
        let now = world.now();
        let instance = Instance { id: InstanceId::mint(now, world.entropy.as_ref()), created_at: now };
        let current =
            SigningKey { current_since: Some(now), ..new_key(world, SigningKeyStatus::Current, now).await? };
        let mut event = AuditEvent::new(&Context::system(), Action::InstanceCreated, now);
        event.signing_key = Some(current.id.clone());
        let writes = vec![Write::SetInstance(instance.clone()), Write::AddSigningKey(current)];
        if world.commit(Change::new(event, vec![Guard::NoInstance], writes)).await? {
            world.key_ring.forget();
            publish_next(world, &Context::system()).await?;
            return Ok(instance);
        }
    }
    Err(Failure::Contended)
}

/// Publishes a key that will sign later, if there is none: after a rotation, and at a start after one that was cut
/// off in between.
pub(crate) async fn publish_next(world: &World, context: &Context) -> Result<(), Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let keys = world.store.signing_keys().await?;
        if keys.iter().any(|key| key.status == SigningKeyStatus::Next) {
            return Ok(());
        }
        let now = world.now();
        let next = new_key(world, SigningKeyStatus::Next, now).await?;
        let mut event = AuditEvent::new(context, Action::SigningKeyCreated, now);
        event.signing_key = Some(next.id.clone());
        let guards = context.guards().into_iter().chain([Guard::NoNextKey]).collect();
        let landed = world.commit(Change::new(event, guards, vec![Write::AddSigningKey(next)])).await?;
        world.key_ring.forget();
        if landed {
            return Ok(());
        }
        // Another replica may have published one meanwhile.
    }
    Err(Failure::Contended)
}

async fn new_key(world: &World, status: SigningKeyStatus, now: UnixMillis) -> Result<SigningKey, Failure> {
    let (public, private) = world.vault.generate().await.map_err(|error| Failure::Keys(error.to_string()))?;
    Ok(SigningKey {
        id: SigningKeyId::mint(now, world.entropy.as_ref()),
        status,
        public,
        private,
        created_at: now,
        current_since: None,
        retired_at: None,
        needed_until: None,
    })
}
