//! Identifier and password: an ordinary session begins.
//!
//! Whoever guesses learns nothing but that a guess was wrong: an unknown identifier, a user without a password and a
//! wrong password take the same work and get the same refusal, and a ban or lock is told only to the right password.

use super::failures::{Guessed, Lockout, one_more};
use crate::{
    actor_token::accept::Redeemed,
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    client::{ClientView, Presented, seat::Seat},
    ids::UserId,
    ports::PasswordDigest,
    refusal::{Failure, Refusal},
    secret::{SecretHash, SecretText},
    session::create::ordinary_session,
    time::UnixMillis,
    user::{Identifier, User, identifier},
    world::{ATTEMPTS_MAX, World},
};

/// Signs in on the presented client, or on a new one.
///
/// # Errors
/// [`Refusal::ImpersonationPresent`], [`Refusal::LockedOut`], [`Refusal::PasswordOrIdentifierIncorrect`]; and for the
/// right password [`Refusal::UserBanned`] and [`Refusal::UserLocked`].
pub async fn sign_in(
    world: &World,
    context: &Context,
    presented: Option<Presented<'_>>,
    identifier: &str,
    password: &SecretText,
) -> Result<Redeemed, Failure> {
    super::begin::check_identifier(identifier)?;
    // One spelling for everybody: what is counted for an identifier that nobody has must be what would be looked up.
    let identifier = identifier.trim();
    let now = world.now();
    if Seat::find(world, presented, now).await?.holds_impersonation {
        let event = AuditEvent::new(context, Action::SessionCreated, now);
        let event = presented.iter().fold(event, |event, presented| event.about_client(&presented.client.id));
        return refused(world, event, Refusal::ImpersonationPresent).await;
    }
    match owner(world, identifier).await? {
        None => nobody(world, identifier, password).await,
        Some(user) => somebody(world, context, presented, &user, password).await,
    }
}

/// An identifier that nobody has: as much work as for somebody, and no entry in the record.
async fn nobody(world: &World, identifier: &str, password: &SecretText) -> Result<Redeemed, Failure> {
    let hash = SecretHash::of(&identifier.to_lowercase());
    let mut is_verified = false;
    for _ in 0..ATTEMPTS_MAX {
        let failures = world.store.password_failures(&Guessed::Nobody(hash)).await?;
        let now = world.now();
        if let Lockout::Closed { seconds } = Lockout::of(failures, &world.settings, now) {
            // For somebody this refusal is written to the record, and waits for the disk: so does this one.
            world.store.check().await?;
            return Err(Refusal::LockedOut { seconds }.into());
        }
        if !is_verified {
            world.passwords.verify(password.clone(), None).await?;
            is_verified = true;
            continue;
        }
        let counted = one_more(failures, &world.settings, now);
        if world.store.set_guesses(hash, failures, counted).await? {
            return Err(Refusal::PasswordOrIdentifierIncorrect.into());
        }
    }
    Err(Failure::Contended)
}

async fn somebody(
    world: &World,
    context: &Context,
    presented: Option<Presented<'_>>,
    id: &UserId,
    password: &SecretText,
) -> Result<Redeemed, Failure> {
    // No password is tried while they are locked out, and none that was tried is answered for when they are by then,
    // so that no answer tells which one would be right: not even where many come at once.
    let mut verified: Option<Verified> = None;
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        let Some(user) = world.store.user(id).await? else {
            return Err(Refusal::PasswordOrIdentifierIncorrect.into());
        };
        let event = AuditEvent::new(context, Action::SessionCreated, now).about_user(id);
        if let Lockout::Closed { seconds } = Lockout::of(user.password_failures, &world.settings, now) {
            return refused(world, event, Refusal::LockedOut { seconds }).await;
        }
        let Some(Verified { is_right, .. }) = verified.as_ref().filter(|it| it.digest == user.password)
        else {
            let digest = user.password;
            let is_right = world.passwords.verify(password.clone(), digest.clone()).await?;
            verified = Some(Verified { digest, is_right });
            continue;
        };
        if !is_right {
            if count_failure(world, event, &user, now).await? {
                return Err(Refusal::PasswordOrIdentifierIncorrect.into());
            }
            continue;
        }
        let seat = Seat::find(world, presented, now).await?;
        if let Err(refusal) = decide(&user, &seat) {
            return refused(world, event, refusal).await;
        }
        let renewed = renewed(world, &user, password).await;
        if let Some(redeemed) = begin_session(world, context, &user, renewed, seat, now).await? {
            return Ok(redeemed);
        }
    }
    Err(Failure::Contended)
}

