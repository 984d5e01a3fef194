//! Where a new session is put: on the client that was presented, or on a new one.

use super::{Client, mint_cookie};
use crate::{
    audit::Cause,
    change::{Guard, SessionSelection, Write},
    ids::ClientId,
    ports::Entropy,
    secret::{SecretHash, SecretText},
    session::{Ending, Session, SessionStatus},
    time::UnixMillis,
};

/// A client and its new cookie. The cookie changes at every sign-in, so that one planted before is worth nothing.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) client: Client,
    pub(crate) cookie: SecretText,
    /// The hash of the cookie that was presented; none for a new client.
    presented: Option<SecretHash>,
}

impl Seat {
    pub(crate) fn for_sign_in(presented: Option<&Client>, now: UnixMillis, entropy: &dyn Entropy) -> Self {
        let id = presented.map_or_else(|| ClientId::mint(now, entropy), |client| client.id.clone());
        let (cookie, hash) = mint_cookie(&id, entropy);
        let client = match presented {
            Some(client) => {
                Client { cookie_hash: Some(hash), updated_at: client.updated_at.max(now), ..client.clone() }
            }
            None => Client::new(id, Some(hash), now),
        };
        Self { client, cookie, presented: presented.and_then(|client| client.cookie_hash) }
    }

    /// What the decision stood on: the cookie is the one presented, and no chain begins.
    pub(crate) fn guards(&self) -> Vec<Guard> {
        let client = self.client.id.clone();
        match self.presented {
            Some(hash) => {
                vec![Guard::CookieUnchanged { client: client.clone(), hash }, Guard::NoImpersonation(client)]
            }
            None => Vec::new(),
        }
    }

    /// The client's other sessions give way to the new one.
    pub(crate) fn writes(&self, session: &Session) -> Vec<Write> {
        let client = self.client.id.clone();
        let mut writes = match (self.presented, self.client.cookie_hash) {
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

/// Whether one of these is live and impersonated: no further ticket is redeemed there.
pub(crate) fn holds_impersonation(sessions: &[Session], now: UnixMillis) -> bool {
    sessions.iter().any(|session| session.is_impersonated() && session.is_live(now))
}
