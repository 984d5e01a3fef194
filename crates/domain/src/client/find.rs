//! Reading clients and their sessions.

use super::{Client, ClientView};
use crate::{
    ids::ClientId,
    page::{Listed, Page},
    refusal::{Failure, Refusal, shown_id},
    session::find::{SessionQuery, sessions, sessions_of_client},
    world::World,
};

/// A client with all its sessions, at most [`Page::MAX_LIMIT`], newest first (Backend API).
pub async fn client(world: &World, id: &str) -> Result<ClientView, Failure> {
    let unknown = || Refusal::ClientNotFound(shown_id(id));
    let parsed = ClientId::parse(id).ok_or_else(unknown)?;
    let client = world.store.client(&parsed).await?.ok_or_else(unknown)?;
    with_all_sessions(world, client).await
}

pub async fn clients(world: &World, page: Page) -> Result<Listed<ClientView>, Failure> {
    let listed = world.store.clients(page).await?;
    let mut rows = Vec::with_capacity(listed.rows.len());
    for client in listed.rows {
        rows.push(with_all_sessions(world, client).await?);
    }
    Ok(Listed { rows, total: listed.total })
}

/// The client whose cookie this is, with all its sessions (`POST /v1/clients/verify`).
pub async fn by_cookie(world: &World, cookie: &str) -> Result<Option<ClientView>, Failure> {
    match super::authenticate::authenticate(world, cookie).await? {
        Some(client) => Ok(Some(with_all_sessions(world, client).await?)),
        None => Ok(None),
    }
}

/// The client with its live sessions only (Frontend API).
pub async fn live_view(world: &World, client: &Client) -> Result<ClientView, Failure> {
    let now = world.now();
    // Read again: an act of this very request may have moved its time.
    let client = world.store.client(&client.id).await?.ok_or(Refusal::SignedOut)?;
    let sessions = sessions_of_client(world, &client.id, now).await?;
    Ok(ClientView { client, sessions })
}

async fn with_all_sessions(world: &World, client: Client) -> Result<ClientView, Failure> {
    let page = Page { limit: Page::MAX_LIMIT, offset: 0 };
    let query =
        SessionQuery { client: Some(client.id.clone()), user: None, status: None, now: world.now(), page };
    Ok(ClientView { client, sessions: sessions(world, &query).await?.rows })
}
