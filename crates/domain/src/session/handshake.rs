//! The handshake token: what an app's server must set as cookies, signed so that nobody else can tell it.

use super::issue_token::signed;
use crate::{refusal::Failure, secret::SecretText, world::World};

/// A JWT of the cookies to set, each as the value of a `Set-Cookie` (contract: Frontend API §15). It is no session
/// token: it has no subject, no session and no end.
pub async fn token(world: &World, directives: &[String]) -> Result<SecretText, Failure> {
    let key = world.key_ring.current(world).await?;
    let payload = serde_json::json!({ "handshake": directives }).to_string();
    signed(world, &key, &payload).await
}
