//! Accepting the ticket of an actor token: it becomes one session, ever.

use super::{ActorToken, ActorTokenStatus};
use crate::{
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Guard, Write},
    client::{ClientView, Presented, seat::Seat},
    ids::{ActorTokenId, SessionId},
    refusal::{Failure, Refusal, TicketRefusal},
    secret::{SecretHash, SecretText},
    session::{Session, SessionStatus},
    settings::{DirectoryMode, Settings},
    time::UnixMillis,
    user::Standing,
    world::{ATTEMPTS_MAX, World},
};

/// A redeemed ticket: the session it became, on which client, and that client's new cookie.
#[derive(Debug)]
pub struct Redeemed {
    pub session: Session,
    pub client: ClientView,
    pub cookie: SecretText,
}

/// What is known when it is decided.
struct Known<'a> {
    token: &'a ActorToken,
    subject: Standing,
    actor: Standing,
    client_holds_impersonation: bool,
}

/// Redeems the ticket on the presented client, or on a new one.
pub(crate) async fn accept(
    world: &World,
    context: &Context,
    id: &ActorTokenId,
    ticket_hash: SecretHash,
    presented: Option<Presented<'_>>,
) -> Result<Redeemed, Failure> {
    for attempt in 0..ATTEMPTS_MAX {
        let token = authentic_token(world, id, ticket_hash).await?;
        let now = world.now();
        let seat = Seat::find(world, presented, now).await?;
        let is_hoped = attempt == 0;
        let (subject, actor) = if is_hoped {
            // The guards see whether it is so. Who is refused is told why by what is read then.
            let good = Standing { present: true, ..Standing::default() };
            (good, good)
        } else {
            (world.store.standing(&token.subject).await?, actor_standing(world, &token).await?)
        };
        let client_holds_impersonation = seat.holds_impersonation;
        let known = Known { token: &token, subject, actor, client_holds_impersonation };
        if let Err(refusal) = decide(&world.settings, &known, now) {
            if is_hoped {
                continue;
            }
            let event = AuditEvent::new(context, Action::ActorTokenAccepted, now).about_actor_token(&token);
            world.record_refusal(event.denied(refusal.code())).await?;
            return Err(refusal.into());
        }
        let session = session_of(world, &token, &seat, now);
        if world.commit(change(world, context, &token, &seat, &session)).await? {
            let client = ClientView { client: seat.client, sessions: vec![session.clone()] };
            return Ok(Redeemed { session, client, cookie: seat.cookie });
        }
    }
    Err(Failure::Contended)
}

/// Whether the ticket could be redeemed now, on a client without an impersonation. Changes nothing; a refusal is on
/// record.
pub(crate) async fn check(
    world: &World,
    context: &Context,
    id: &ActorTokenId,
    ticket_hash: SecretHash,
) -> Result<ActorToken, Failure> {
    let token = authentic_token(world, id, ticket_hash).await?;
    let subject = world.store.standing(&token.subject).await?;
    let actor = actor_standing(world, &token).await?;
    let known = Known { token: &token, subject, actor, client_holds_impersonation: false };
    let now = world.now();
    if let Err(refusal) = decide(&world.settings, &known, now) {
        let event = AuditEvent::new(context, Action::ActorTokenAccepted, now).about_actor_token(&token);
        world.record_refusal(event.denied(refusal.code())).await?;
        return Err(refusal.into());
    }
    Ok(token)
}

fn decide(settings: &Settings, known: &Known<'_>, now: UnixMillis) -> Result<(), Refusal> {
    let refuse = |refusal| Err(Refusal::Ticket(refusal));
    let token = known.token;
    let subject_is_gone = !known.subject.present && settings.directory_mode == DirectoryMode::Managed;
    if subject_is_gone || token.revoked_because == Some(Cause::SubjectDeleted) {
        return refuse(TicketRefusal::ActorTokenSubjectGone);
    }
    if !settings.impersonation_enabled {
        return refuse(TicketRefusal::ActorTokenCannotBeUsed);
    }
    match token.status {
        ActorTokenStatus::Revoked => return refuse(TicketRefusal::ActorTokenRevoked),
        ActorTokenStatus::Accepted => return refuse(TicketRefusal::ActorTokenUsed),
        ActorTokenStatus::Pending => {}
    }
    if now >= token.expires_at {
        return refuse(TicketRefusal::Expired);
    }
    if !known.subject.is_good() || !known.actor.is_good() {
        return refuse(TicketRefusal::ActorTokenRevoked);
    }
    if known.client_holds_impersonation {
        return Err(Refusal::ImpersonationPresent);
    }
    Ok(())
}

fn change(world: &World, context: &Context, token: &ActorToken, seat: &Seat, session: &Session) -> Change {
    let accepted = ActorToken {
        status: ActorTokenStatus::Accepted,
        updated_at: session.created_at,
        session: Some(session.id.clone()),
        ..token.clone()
    };
    let mut guards = context.guards();
    guards.push(Guard::Before(token.expires_at));
    guards.push(Guard::InGoodStanding {
        user: token.subject.clone(),
        must_be_present: world.settings.directory_mode == DirectoryMode::Managed,
    });
    guards.extend(
        token.actor.directory_id().map(|user| Guard::InGoodStanding { user, must_be_present: false }),
    );
    guards.extend(seat.guards());
    let keeping = seat.keeping(&token.actor, session.created_at);
    guards.extend(keeping.guards());
    let event = AuditEvent::new(context, Action::ActorTokenAccepted, session.created_at)
        .about_actor_token(&accepted)
        .about_client(&session.client);
    let mut writes = vec![Write::MoveActorToken { to: accepted, from: ActorTokenStatus::Pending }];
    writes.extend(seat.writes_of_impersonated(session, keeping));
    Change::new(event, guards, writes)
}

fn session_of(world: &World, token: &ActorToken, seat: &Seat, now: UnixMillis) -> Session {
    Session {
        id: SessionId::mint(now, world.entropy.as_ref()),
        status: SessionStatus::Active,
        user: token.subject.clone(),
        client: seat.client.id.clone(),
        actor: Some(token.actor.clone()),
        actor_token: Some(token.id.clone()),
        first_factor_at: None,
        created_at: now,
        updated_at: now,
        last_active_at: now,
        expire_at: now.plus_seconds(token.session_max_duration_seconds),
        idle_seconds: world.settings.impersonated_idle_seconds,
    }
}

/// The token whose ticket this is; an unknown token and a wrong hash are told apart by nobody.
async fn authentic_token(
    world: &World,
    id: &ActorTokenId,
    ticket_hash: SecretHash,
) -> Result<ActorToken, Failure> {
    let token = world.store.actor_token(id).await?.filter(|token| token.ticket_hash == ticket_hash);
    Ok(token.ok_or(Refusal::Ticket(TicketRefusal::Invalid))?)
}

async fn actor_standing(world: &World, token: &ActorToken) -> Result<Standing, Failure> {
    match token.actor.directory_id() {
        Some(id) => Ok(world.store.standing(&id).await?),
        None => Ok(Standing::default()),
    }
}
