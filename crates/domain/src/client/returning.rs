//! The way back: an actor whose own session was set aside by an impersonation gets one in its place when the
//! impersonation stops.
//!
//! A return is kept for one client, for the user of the session that was set aside and nobody else, at most until that
//! session's own end, and is used once. It opens only when its client itself stops a live impersonation by that very
//! user: an end by time, or by a backend, opens nothing. Whatever ends all sessions of a user drops their returns too.

use super::{Client, Presented, seat::Seat};
use crate::{
    actor::Actor,
    actor_token::accept::Redeemed,
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Guard, SessionSelection, Write},
    client::ClientView,
    ids::{ClientId, SessionId, UserId},
    refusal::Failure,
    session::{Ending, Session, SessionStatus, create::ordinary_session, find::sessions_of_client},
    settings::DirectoryMode,
    ticket::CheckedTicket,
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

/// What a client keeps for the actor of its impersonation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReturn {
    pub client: ClientId,
    pub user: UserId,
    /// The session that was set aside.
    pub session: SessionId,
    /// When its user proved their first factor: coming back proves nothing anew.
    pub first_factor_at: Option<UnixMillis>,
    /// When that session would have ended without activity: the return is worth nothing from then on.
    pub until: UnixMillis,
    /// When that session would have ended at the latest, and so will the one that takes its place.
    pub expire_at: UnixMillis,
}

/// What becomes of a client's own session and of what it kept, when an impersonation takes it over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// The session that is set aside now.
    Begins(KeptReturn),
    /// An earlier one of the same actor; it may have been kept for another client before.
    GoesOn {
        from: ClientId,
        kept: KeptReturn,
    },
    Nothing,
}

impl Keeping {
    /// `sessions` are the live ones of the client that is taken over; `keeper` is the client that the impersonation
    /// will live on.
    pub(crate) fn decide(
        actor: &Actor,
        sessions: &[Session],
        stored: Option<&KeptReturn>,
        keeper: &ClientId,
        now: UnixMillis,
    ) -> Self {
        let Some(actor) = actor.directory_id() else { return Self::Nothing };
        let own =
            |session: &&Session| session.user == actor && !session.is_impersonated() && session.is_live(now);
        if let Some(session) = sessions.iter().find(own) {
            return Self::Begins(KeptReturn {
                client: keeper.clone(),
                user: actor,
                session: session.id.clone(),
                first_factor_at: session.first_factor_at,
                until: session.ends_at(),
                expire_at: session.expire_at,
            });
        }
        // Whoever else is signed in there has taken the earlier actor's place.
        let others = sessions.iter().any(|session| !session.is_impersonated() && session.is_live(now));
        match stored {
            Some(kept) if kept.user == actor && now < kept.until && !others => Self::GoesOn {
                from: kept.client.clone(),
                kept: KeptReturn { client: keeper.clone(), ..kept.clone() },
            },
            _ => Self::Nothing,
        }
    }

    pub(crate) fn guards(&self) -> Option<Guard> {
        match self {
            Self::Begins(kept) => Some(Guard::SessionLive(kept.session.clone())),
            Self::GoesOn { .. } | Self::Nothing => None,
        }
    }

    /// `taken_over` is the client whose sessions give way.
    pub(crate) fn writes(self, taken_over: &ClientId) -> Vec<Write> {
        match self {
            Self::Begins(kept) => vec![Write::KeepReturn(kept)],
            Self::GoesOn { from, kept } => {
                let taken = Write::TakeReturn { client: from, session: kept.session.clone() };
                vec![taken, Write::KeepReturn(kept)]
            }
            Self::Nothing => vec![Write::DropReturn(taken_over.clone())],
        }
    }
}

