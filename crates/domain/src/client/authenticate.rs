//! Knowing a client by its cookie.

use super::Client;
use crate::{
    ids::ClientId,
    refusal::Failure,
    secret::{ParsedSecret, SecretKind},
    world::World,
};

/// The client whose cookie this is; `None` for one that is malformed, forged, rotated away or unknown.
pub async fn authenticate(world: &World, cookie: &str) -> Result<Option<Client>, Failure> {
    let Some(parsed) = ParsedSecret::parse(cookie).filter(|parsed| parsed.kind() == SecretKind::ClientCookie)
    else {
        return Ok(None);
    };
    let Some(id) = ClientId::from_ksuid(parsed.ksuid()) else { return Ok(None) };
    let client = world.store.client(&id).await?;
    Ok(client.filter(|client| client.cookie_hash == Some(parsed.hash())))
}
