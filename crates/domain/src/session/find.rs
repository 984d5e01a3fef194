//! Reading sessions, always as they are now: expired ones never look active.

use super::{Session, SessionStatus, expire};
use crate::{
    ids::{ClientId, SessionId, UserId},
    page::{Listed, Page},
    refusal::{Failure, Refusal, shown_id},
    time::UnixMillis,
    world::World,
};

/// Which sessions: all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionQuery {
    pub client: Option<ClientId>,
    pub user: Option<UserId>,
    /// As of `now`: a stored `active` that is over counts as expired.
    pub status: Option<SessionStatus>,
    pub now: UnixMillis,
    pub page: Page,
}

pub async fn session(world: &World, id: &str) -> Result<Session, Failure> {
    let unknown = || Refusal::SessionNotFound(shown_id(id));
    let parsed = SessionId::parse(id).ok_or_else(unknown)?;
    let session = world.store.session(&parsed).await?.ok_or_else(unknown)?;
    expire::settled(world, session).await
}

pub async fn sessions(world: &World, query: &SessionQuery) -> Result<Listed<Session>, Failure> {
    let listed = world.store.sessions(query).await?;
    let mut rows = Vec::with_capacity(listed.rows.len());
    for session in listed.rows {
        rows.push(expire::settled(world, session).await?);
    }
    Ok(Listed { rows, total: listed.total })
}

/// The live sessions of a client, newest first: few, for a new one replaces the others.
pub(crate) async fn sessions_of_client(
    world: &World,
    client: &ClientId,
    now: UnixMillis,
) -> Result<Vec<Session>, Failure> {
    let query = SessionQuery {
        client: Some(client.clone()),
        user: None,
        status: Some(SessionStatus::Active),
        now,
        page: Page { limit: Page::MAX_LIMIT, offset: 0 },
    };
    Ok(world.store.sessions(&query).await?.rows)
}