/// `GET /v1/tickets/accept`: whoever is signed in on the client gives way, an impersonation included. The own session
/// of the ticket's actor is set aside, with a return kept for `keeper`, on which the ticket will be redeemed. Returns
/// whether anybody was signed in.
pub async fn set_aside(
    world: &World,
    context: &Context,
    client: &Client,
    ticket: &CheckedTicket,
    keeper: &ClientId,
) -> Result<bool, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        let live = sessions_of_client(world, &client.id, now).await?;
        if live.is_empty() {
            return Ok(false);
        }
        let keeping = match ticket {
            CheckedTicket::ActorToken(token) => {
                let stored = world.store.kept_return(&client.id).await?;
                Keeping::decide(&token.actor, &live, stored.as_ref(), keeper, now)
            }
            CheckedTicket::SignInToken(_) => Keeping::Nothing,
        };
        let ending = match keeping {
            Keeping::Begins(_) => Ending { status: SessionStatus::Replaced, cause: Cause::Replaced },
            Keeping::GoesOn { .. } | Keeping::Nothing => {
                Ending { status: SessionStatus::Removed, cause: Cause::SignedOut }
            }
        };
        let mut guards = context.guards();
        guards.extend(keeping.guards());
        let mut writes = vec![Write::EndSessions { of: SessionSelection::Client(client.id.clone()), ending }];
        writes.extend(keeping.writes(&client.id));
        let event = AuditEvent::new(context, Action::ClientSignedOut, now).about_client(&client.id);
        if world.commit(Change::new(event, guards, writes)).await? {
            return Ok(true);
        }
    }
    Err(Failure::Contended)
}

/// Stops the client's live impersonation, the one named or whichever it is, and opens the return that is kept for its
/// actor, in one commit. None, and nothing is changed, where there is no such impersonation or no return to open.
pub(crate) async fn stop(
    world: &World,
    context: &Context,
    presented: Presented<'_>,
    id: Option<&SessionId>,
    status: SessionStatus,
) -> Result<Option<Redeemed>, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        let live = sessions_of_client(world, &presented.client.id, now).await?;
        let stopped = live.iter().find(|session| {
            session.is_impersonated() && session.is_live(now) && id.is_none_or(|id| *id == session.id)
        });
        let Some(stopped) = stopped else { return Ok(None) };
        let kept = world.store.kept_return(&presented.client.id).await?;
        let Some(kept) = kept.filter(|kept| opens(kept, stopped, now)) else { return Ok(None) };
        let standing = world.store.standing(&kept.user).await?;
        let is_managed = world.settings.directory_mode == DirectoryMode::Managed;
        if !standing.is_good() || (is_managed && !standing.present) {
            return Ok(None);
        }
        let seat = Seat::find(world, Some(presented), now).await?;
        if seat.client.id != presented.client.id {
            return Ok(None);
        }
        let session = returned_session(world, &kept, now);
        let mut guards = context.guards();
        guards.extend([
            Guard::SessionLive(stopped.id.clone()),
            Guard::Before(kept.until),
            Guard::InGoodStanding { user: kept.user.clone(), must_be_present: is_managed },
        ]);
        guards.extend(seat.cookie_guard());
        let mut writes = vec![Write::TakeReturn { client: kept.client, session: kept.session }];
        writes.extend(seat.writes(&session, Ending { status, cause: Cause::SignedOut }));
        let event = AuditEvent::new(context, Action::SessionCreated, now)
            .about_session(&session)
            .because(Cause::Returned);
        if world.commit(Change::new(event, guards, writes)).await? {
            let client = ClientView { client: seat.client, sessions: vec![session.clone()] };
            return Ok(Some(Redeemed { session, client, cookie: seat.cookie }));
        }
    }
    Err(Failure::Contended)
}

/// Whether the impersonation that stops is by the very user whose session was set aside for it.
fn opens(kept: &KeptReturn, stopped: &Session, now: UnixMillis) -> bool {
    let actor = stopped.actor.as_ref().and_then(Actor::directory_id);
    actor.as_ref() == Some(&kept.user) && now < kept.until
}

/// A way through an impersonation makes no session longer and no proof younger than those of the one set aside.
fn returned_session(world: &World, kept: &KeptReturn, now: UnixMillis) -> Session {
    let session = ordinary_session(world, kept.user.clone(), kept.client.clone(), now);
    let expire_at = session.expire_at.min(kept.expire_at);
    Session { expire_at, first_factor_at: kept.first_factor_at, ..session }
}
