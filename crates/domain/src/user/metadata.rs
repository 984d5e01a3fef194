//! `PATCH` and `PUT /v1/users/{id}/metadata`: merge into the three objects, or replace them.

use super::{User, find, metadata_merge::merged, profile};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Write},
    json::JsonObject,
    ports::StoreError,
    refusal::Failure,
    world::{ATTEMPTS_MAX, World},
};

/// The metadata to merge or to replace; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UpdateMetadata {
    pub public_metadata: Option<JsonObject>,
    pub private_metadata: Option<JsonObject>,
    pub unsafe_metadata: Option<JsonObject>,
}

/// `PATCH`: merges objects at every depth; a `null` removes its member. All else stays to the letter.
///
/// # Errors
/// [`crate::refusal::Refusal::UserNotFound`] for somebody who is not stored, in either mode; a parameter's
/// [`crate::refusal::ParameterProblem::TooManyBytes`] when the result is larger than 8 KiB.
pub async fn merge(
    world: &World,
    context: &Context,
    id: &str,
    request: UpdateMetadata,
) -> Result<User, Failure> {
    change(world, context, id, &request, merged).await
}

/// `PUT`: replaces each given object whole.
///
/// # Errors
/// As of [`merge`].
pub async fn replace(
    world: &World,
    context: &Context,
    id: &str,
    request: UpdateMetadata,
) -> Result<User, Failure> {
    change(world, context, id, &request, |_, given| Ok(given.clone())).await
}

/// Makes the new object of the kept and the given one; fails when one of them is no JSON.
type Combine = fn(&JsonObject, &JsonObject) -> Result<JsonObject, serde_json::Error>;

async fn change(
    world: &World,
    context: &Context,
    id: &str,
    request: &UpdateMetadata,
    combine: Combine,
) -> Result<User, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let reading = world.reading();
        let stored = find::stored(world, id).await?;
        let user = apply(request, &stored, combine)?;
        if user == stored {
            world.confirm(reading).await?;
            return Ok(stored);
        }
        let now = world.now();
        let user = user.changed_at(now);
        let event = AuditEvent::new(context, Action::UserUpdated, now).about_user(&user.id);
        let write = Write::ReplaceUser(user.clone());
        if world.commit(Change::new(event, context.guards(), vec![write])).await? {
            return Ok(user);
        }
    }
    Err(Failure::Contended)
}

fn apply(request: &UpdateMetadata, stored: &User, combine: Combine) -> Result<User, Failure> {
    let mut user = stored.clone();
    let objects = [
        ("public_metadata", &request.public_metadata, &mut user.public_metadata),
        ("private_metadata", &request.private_metadata, &mut user.private_metadata),
        ("unsafe_metadata", &request.unsafe_metadata, &mut user.unsafe_metadata),
    ];
    for (parameter, given, kept) in objects {
        if let Some(given) = given {
            let corrupt = |error| StoreError::Corrupt(format!("{parameter} of {}: {error}", stored.id));
            let combined = combine(kept, given).map_err(corrupt)?;
            *kept = profile::metadata(parameter, combined)?;
        }
    }
    Ok(user)
}
