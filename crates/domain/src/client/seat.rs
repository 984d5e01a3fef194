//! Where a new session is put: on the client that was presented, or on a new one.

use super::{
    Client, Presented, mint_cookie,
    returning::{Keeping, KeptReturn},
};
use crate::{
    actor::Actor,
    audit::Cause,
    change::{Guard, SessionSelection, Write},
    ids::ClientId,
    refusal::Failure,
    secret::{SecretHash, SecretText},
    session::{Ending, Session, SessionStatus, find::sessions_of_client},
    time::UnixMillis,
    world::World,
};

/// A client and its secret from now on. A cookie changes at every sign-in, so that one planted before is worth
/// nothing; what was presented by the query of a development instance stays ([`Presented`]).
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
    /// The client's live sessions, and what it keeps for the actor of an impersonation.
    sessions: Vec<Session>,
    kept_return: Option<KeptReturn>,
}

impl Seat {
    /// Looks at the presented client as it is now.
    ///
    /// Two sign-ins at once may present one cookie. The first rotates it; to the second the client is lost, and it
    /// is seated on a new one, but it may not begin what the first one's impersonation forbids.
    pub(crate) async fn find(
        world: &World,
        presented: Option<Presented<'_>>,
        now: UnixMillis,
    ) -> Result<Self, Failure> {
        let entropy = world.entropy.as_ref();
        let Some(Presented { client: presented, kept_secret }) = presented else {
            let (client, cookie) = new_client(world, now);
            return Ok(Self {
                client,
                cookie,
                holds_impersonation: false,
                presented: None,
                kept: None,
                sessions: Vec::new(),
                kept_return: None,
            });
        };
        let sessions = sessions_of_client(world, &presented.id, now).await?;
        let holds_impersonation =
            sessions.iter().any(|session| session.is_impersonated() && session.is_live(now));
        let stored = world.store.client(&presented.id).await?;
        let (client, cookie, kept) = match stored.filter(|stored| stored.cookie_hash == presented.cookie_hash)
        {
            Some(stored) => {
                let (cookie, hash) = match kept_secret {
                    Some(secret) => (secret.clone(), presented.cookie_hash),
                    None => {
                        let (cookie, hash) = mint_cookie(&stored.id, entropy);
                        (cookie, Some(hash))
                    }
                };
                let updated_at = stored.updated_at.max(now);
                (Client { cookie_hash: hash, updated_at, ..stored }, cookie, presented.cookie_hash)
            }
            None => {
                let (client, cookie) = new_client(world, now);
                (client, cookie, None)
            }
        };
        let (sessions, kept_return) = match kept {
            Some(_) => (sessions, world.store.kept_return(&client.id).await?),
            None => (Vec::new(), None),
        };
        let presented = Some(presented.id.clone());
        Ok(Self { client, cookie, holds_impersonation, presented, kept, sessions, kept_return })
    }

    /// What the decision stood on: the cookie is the one presented, and no chain begins.
    pub(crate) fn guards(&self) -> Vec<Guard> {
        let no_chain = self.presented.clone().map(Guard::NoImpersonation);
        self.cookie_guard().into_iter().chain(no_chain).collect()
    }

    /// The part of it that holds where an impersonation gives way.
    pub(crate) fn cookie_guard(&self) -> Option<Guard> {
        self.kept.map(|hash| Guard::CookieUnchanged { client: self.client.id.clone(), hash })
    }

    /// What becomes of the actor's own session on this client, when the actor's impersonation begins here.
    pub(crate) fn keeping(&self, actor: &Actor, now: UnixMillis) -> Keeping {
        Keeping::decide(actor, &self.sessions, self.kept_return.as_ref(), &self.client.id, now)
    }

    /// An ordinary session begins: whoever was here before does not come back.
    pub(crate) fn writes_of_ordinary(&self, session: &Session) -> Vec<Write> {
        self.writes_of_impersonated(session, Keeping::Nothing)
    }

    /// The client's other sessions give way to the new one, in this way; an attempt that waits is over.
    pub(crate) fn writes(&self, session: &Session, ending: Ending) -> Vec<Write> {
        let client = self.client.id.clone();
        let mut writes = match (self.kept, self.client.cookie_hash) {
            (Some(_), Some(hash)) => vec![
                Write::RotateCookie { client: client.clone(), hash },
                Write::EndSessions { of: SessionSelection::Client(client.clone()), ending },
                Write::EndSignIn(client),
            ],
            _ => vec![Write::AddClient(self.client.clone())],
        };
        writes.push(Write::AddSession(session.clone()));
        writes
    }

    /// An impersonated session begins.
    pub(crate) fn writes_of_impersonated(&self, session: &Session, keeping: Keeping) -> Vec<Write> {
        let replaced = Ending { status: SessionStatus::Replaced, cause: Cause::Replaced };
        let mut writes = self.writes(session, replaced);
        if self.kept.is_some() {
            writes.extend(keeping.writes(&self.client.id));
        }
        writes
    }
}

fn new_client(world: &World, now: UnixMillis) -> (Client, SecretText) {
    let id = ClientId::mint(now, world.entropy.as_ref());
    let (cookie, hash) = mint_cookie(&id, world.entropy.as_ref());
    (Client::new(id, Some(hash), now), cookie)
}
