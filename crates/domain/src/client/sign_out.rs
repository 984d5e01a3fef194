//! The client signs out of everything.

use super::{Client, Presented, returning};
use crate::{
    actor_token::accept::Redeemed,
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, SessionSelection, Write},
    refusal::Failure,
    session::{Ending, SessionStatus, find::sessions_of_client},
    world::World,
};

/// `DELETE /v1/client/sessions`: the same, unless an impersonation gives way to its actor's own session, which is
/// then answered with the client's new cookie ([`returning`]).
pub async fn sign_out_or_return(
    world: &World,
    context: &Context,
    presented: Presented<'_>,
) -> Result<Option<Redeemed>, Failure> {
    let returned = returning::stop(world, context, presented, None, SessionStatus::Removed).await?;
    if returned.is_none() {
        sign_out(world, context, presented.client).await?;
    }
    Ok(returned)
}

/// Ends every live session of the client and drops its return; one who has neither is left alone. Returns how many
/// sessions there were.
pub async fn sign_out(world: &World, context: &Context, client: &Client) -> Result<usize, Failure> {
    let reading = world.reading();
    let now = reading.at;
    let live = sessions_of_client(world, &client.id, now).await?;
    // Between a link and its ticket nobody is signed in, but the way back is kept already.
    let kept = world.store.kept_return(&client.id).await?.filter(|kept| now < kept.until);
    if live.is_empty() && kept.is_none() {
        world.confirm(reading).await?;
        return Ok(0);
    }
    let event = AuditEvent::new(context, Action::ClientSignedOut, now).about_client(&client.id);
    let write = Write::EndSessions {
        of: SessionSelection::Client(client.id.clone()),
        ending: Ending { status: SessionStatus::Removed, cause: Cause::SignedOut },
    };
    let writes = vec![write, Write::DropReturn(client.id.clone())];
    let landed = world.commit(Change::new(event, Vec::new(), writes)).await?;
    debug_assert!(landed, "there is no guard that could fail");
    Ok(live.len())
}