/// What a password was tried against. A new password, or a digest that was renewed, wants another try.
struct Verified {
    digest: Option<PasswordDigest>,
    is_right: bool,
}

fn decide(user: &User, seat: &Seat) -> Result<(), Refusal> {
    if user.banned {
        return Err(Refusal::UserBanned);
    }
    if user.locked {
        return Err(Refusal::UserLocked);
    }
    if seat.holds_impersonation {
        return Err(Refusal::ImpersonationPresent);
    }
    Ok(())
}

/// The refusal and the count land together; `false` when somebody else counted meanwhile.
async fn count_failure(
    world: &World,
    event: AuditEvent,
    user: &User,
    now: UnixMillis,
) -> Result<bool, Failure> {
    let event = event.denied(Refusal::PasswordOrIdentifierIncorrect.code());
    let guard = Guard::PasswordFailuresUnchanged { user: user.id.clone(), failures: user.password_failures };
    let failures = one_more(user.password_failures, &world.settings, now);
    let write = Write::SetPasswordFailures { user: user.id.clone(), failures: Some(failures) };
    world.commit(Change::new(event, vec![guard], vec![write])).await
}

/// The user with the same password in a digest of ours, in the place of one that was brought along: what such a one
/// costs to check can tell that it is there. To the directory nothing has changed. Where there is too much to hash
/// already it is left for the next time; no sign-in fails for it.
async fn renewed(world: &World, user: &User, password: &SecretText) -> Option<User> {
    let digest = world.passwords.renew(password.clone(), user.password.clone()?).await.ok()??;
    Some(User { revision: user.revision + 1, password: Some(digest), ..user.clone() })
}

/// None when something that the decision stood on has changed.
async fn begin_session(
    world: &World,
    context: &Context,
    user: &User,
    renewed: Option<User>,
    seat: Seat,
    now: UnixMillis,
) -> Result<Option<Redeemed>, Failure> {
    let id = &user.id;
    let session = ordinary_session(world, id.clone(), seat.client.id.clone(), now);
    let mut guards = context.guards();
    guards.push(Guard::InGoodStanding { user: id.clone(), must_be_present: true });
    // The password is still the one that was verified.
    guards.push(Guard::RevisionUnchanged { user: id.clone(), revision: user.revision });
    guards.push(Guard::PasswordFailuresUnchanged { user: id.clone(), failures: user.password_failures });
    guards.extend(seat.guards());
    let mut writes = seat.writes_of_ordinary(&session);
    writes.push(Write::RecordSignIn { user: id.clone(), at: now });
    writes.push(Write::SetPasswordFailures { user: id.clone(), failures: None });
    writes.extend(renewed.map(Write::ReplaceUser));
    let event = AuditEvent::new(context, Action::SessionCreated, now).about_session(&session);
    if !world.commit(Change::new(event, guards, writes)).await? {
        return Ok(None);
    }
    let client = ClientView { client: seat.client, sessions: vec![session.clone()] };
    Ok(Some(Redeemed { session, client, cookie: seat.cookie }))
}

async fn refused<T>(world: &World, event: AuditEvent, refusal: Refusal) -> Result<T, Failure> {
    world.record_refusal(event.denied(refusal.code())).await?;
    Err(refusal.into())
}

/// Whose identifier it is: an e-mail address, a phone number, a username or a wallet.
async fn owner(world: &World, text: &str) -> Result<Option<UserId>, Failure> {
    let candidates = [
        identifier::parse_email_address(text).map(Identifier::EmailAddress),
        identifier::parse_phone_number(text).map(Identifier::PhoneNumber),
        identifier::parse_username(text).map(|name| Identifier::Username(name.to_lowercase())),
        identifier::parse_web3_wallet(text).map(Identifier::Web3Wallet),
    ];
    for identifier in candidates.into_iter().flatten() {
        if let Some(owner) = world.store.identifier_owner(&identifier).await? {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}
