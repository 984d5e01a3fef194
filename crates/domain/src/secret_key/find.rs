//! Listing secret keys: names and times, never the keys.

use super::SecretKey;
use crate::{refusal::Failure, world::World};

/// All, oldest first, revoked ones too.
pub async fn secret_keys(world: &World) -> Result<Vec<SecretKey>, Failure> {
    Ok(world.store.secret_keys().await?)
}
