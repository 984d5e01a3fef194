//! Rotation: `next` begins to sign, `current` retires, a new `next` is published.

use super::{SigningKey, SigningKeyStatus, bootstrap::publish_next};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Write},
    ids::SigningKeyId,
    refusal::{Failure, Refusal},
    settings::Settings,
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

/// Seconds for which a retired key is kept beyond the longest session: a token in the making when it retired, and
/// replicas whose key cache is a second old.
const GRACE_SECONDS: i64 = 60;

/// All signing keys, oldest first.
pub async fn keys(world: &World) -> Result<Vec<SigningKey>, Failure> {
    Ok(world.store.signing_keys().await?)
}

/// How a rotation is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// Only when verifiers have had time to learn the next key.
    None,
    /// Now, for emergencies.
    AtOnce,
    /// Now, and the retired key is no longer published: its private half is in wrong hands. Tokens that it signed
    /// are refused as soon as verifiers fetch the key set anew.
    AtOnceWithdrawing,
}

/// Rotates; the new current key is answered. The entry `signing_key.rotated` names it, and is the entry of its
/// predecessor's retirement, too. The key that is published next has an entry of its own.
///
/// # Errors
/// [`Refusal::NextKeyTooYoung`] while `next` was published less than
/// [`Settings::NEXT_KEY_MIN_PUBLISHED_SECONDS`] ago.
pub async fn rotate(world: &World, context: &Context, haste: Haste) -> Result<SigningKey, Failure> {
    for _ in 0..ATTEMPTS_MAX {
        let keys = world.store.signing_keys().await?;
        let now = world.now();
        let with = |status| keys.iter().find(|key| key.status == status);
        let (Some(current), Some(next)) = (with(SigningKeyStatus::Current), with(SigningKeyStatus::Next))
        else {
            return Err(Failure::Keys("there is no current or no next signing key".into()));
        };
        if let Err(refusal) = decide(next, haste, now) {
            let mut event = AuditEvent::new(context, Action::SigningKeyRotated, now).denied(refusal.code());
            event.signing_key = Some(next.id.clone());
            world.record_refusal(event).await?;
            return Err(refusal.into());
        }
        let promoted =
            SigningKey { status: SigningKeyStatus::Current, current_since: Some(now), ..next.clone() };
        let needed_until = match haste {
            Haste::None | Haste::AtOnce => {
                now.plus_seconds(world.settings.longest_session_seconds() + GRACE_SECONDS)
            }
            Haste::AtOnceWithdrawing => now,
        };
        let retired = SigningKey {
            status: SigningKeyStatus::Retired,
            retired_at: Some(now),
            needed_until: Some(needed_until),
            ..current.clone()
        };
        let writes = vec![
            Write::MoveSigningKey { to: retired, from: SigningKeyStatus::Current },
            Write::MoveSigningKey { to: promoted.clone(), from: SigningKeyStatus::Next },
        ];
        let event = about(context, Action::SigningKeyRotated, &promoted.id, now);
        if world.commit(Change::new(event, context.guards(), writes)).await? {
            world.key_ring.forget();
            publish_next(world, context).await?;
            return Ok(promoted);
        }
    }
    Err(Failure::Contended)
}

/// Removes retired keys whose last token is dead. Returns how many there were.
pub async fn remove_dead(world: &World) -> Result<usize, Failure> {
    let now = world.now();
    let keys = world.store.signing_keys().await?;
    let dead: Vec<_> = keys.iter().filter(|key| key.needed_until.is_some_and(|until| until <= now)).collect();
    for key in &dead {
        let event = about(&Context::system(), Action::SigningKeyRemoved, &key.id, now);
        world.commit(Change::new(event, Vec::new(), vec![Write::RemoveSigningKey(key.id.clone())])).await?;
        world.key_ring.forget();
    }
    Ok(dead.len())
}

fn decide(next: &SigningKey, haste: Haste, now: UnixMillis) -> Result<(), Refusal> {
    let published_seconds_ago = now.millis_since(next.created_at) / 1000;
    if haste != Haste::None || published_seconds_ago >= Settings::NEXT_KEY_MIN_PUBLISHED_SECONDS {
        Ok(())
    } else {
        Err(Refusal::NextKeyTooYoung { published_seconds_ago })
    }
}

fn about(context: &Context, action: Action, key: &SigningKeyId, at: UnixMillis) -> AuditEvent {
    let mut event = AuditEvent::new(context, action, at);
    event.signing_key = Some(key.clone());
    event
}
