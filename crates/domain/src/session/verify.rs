//! `POST /v1/sessions/{id}/verify` of older API versions: is this a live token of that session?

use super::{Session, find};
use crate::{
    refusal::{Failure, Refusal},
    world::World,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    sid: String,
    exp: i64,
}

/// The session, if `token` is one of its tokens, authentic and not expired, and the session is live.
pub async fn verify(world: &World, id: &str, token: &str) -> Result<Session, Failure> {
    let session = find::session(world, id).await?;
    let now = world.now();
    let claims = verified_claims(world, token).await?.ok_or(Refusal::SessionTokenInvalid)?;
    let good = claims.sid == session.id.as_str() && claims.exp > now.seconds() && session.is_live(now);
    if good { Ok(session) } else { Err(Refusal::SessionTokenInvalid.into()) }
}

/// The claims of an authentic token; `None` for anything else.
async fn verified_claims(world: &World, token: &str) -> Result<Option<Claims>, Failure> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Ok(None);
    };
    let (Some(head), Some(signature_bytes)) =
        (decoded::<Header>(header), URL_SAFE_NO_PAD.decode(signature).ok())
    else {
        return Ok(None);
    };
    if head.alg != "RS256" {
        return Ok(None);
    }
    let keys = world.key_ring.published(world).await?;
    let Some(key) = keys.iter().find(|key| key.id.as_str() == head.kid) else { return Ok(None) };
    let message = &token[..header.len() + 1 + claims.len()];
    let authentic = world.vault.verify(&key.public, message.as_bytes(), &signature_bytes);
    Ok(authentic.then(|| decoded::<Claims>(claims)).flatten())
}

fn decoded<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
