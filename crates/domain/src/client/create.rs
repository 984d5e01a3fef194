//! A client without a session: what a browser holds before it signs in.

use super::{Client, mint_cookie};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Write},
    ids::ClientId,
    refusal::Failure,
    secret::SecretText,
    world::World,
};

/// Makes a client, and the secret that its browser knows it by.
pub async fn create(world: &World, context: &Context) -> Result<(Client, SecretText), Failure> {
    let now = world.now();
    let id = ClientId::mint(now, world.entropy.as_ref());
    let (secret, hash) = mint_cookie(&id, world.entropy.as_ref());
    let client = Client::new(id, Some(hash), now);
    let event = AuditEvent::new(context, Action::ClientCreated, now).about_client(&client.id);
    let landed =
        world.commit(Change::new(event, context.guards(), vec![Write::AddClient(client.clone())])).await?;
    // The one condition is that the id is new, and 118 bits of it are random.
    if landed { Ok((client, secret)) } else { Err(Failure::Contended) }
}
