//! Clients: one browser or app each, known by a cookie of which only the hash is kept.

pub mod authenticate;
pub mod create;
pub mod find;
pub mod returning;
pub(crate) mod seat;
pub mod sign_out;

use crate::{
    ids::ClientId,
    ports::Entropy,
    secret::{self, SecretHash, SecretKind, SecretText},
    session::Session,
    time::UnixMillis,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    /// None for a client that no browser holds: the Backend API made its session for a test.
    pub cookie_hash: Option<SecretHash>,
    pub created_at: UnixMillis,
    /// Moves exactly when its set of sessions changes; every store sees to that.
    pub updated_at: UnixMillis,
}

/// A client and its sessions, the live ones or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientView {
    pub client: Client,
    pub sessions: Vec<Session>,
}

/// A client that proved itself by its secret, and what becomes of that secret when a session begins.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    pub(crate) client: &'a Client,
    /// The secret, where it stays the client's; none where a new one takes its place.
    pub(crate) kept_secret: Option<&'a SecretText>,
}

impl<'a> Presented<'a> {
    /// By a cookie or a header, which every sign-in replaces: one planted before is worth nothing.
    pub const fn by_cookie(client: &'a Client) -> Self {
        Self { client, kept_secret: None }
    }

    /// By the query of a development instance: browsers' SDKs keep that secret and are not told another.
    pub const fn by_query(client: &'a Client, secret: &'a SecretText) -> Self {
        Self { client, kept_secret: Some(secret) }
    }
}

impl Client {
    pub(crate) fn new(id: ClientId, cookie_hash: Option<SecretHash>, at: UnixMillis) -> Self {
        Self { id, cookie_hash, created_at: at, updated_at: at }
    }
}

/// A new cookie for a client; the hash is all that is kept of it.
pub(crate) fn mint_cookie(id: &ClientId, entropy: &dyn Entropy) -> (SecretText, SecretHash) {
    let text = secret::mint(SecretKind::ClientCookie, id.ksuid(), entropy);
    let hash = SecretHash::of(text.reveal());
    (text, hash)
}
