//! Where a new session is put: on the client that was presented, or on a new one.

use super::{Client, mint_cookie};
use crate::{
    audit::Cause,
    change::{Guard, SessionSelection, Write},
    ids::ClientId,
    refusal::Failure,
    secret::{SecretHash, SecretText},
    session::{Ending, Session, SessionStatus, find::sessions_of_client},
    time::UnixMillis,
    world::World,
};

/// A client and its new cookie. The cookie changes at every sign-in, so that one planted before is worth nothing.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) client: Client,
    pub(crate) cookie: SecretText,
    /// Whether the presented client holds a live impersonated session: no further ticket is redeemed there.
    pub(crate) holds_impersonation: bool,
    /// The client that was presented, also when its cookie was rotated since.
    presented: Option<ClientId>,
    /// The presented cookie's hash, if the new session goes on that client.
    kept: Option<SecretHash>,
}

impl Seat {
    /// Looks at the presented client as it is now.
    ///
    /// Two sign-ins at once may present one cookie. The first rotates it; to the second the client is lost, and it
    /// is seated on a new one, but it may not begin what the first one's impersonation forbids.
    pub(crate) async fn find(
        world: &World,
        presented: Option<&Client>,
        now: UnixMillis,
    ) -> Result<Self, Failure> {
        let entropy = world.entropy.as_ref();
        let Some(presented) = presented else {
            let (client, cookie) = new_client(world, now);
            return Ok(Self { client, cookie, holds_impersonation: false, presented: None, kept: None });
        };
        let sessions = sessions_of_client(world, &presented.id, now).await?;
        let holds_impersonation =
            sessions.iter().any(|session| session.is_impersonated() && session.is_live(now));
        let stored = world.store.client(&presented.id).await?;
        let (client, cookie, kept) = match stored.filter(|stored| stored.cookie_hash == presented.cookie_hash)
        {
            Some(stored) => {
                let (cookie, hash) = mint_cookie(&stored.id, entropy);
                let updated_at = stored.updated_at.max(now);
                (Client { cookie_hash: Some(hash), updated_at, ..stored }, cookie, presented.cookie_hash)
            }
            None => {
                let (client, cookie) = new_client(world, now);
                (client, cookie, None)
            }
        };
        Ok(Self { client, cookie, holds_impersonation, presented: Some(presented.id.clone()), kept })
    }

    /// What the decision stood on: the cookie is the one presented, and no chain begins.
    pub(crate) fn guards(&self) -> Vec<Guard> {
        let unchanged = self.kept.map(|hash| Guard::CookieUnchanged { client: self.client.id.clone(), hash });
        unchanged.into_iter().chain(self.presented.clone().map(Guard::NoImpersonation)).collect()
    }

    /// The client's other sessions give way to the new one.
    pub(crate) fn writes(&self, session: &Session) -> Vec<Write> {
        let client = self.client.id.clone();
        let mut writes = match (self.kept, self.client.cookie_hash) {
            (Some(_), Some(hash)) => vec![
                Write::RotateCookie { client: client.clone(), hash },
                Write::EndSessions {
                    of: SessionSelection::Client(client),
                    ending: Ending { status: SessionStatus::Replaced, cause: Cause::Replaced },
                },
            ],
            _ => vec![Write::AddClient(self.client.clone())],
        };
        writes.push(Write::AddSession(session.clone()));
        writes
    }
}

fn new_client(world: &World, now: UnixMillis) -> (Client, SecretText) {
    let id = ClientId::mint(now, world.entropy.as_ref());
    let (cookie, hash) = mint_cookie(&id, world.entropy.as_ref());
    (Client::new(id, Some(hash), now), cookie)
}
