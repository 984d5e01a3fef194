//! The key set that verifiers fetch (RFC 7517).

use super::SigningKey;
use crate::{refusal::Failure, world::World};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// One public key, in the members of a JWK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    pub kid: String,
    /// Modulus, base64url.
    pub n: String,
    /// Exponent, base64url.
    pub e: String,
}

pub async fn jwks(world: &World) -> Result<Vec<PublishedKey>, Failure> {
    Ok(world.key_ring.published(world).await?.iter().map(published).collect())
}

fn published(key: &SigningKey) -> PublishedKey {
    PublishedKey {
        kid: key.id.as_str().to_owned(),
        n: URL_SAFE_NO_PAD.encode(&key.public.modulus),
        e: URL_SAFE_NO_PAD.encode(&key.public.exponent),
    }
}
