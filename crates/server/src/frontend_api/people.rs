//! How people are called in what a person reads.

use super::shown::identifier;
use crate::{app::App, error::ApiError};
use actas_api_types::impersonation::Person;
use actas_domain::{
    actor::Actor,
    ids::UserId,
    refusal::{Failure, Refusal},
    user::{self, User},
};

/// The subject: whoever holds the ticket, or its session, may see that user whole, so an identifier may stand in
/// for a name.
pub(super) async fn subject(app: &App, id: &UserId) -> Result<Person, ApiError> {
    let user = find(app, id).await?;
    let name = user
        .as_ref()
        .map_or_else(|| id.to_string(), |user| full_name(user).unwrap_or_else(|| identifier(user)));
    Ok(Person { id: id.to_string(), name })
}

/// The actor, by name where the directory knows them. Nothing else of the directory is told: a session shows of its
/// actor only what the actor token says.
pub(super) async fn actor(app: &App, actor: &Actor) -> Result<Person, ApiError> {
    let user = match actor.directory_id() {
        Some(id) => find(app, &id).await?,
        None => None,
    };
    let name = user.as_ref().and_then(full_name).unwrap_or_else(|| actor.sub().to_owned());
    Ok(Person { id: actor.sub().to_owned(), name })
}

async fn find(app: &App, id: &UserId) -> Result<Option<User>, ApiError> {
    match user::find::user(&app.world, id.as_str()).await {
        Ok(user) => Ok(Some(user)),
        Err(Failure::Refused(Refusal::UserNotFound(_))) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

fn full_name(user: &User) -> Option<String> {
    let names = [user.first_name.as_deref(), user.last_name.as_deref()];
    let names: Vec<_> = names.into_iter().flatten().map(str::trim).filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}
