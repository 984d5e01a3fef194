//! Accepting the ticket of a sign-in token: an ordinary session begins.

use super::{SignInToken, SignInTokenStatus};
use crate::{
    actor_token::accept::Redeemed,
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, Guard, Write},
    client::{ClientView, Presented, seat::Seat},
    ids::SignInTokenId,
    refusal::{Failure, Refusal, TicketRefusal},
    secret::SecretHash,
    session::create::ordinary_session,
    settings::{DirectoryMode, Settings},
    time::UnixMillis,
    user::Standing,
    world::{ATTEMPTS_MAX, World},
};

/// Redeems the ticket on the presented client, or on a new one.
pub(crate) async fn accept(
    world: &World,
    context: &Context,
    id: &SignInTokenId,
    ticket_hash: SecretHash,
    presented: Option<Presented<'_>>,
) -> Result<Redeemed, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let token = authentic_token(world, id, ticket_hash).await?;
        let now = world.now();
        let standing = world.store.standing(&token.user).await?;
        let seat = Seat::find(world, presented, now).await?;
        if let Err(refusal) = decide(&world.settings, &token, standing, seat.holds_impersonation, now) {
            let event =
                AuditEvent::new(context, Action::SignInTokenAccepted, now).about_sign_in_token(&token);
            world.record_refusal(event.denied(refusal.code())).await?;
            return Err(refusal.into());
        }
        let session = ordinary_session(world, token.user.clone(), seat.client.id.clone(), now);
        let accepted = SignInToken {
            status: SignInTokenStatus::Accepted,
            updated_at: now,
            session: Some(session.id.clone()),
            ..token.clone()
        };
        let mut guards = context.guards();
        guards.push(Guard::Before(token.expires_at));
        guards.push(Guard::InGoodStanding {
            user: token.user.clone(),
            must_be_present: world.settings.directory_mode == DirectoryMode::Managed,
        });
        guards.extend(seat.guards());
        let event = AuditEvent::new(context, Action::SignInTokenAccepted, now)
            .about_sign_in_token(&accepted)
            .about_client(&session.client);
        let mut writes = vec![Write::MoveSignInToken { to: accepted, from: SignInTokenStatus::Pending }];
        writes.extend(seat.writes_of_ordinary(&session));
        writes.push(Write::RecordSignIn { user: token.user.clone(), at: now });
        if world.commit(Change::new(event, guards, writes)).await? {
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
    id: &SignInTokenId,
    ticket_hash: SecretHash,
) -> Result<SignInToken, Failure> {
    let token = authentic_token(world, id, ticket_hash).await?;
    let standing = world.store.standing(&token.user).await?;
    let now = world.now();
    if let Err(refusal) = decide(&world.settings, &token, standing, false, now) {
        let event = AuditEvent::new(context, Action::SignInTokenAccepted, now).about_sign_in_token(&token);
        world.record_refusal(event.denied(refusal.code())).await?;
        return Err(refusal.into());
    }
    Ok(token)
}

fn decide(
    settings: &Settings,
    token: &SignInToken,
    user: Standing,
    client_holds_impersonation: bool,
    now: UnixMillis,
) -> Result<(), Refusal> {
    let refuse = |refusal| Err(Refusal::Ticket(refusal));
    let user_is_gone = !user.present && settings.directory_mode == DirectoryMode::Managed;
    if user_is_gone || token.revoked_because == Some(Cause::SubjectDeleted) {
        return refuse(TicketRefusal::SignInTokenUserGone);
    }
    match token.status {
        SignInTokenStatus::Revoked => return refuse(TicketRefusal::SignInTokenRevoked),
        SignInTokenStatus::Accepted => return refuse(TicketRefusal::SignInTokenUsed),
        SignInTokenStatus::Pending => {}
    }
    if now >= token.expires_at {
        return refuse(TicketRefusal::Expired);
    }
    if !user.is_good() {
        return refuse(TicketRefusal::SignInTokenRevoked);
    }
    if client_holds_impersonation {
        return Err(Refusal::ImpersonationPresent);
    }
    Ok(())
}

async fn authentic_token(
    world: &World,
    id: &SignInTokenId,
    ticket_hash: SecretHash,
) -> Result<SignInToken, Failure> {
    let token = world.store.sign_in_token(id).await?.filter(|token| token.ticket_hash == ticket_hash);
    Ok(token.ok_or(Refusal::Ticket(TicketRefusal::Invalid))?)
}
