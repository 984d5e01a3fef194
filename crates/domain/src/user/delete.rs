//! `DELETE /v1/users/{id}`: the user leaves the directory, and with it every session and pending token.

use super::{Standing, find, standing::fall};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Downfall, Write},
    ids::UserId,
    refusal::Failure,
    settings::DirectoryMode,
    world::{STANDING_ATTEMPTS_MAX, World},
};

/// Deletes a stored user, in either mode.
///
/// In an open directory the id stays a possible subject, so a ban or lock outlives the user: deleting somebody
/// must not be a way round it.
///
/// # Errors
/// [`crate::refusal::Refusal::UserNotFound`] for somebody who is not stored.
pub async fn delete(world: &World, context: &Context, id: &str) -> Result<UserId, Failure> {
    for _ in 0..STANDING_ATTEMPTS_MAX {
        let user = find::stored(world, id).await?;
        let mut writes = vec![Write::RemoveUser { user: user.id.clone(), revision: user.revision }];
        if world.settings.directory_mode == DirectoryMode::Open && !user.standing().is_good() {
            let standing = Standing { present: false, ..user.standing() };
            writes.push(Write::SetStanding { user: user.id.clone(), standing });
        }
        writes.extend(fall(&user.id, Downfall::Deleted));
        let event = AuditEvent::new(context, Action::UserDeleted, world.now()).about_user(&user.id);
        if world.commit(Change::new(event, context.guards(), writes)).await? {
            return Ok(user.id);
        }
    }
    Err(Failure::Contended)
}
