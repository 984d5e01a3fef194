//! `POST /v1/users/import`: one row of many.
//!
//! A row is a creation like any other: the same rules, a change and an entry of its own. What differs is what an
//! import needs to be repeatable, and that it may be refused a million times.

use super::create::{self, Attempt, CreateUser};
use crate::{
    caller::Context,
    idempotency::Unkept,
    ids::UserId,
    refusal::{Failure, ParameterProblem, ParameterRefusal},
    world::World,
};

/// What became of a row that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    Created(UserId),
    /// A user has the row's `id` already, and is left as it is.
    Exists(UserId),
}

/// Creates the row's user, unless there is one with the id that the row brings along: whoever is unsure what became
/// of a row can therefore send it again.
///
/// Refusals are on record as long as they are few: of one secret key and one address, so many in a minute
/// ([`crate::refusal_throttle::RECORDED_MAX`]). The answer tells of each.
///
/// # Errors
/// As [`create::create`], but for an `id` that is taken. A `password` in the clear is refused: to hash millions of
/// them would keep the instance from everything else.
pub async fn import(world: &World, context: &Context, row: CreateUser) -> Result<Imported, Failure> {
    if row.password.is_some() {
        let problem = ParameterProblem::Unsupported { why: DIGESTS_ONLY };
        return Err(ParameterRefusal::new("password", problem).into());
    }
    let reading = world.reading();
    match create::attempt(world, context, row, &Unkept).await? {
        Attempt::Created(user) => Ok(Imported::Created(user.id)),
        Attempt::Taken(taken) => match taken.present {
            Some(id) => {
                // It is told as done, and nothing is committed.
                world.confirm(reading).await?;
                Ok(Imported::Exists(id))
            }
            None => {
                world.record_bulk_refusal(taken.event.denied(taken.refusal.code())).await?;
                Err(taken.refusal.into())
            }
        },
    }
}

const DIGESTS_ONLY: &str = "An import takes digests: password_digest with password_hasher.";
