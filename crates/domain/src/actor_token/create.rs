//! `POST /v1/actor_tokens`: grant somebody to sign in as the subject.

use super::{ActorToken, ActorTokenStatus};
use crate::{
    actor::Actor,
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    idempotency::Keep,
    ids::{ActorTokenId, UserId},
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal, shown_id},
    secret::SecretText,
    settings::{DirectoryMode, Settings},
    ticket,
    time::{Month, UnixMillis},
    user::Standing,
    world::{ATTEMPTS_MAX, World},
};

/// What a backend asks for. Lengths and numbers are not yet checked; the JSON types are.
#[derive(Clone, Debug)]
pub struct CreateActorToken {
    pub user_id: String,
    pub actor: Actor,
    /// Why, in the words of the one who asks; kept on the token and in the record.
    pub reason: Option<String>,
    pub expires_in_seconds: Option<i64>,
    pub session_max_duration_in_seconds: Option<i64>,
}

/// A new actor token and its ticket, which is never shown again.
#[derive(Debug)]
pub struct CreatedActorToken {
    pub token: ActorToken,
    pub ticket: SecretText,
}

/// What is known when it is decided.
struct Known {
    subject: Standing,
    /// Of the directory's user whose id is `actor.sub`, if there can be one.
    actor: Standing,
    created_this_month: u64,
}

impl Known {
    /// What lets everybody create.
    fn hoped() -> Self {
        let good = Standing { present: true, ..Standing::default() };
        Self { subject: good, actor: good, created_this_month: 0 }
    }
}

pub async fn create(
    world: &World,
    context: &Context,
    request: CreateActorToken,
    keep: &dyn Keep<CreatedActorToken>,
) -> Result<CreatedActorToken, Failure> {
    let lifetime_seconds = checked_seconds(
        "expires_in_seconds",
        request.expires_in_seconds.unwrap_or(Settings::TICKET_DEFAULT_SECONDS),
        world.settings.ticket_max_seconds,
    )?;
    let session_seconds = checked_seconds(
        "session_max_duration_in_seconds",
        request.session_max_duration_in_seconds.unwrap_or(
            Settings::IMPERSONATED_SESSION_DEFAULT_SECONDS
                .min(world.settings.impersonated_session_max_seconds),
        ),
        world.settings.impersonated_session_max_seconds,
    )?;
    check_reason(request.reason.as_deref())?;
    let subject = parse_subject(&world.settings, &request.user_id)?;
    for attempt in 0..ATTEMPTS_MAX {
        let now = world.now();
        let is_hoped = attempt == 0;
        let known = if is_hoped {
            // The guards see whether it is so. Who is refused is told why by what is read then.
            Known::hoped()
        } else {
            know(world, &subject, &request.actor, now).await?
        };
        let id = ActorTokenId::mint(now, world.entropy.as_ref());
        let (ticket, ticket_hash) = ticket::mint_for_actor_token(&id, world.entropy.as_ref());
        let token = ActorToken {
            id,
            status: ActorTokenStatus::Pending,
            subject: subject.clone(),
            actor: request.actor.clone(),
            reason: request.reason.clone(),
            ticket_hash,
            session_max_duration_seconds: session_seconds,
            created_at: now,
            updated_at: now,
            expires_at: now.plus_seconds(lifetime_seconds),
            session: None,
            revoked_because: None,
        };
        if let Err(refusal) = decide(&world.settings, &subject, &known) {
            if is_hoped {
                continue;
            }
            return Err(world.refuse(attempt_event(context, &token), refusal, keep).await);
        }
        let created = CreatedActorToken { token, ticket };
        let change = change(&world.settings, context, &created.token);
        if world.commit_keeping(change, keep, &created).await? {
            return Ok(created);
        }
    }
    Err(Failure::Contended)
}

