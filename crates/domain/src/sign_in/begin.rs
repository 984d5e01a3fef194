//! The first of two steps: the identifier alone.

use super::{PENDING_SECONDS, PendingSignIn};
use crate::{
    client::Client,
    ids::SignInId,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal, shown_id},
    session::find::sessions_of_client,
    user::identifier::IDENTIFIER_MAX_CHARACTERS,
    world::World,
};

/// Begins an attempt on the client, in the place of an earlier one. Whether anybody has the identifier is not
/// looked at: the next step is the same for all.
///
/// # Errors
/// [`Refusal::ImpersonationPresent`] while the client holds a live impersonation; a parameter's refusal for an
/// identifier that is too long.
pub async fn begin(world: &World, client: &Client, identifier: &str) -> Result<PendingSignIn, Failure> {
    check_identifier(identifier)?;
    let now = world.now();
    let live = sessions_of_client(world, &client.id, now).await?;
    if live.iter().any(|session| session.is_impersonated() && session.is_live(now)) {
        return Err(Refusal::ImpersonationPresent.into());
    }
    let pending = PendingSignIn {
        id: SignInId::mint(now, world.entropy.as_ref()),
        client: client.id.clone(),
        identifier: identifier.to_owned(),
        created_at: now,
        expires_at: now.plus_seconds(PENDING_SECONDS),
    };
    world.store.begin_sign_in(&pending).await?;
    Ok(pending)
}

/// What an identifier may be before anybody is looked for by it.
///
/// # Errors
/// A refusal of the parameter `identifier` that is too long.
pub fn check_identifier(identifier: &str) -> Result<(), ParameterRefusal> {
    let max_characters = IDENTIFIER_MAX_CHARACTERS;
    if identifier.chars().count() > max_characters {
        return Err(ParameterRefusal::new("identifier", ParameterProblem::TooLong { max_characters }));
    }
    Ok(())
}

/// The client's attempt, if one waits.
pub async fn pending(world: &World, client: &Client) -> Result<Option<PendingSignIn>, Failure> {
    let pending = world.store.pending_sign_in(&client.id).await?;
    Ok(pending.filter(|pending| world.now() < pending.expires_at))
}

/// The client's attempt with this id.
///
/// # Errors
/// [`Refusal::SignInNotFound`] for one that is another's, over, complete, or none.
pub async fn pending_with_id(world: &World, client: &Client, id: &str) -> Result<PendingSignIn, Failure> {
    let found = pending(world, client).await?.filter(|pending| pending.id.as_str() == id);
    found.ok_or_else(|| Refusal::SignInNotFound(shown_id(id)).into())
}
