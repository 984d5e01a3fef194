//! `DELETE /v1/client/sessions`: the client signs out of everything.

use super::Client;
use crate::{
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, SessionSelection, Write},
    refusal::Failure,
    session::{Ending, SessionStatus, find::sessions_of_client},
    world::World,
};

/// Ends every live session of the client; one who has none is left alone. Returns how many there were.
pub async fn sign_out(world: &World, context: &Context, client: &Client) -> Result<usize, Failure> {
    let now = world.now();
    let live = sessions_of_client(world, &client.id, now).await?;
    if live.is_empty() {
        return Ok(0);
    }
    let event = AuditEvent::new(context, Action::ClientSignedOut, now).about_client(&client.id);
    let write = Write::EndSessions {
        of: SessionSelection::Client(client.id.clone()),
        ending: Ending { status: SessionStatus::Removed, cause: Cause::SignedOut },
    };
    let landed = world.commit(Change::new(event, Vec::new(), vec![write])).await?;
    debug_assert!(landed, "there is no guard that could fail");
    Ok(live.len())
}
