//! Reading actor tokens. None of these ever shows a ticket: only its hash is kept.

use super::{ActorToken, ActorTokenStatus};
use crate::{
    ids::{ActorTokenId, UserId},
    refusal::{Failure, Refusal},
    time::UnixMillis,
    world::World,
};

/// Which actor tokens, newest first: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActorTokenQuery {
    pub status: Option<ActorTokenStatus>,
    pub subject: Option<UserId>,
    pub actor_sub: Option<String>,
    pub created_at_or_after: Option<UnixMillis>,
    pub created_before: Option<UnixMillis>,
    /// Those that come behind this one in the order.
    pub starting_after: Option<ActorTokenId>,
    pub limit: u32,
}

pub async fn actor_token(world: &World, id: &str) -> Result<ActorToken, Failure> {
    let id = ActorTokenId::parse(id).ok_or(Refusal::ResourceNotFound)?;
    Ok(world.store.actor_token(&id).await?.ok_or(Refusal::ResourceNotFound)?)
}

pub async fn actor_tokens(world: &World, query: &ActorTokenQuery) -> Result<Vec<ActorToken>, Failure> {
    Ok(world.store.actor_tokens(query).await?)
}
