//! Knowing a backend by its secret key.

use crate::{
    ids::SecretKeyId,
    refusal::Failure,
    secret::{ParsedSecret, SecretKind},
    world::World,
};

/// Whose key this is; `None` for anything that the instance does not hold, whatever its shape.
pub async fn authenticate(world: &World, key: &str) -> Result<Option<SecretKeyId>, Failure> {
    let Some(parsed) = ParsedSecret::parse(key) else { return Ok(None) };
    match parsed.kind() {
        SecretKind::TestSecretKey | SecretKind::LiveSecretKey => {}
        SecretKind::ActorTicket | SecretKind::SignInTicket | SecretKind::ClientCookie => return Ok(None),
    }
    let Some(id) = SecretKeyId::from_ksuid(parsed.ksuid()) else { return Ok(None) };
    let stored = world.store.secret_key(&id).await?;
    Ok(stored.filter(|stored| stored.is_valid() && stored.hash == parsed.hash()).map(|stored| stored.id))
}
