//! Ban, unban, lock and unlock: `POST /v1/users/{id}/ban` and its siblings.
//!
//! Who is banned or locked is no longer a party: every live session in which they are subject or actor ends, and
//! every pending token becomes revoked for good, in the same commit. An open directory keeps the standing of
//! somebody it does not store, and nothing else of them.

use super::{Standing, User, find};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Downfall, Guard, SessionSelection, Write},
    idempotency::Keep,
    ids::UserId,
    refusal::Failure,
    session::{Ending, SessionStatus},
    settings::DirectoryMode,
    world::{STANDING_ATTEMPTS_MAX, World},
};

/// Bans the user; one who is banned already is answered as they are.
///
/// # Errors
/// [`crate::refusal::Refusal::UserNotFound`], also of the other three: in an open directory only when the id
/// cannot be one.
pub async fn ban(world: &World, context: &Context, id: &str, keep: &dyn Keep<User>) -> Result<User, Failure> {
    act(world, context, id, Act::Ban, keep).await
}

/// Lifts a ban. Neither sessions nor tokens that fell with it come back.
pub async fn unban(
    world: &World,
    context: &Context,
    id: &str,
    keep: &dyn Keep<User>,
) -> Result<User, Failure> {
    act(world, context, id, Act::Unban, keep).await
}

/// Locks the user until somebody unlocks them.
pub async fn lock(
    world: &World,
    context: &Context,
    id: &str,
    keep: &dyn Keep<User>,
) -> Result<User, Failure> {
    act(world, context, id, Act::Lock, keep).await
}

/// Lifts a lock, likewise, and a lockout after wrong passwords.
pub async fn unlock(
    world: &World,
    context: &Context,
    id: &str,
    keep: &dyn Keep<User>,
) -> Result<User, Failure> {
    act(world, context, id, Act::Unlock, keep).await
}

/// What the user loses with their place among the parties, of whatever they hold at the commit.
pub(super) fn fall(user: &UserId, downfall: Downfall) -> [Write; 3] {
    let ending = Ending { status: SessionStatus::Revoked, cause: downfall.cause(true) };
    [
        Write::EndSessions { of: SessionSelection::Party(user.clone()), ending },
        Write::RevokeTokens { party: user.clone(), downfall },
        Write::DropReturns(user.clone()),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Ban,
    Unban,
    Lock,
    Unlock,
}

impl Act {
    /// The standing after the act.
    const fn of(self, standing: Standing) -> Standing {
        match self {
            Self::Ban => Standing { banned: true, ..standing },
            Self::Unban => Standing { banned: false, ..standing },
            Self::Lock => Standing { locked: true, ..standing },
            Self::Unlock => Standing { locked: false, ..standing },
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Ban => Action::UserBanned,
            Self::Unban => Action::UserUnbanned,
            Self::Lock => Action::UserLocked,
            Self::Unlock => Action::UserUnlocked,
        }
    }

    const fn downfall(self) -> Option<Downfall> {
        match self {
            Self::Ban => Some(Downfall::Banned),
            Self::Lock => Some(Downfall::Locked),
            Self::Unban | Self::Unlock => None,
        }
    }
}

async fn act(
    world: &World,
    context: &Context,
    id: &str,
    act: Act,
    keep: &dyn Keep<User>,
) -> Result<User, Failure> {
    let parsed = find::parse_id(id)?;
    for _ in 0..STANDING_ATTEMPTS_MAX {
        let reading = world.reading();
        let stored = world.store.user(&parsed).await?;
        let standing = match &stored {
            Some(user) => user.standing(),
            None if world.settings.directory_mode == DirectoryMode::Managed => {
                return Err(find::unknown(id).into());
            }
            None => world.store.standing(&parsed).await?,
        };
        if standing.present != stored.is_some() {
            // Stored between the two reads.
            continue;
        }
        let wanted = act.of(standing);
        // A lock that is lifted takes a lockout after wrong passwords along.
        let failures = stored.as_ref().and_then(|user| user.password_failures).filter(|_| act == Act::Unlock);
        if wanted == standing && failures.is_none() {
            // It is told as done, and nothing is committed.
            world.confirm(reading).await?;
            return Ok(stored.unwrap_or_else(|| find::not_stored(parsed, standing)));
        }
        let now = world.now();
        let mut guards = context.guards();
        let (user, write) = match stored {
            Some(user) => {
                let password_failures = user.password_failures.filter(|_| act != Act::Unlock);
                let user = User {
                    banned: wanted.banned,
                    locked: wanted.locked,
                    password_failures,
                    ..user.changed_at(now)
                };
                (user.clone(), Write::ReplaceUser(user))
            }
            None => {
                guards.push(Guard::StandingUnchanged { user: parsed.clone(), standing });
                let write = Write::SetStanding { user: parsed.clone(), standing: wanted };
                (find::not_stored(parsed.clone(), wanted), write)
            }
        };
        let mut writes = vec![write];
        writes.extend(failures.map(|_| Write::SetPasswordFailures { user: parsed.clone(), failures: None }));
        writes.extend(act.downfall().into_iter().flat_map(|downfall| fall(&parsed, downfall)));
        #[cfg(feature = "mutations")]
        if crate::mutation::is(crate::mutation::Mutation::BanKeepsSessions) {
            writes.retain(|write| !matches!(write, Write::EndSessions { .. }));
        }
        let event = AuditEvent::new(context, act.action(), now).about_user(&parsed);
        if world.commit_keeping(Change::new(event, guards, writes), keep, &user).await? {
            return Ok(user);
        }
    }
    Err(Failure::Contended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_act_moves_its_own_flag_and_no_other() {
        let standing = |banned, locked| Standing { present: true, banned, locked };
        for (act, before, after) in [
            (Act::Ban, standing(false, true), standing(true, true)),
            (Act::Unban, standing(true, true), standing(false, true)),
            (Act::Lock, standing(true, false), standing(true, true)),
            (Act::Unlock, standing(true, true), standing(true, false)),
        ] {
            assert_eq!(act.of(before), after, "{act:?}");
            assert_eq!(act.of(after), after, "{act:?} twice");
        }
    }
}
