//! `POST /v1/sign_in_tokens`: let a user sign in as themselves, once, without a password.

use super::{SignInToken, SignInTokenStatus};
use crate::{
    actor_token::create::{checked_seconds, parse_subject},
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    idempotency::Keep,
    ids::SignInTokenId,
    refusal::{Failure, Refusal},
    secret::SecretText,
    settings::{DirectoryMode, Settings},
    ticket,
    user::Standing,
    world::{ATTEMPTS_MAX, World},
};

#[derive(Clone, Debug)]
pub struct CreateSignInToken {
    pub user_id: String,
    pub expires_in_seconds: Option<i64>,
}

/// A new sign-in token and its ticket, which is never shown again.
#[derive(Debug)]
pub struct CreatedSignInToken {
    pub token: SignInToken,
    pub ticket: SecretText,
}

pub async fn create(
    world: &World,
    context: &Context,
    request: CreateSignInToken,
    keep: &dyn Keep<CreatedSignInToken>,
) -> Result<CreatedSignInToken, Failure> {
    let default = Settings::SIGN_IN_TICKET_DEFAULT_SECONDS.min(world.settings.ticket_max_seconds);
    let lifetime_seconds = checked_seconds(
        "expires_in_seconds",
        request.expires_in_seconds.unwrap_or(default),
        world.settings.ticket_max_seconds,
    )?;
    let user = parse_subject(&world.settings, &request.user_id)?;
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        let standing = world.store.standing(&user).await?;
        if let Err(refusal) = decide(&world.settings, &request.user_id, standing) {
            let event = AuditEvent::new(context, Action::SignInTokenCreated, now).about_user(&user);
            return Err(world.refuse(event, refusal, keep).await);
        }
        let id = SignInTokenId::mint(now, world.entropy.as_ref());
        let (ticket, ticket_hash) = ticket::mint_for_sign_in_token(&id, world.entropy.as_ref());
        let token = SignInToken {
            id,
            status: SignInTokenStatus::Pending,
            user: user.clone(),
            ticket_hash,
            created_at: now,
            updated_at: now,
            expires_at: now.plus_seconds(lifetime_seconds),
            session: None,
            revoked_because: None,
        };
        let mut guards = context.guards();
        guards.push(Guard::InGoodStanding {
            user: user.clone(),
            must_be_present: world.settings.directory_mode == DirectoryMode::Managed,
        });
        let event = AuditEvent::new(context, Action::SignInTokenCreated, now).about_sign_in_token(&token);
        let change = Change::new(event, guards, vec![Write::AddSignInToken(token.clone())]);
        let created = CreatedSignInToken { token, ticket };
        if world.commit_keeping(change, keep, &created).await? {
            return Ok(created);
        }
    }
    Err(Failure::Contended)
}

fn decide(settings: &Settings, user_id: &str, standing: Standing) -> Result<(), Refusal> {
    if !standing.present && settings.directory_mode == DirectoryMode::Managed {
        return Err(Refusal::UserNotFound(user_id.into()));
    }
    if standing.banned {
        return Err(Refusal::UserBanned);
    }
    if standing.locked {
        return Err(Refusal::UserLocked);
    }
    Ok(())
}
