//! `POST /v1/sessions`: a session without a sign-in, for tests on a development instance.

use super::{Session, SessionStatus};
use crate::{
    actor_token::create::parse_subject,
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    client::Client,
    idempotency::Keep,
    ids::{ClientId, SessionId, UserId},
    refusal::{Failure, Refusal},
    settings::{DirectoryMode, InstanceKind},
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

pub async fn create(
    world: &World,
    context: &Context,
    user_id: &str,
    keep: &dyn Keep<Session>,
) -> Result<Session, Failure> {
    let user = parse_subject(&world.settings, user_id)?;
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        let standing = world.store.standing(&user).await?;
        let refusal = match world.settings.instance_kind {
            InstanceKind::Production => Some(Refusal::DevelopmentOnly),
            InstanceKind::Development
                if !standing.present && world.settings.directory_mode == DirectoryMode::Managed =>
            {
                Some(Refusal::UserNotFound(user_id.into()))
            }
            InstanceKind::Development if standing.banned => Some(Refusal::UserBanned),
            InstanceKind::Development if standing.locked => Some(Refusal::UserLocked),
            InstanceKind::Development => None,
        };
        if let Some(refusal) = refusal {
            let event = AuditEvent::new(context, Action::SessionCreated, now).about_user(&user);
            return Err(world.refuse(event, refusal, keep).await);
        }
        let client = Client::new(ClientId::mint(now, world.entropy.as_ref()), None, now);
        let session = ordinary_session(world, user.clone(), client.id.clone(), now);
        let mut guards = context.guards();
        guards.push(Guard::InGoodStanding {
            user: user.clone(),
            must_be_present: world.settings.directory_mode == DirectoryMode::Managed,
        });
        let event = AuditEvent::new(context, Action::SessionCreated, now).about_session(&session);
        let writes = vec![Write::AddClient(client), Write::AddSession(session.clone())];
        if world.commit_keeping(Change::new(event, guards, writes), keep, &session).await? {
            return Ok(session);
        }
    }
    Err(Failure::Contended)
}

/// A session of the user themselves, beginning now.
pub(crate) fn ordinary_session(world: &World, user: UserId, client: ClientId, now: UnixMillis) -> Session {
    Session {
        id: SessionId::mint(now, world.entropy.as_ref()),
        status: SessionStatus::Active,
        user,
        client,
        actor: None,
        actor_token: None,
        first_factor_at: Some(now),
        created_at: now,
        updated_at: now,
        last_active_at: now,
        expire_at: now.plus_seconds(world.settings.ordinary_session_seconds),
        idle_seconds: world.settings.ordinary_idle_seconds,
    }
}