/// Whether this subject may be acted as by this actor now.
fn decide(settings: &Settings, subject: &UserId, known: &Known) -> Result<(), Refusal> {
    if !settings.impersonation_enabled {
        return Err(Refusal::ImpersonationDisabled);
    }
    if !known.subject.present && settings.directory_mode == DirectoryMode::Managed {
        return Err(Refusal::UserNotFound(subject.as_str().into()));
    }
    for standing in [known.subject, known.actor] {
        if standing.banned {
            return Err(Refusal::UserBanned);
        }
        if standing.locked {
            return Err(Refusal::UserLocked);
        }
    }
    match settings.impersonation_monthly_limit {
        Some(limit) if known.created_this_month >= limit => {
            Err(Refusal::ImpersonationQuotaReached { limit, used: known.created_this_month })
        }
        _ => Ok(()),
    }
}

fn change(settings: &Settings, context: &Context, token: &ActorToken) -> Change {
    let month = Month::of(token.created_at);
    let mut guards = context.guards();
    guards.push(Guard::InGoodStanding {
        user: token.subject.clone(),
        must_be_present: settings.directory_mode == DirectoryMode::Managed,
    });
    if let Some(actor) = token.actor.directory_id() {
        guards.push(Guard::InGoodStanding { user: actor, must_be_present: false });
    }
    if let Some(limit) = settings.impersonation_monthly_limit {
        guards.push(Guard::QuotaLeft { month, limit });
    }
    let event =
        AuditEvent::new(context, Action::ActorTokenCreated, token.created_at).about_actor_token(token);
    Change::new(event, guards, vec![Write::AddActorToken(token.clone()), Write::CountActorToken(month)])
}

/// A refused creation names whom and who, but no token: there is none.
fn attempt_event(context: &Context, attempt: &ActorToken) -> AuditEvent {
    let mut event =
        AuditEvent::new(context, Action::ActorTokenCreated, attempt.created_at).about_actor_token(attempt);
    event.actor_token = None;
    event
}

async fn know(world: &World, subject: &UserId, actor: &Actor, now: UnixMillis) -> Result<Known, Failure> {
    let actor = match actor.directory_id() {
        Some(id) => world.store.standing(&id).await?,
        None => Standing::default(),
    };
    let created_this_month = match world.settings.impersonation_monthly_limit {
        Some(_) => world.store.actor_tokens_created_in(Month::of(now)).await?,
        None => 0,
    };
    Ok(Known { subject: world.store.standing(subject).await?, actor, created_this_month })
}

/// A subject that cannot be a user id is unknown to a managed directory, and a wrong value to an open one.
pub(crate) fn parse_subject(settings: &Settings, text: &str) -> Result<UserId, Refusal> {
    if text.is_empty() {
        return Err(Refusal::Parameter(ParameterRefusal::new("user_id", ParameterProblem::Missing)));
    }
    UserId::parse(text).ok_or_else(|| match settings.directory_mode {
        DirectoryMode::Managed => Refusal::UserNotFound(shown_id(text)),
        DirectoryMode::Open => {
            Refusal::Parameter(ParameterRefusal::new("user_id", ParameterProblem::Invalid))
        }
    })
}

pub(crate) fn checked_seconds(name: &'static str, seconds: i64, max: i64) -> Result<i64, ParameterRefusal> {
    match seconds {
        ..=0 => Err(ParameterRefusal::new(name, ParameterProblem::Invalid)),
        _ if seconds > max => Err(ParameterRefusal::new(name, ParameterProblem::TooLarge { max })),
        _ => Ok(seconds),
    }
}

fn check_reason(reason: Option<&str>) -> Result<(), ParameterRefusal> {
    let max_characters = Settings::REASON_MAX_CHARACTERS;
    match reason.map(|text| text.chars().count()) {
        Some(length) if length > max_characters => {
            Err(ParameterRefusal::new("reason", ParameterProblem::TooLong { max_characters }))
        }
        _ => Ok(()),
    }
}
