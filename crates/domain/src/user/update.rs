//! `PATCH /v1/users/{id}`: change a user of the directory.

use super::{
    User, find,
    identifier::{parse_external_id, parse_username},
    password::{Given, NewPassword},
    profile,
};
use crate::{
    audit::{Action, AuditEvent, Cause},
    caller::Context,
    change::{Change, SessionSelection, Write},
    ids::IdentificationId,
    json::JsonObject,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal},
    secret::SecretText,
    session::{Ending, SessionStatus},
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

/// What becomes of one member: absent, `null` and a value are three different wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: stays as it is.
    #[default]
    Keep,
    /// `null`: is removed.
    Clear,
    Set(T),
}

/// What a backend asks for. The JSON types are checked; nothing else is yet. Where a field is an [`Option`],
/// `null` is the same as absent, because there is nothing to remove. `skip_legal_checks` has no field: Actas makes
/// no such checks.
#[derive(Clone, Debug, Default)]
pub struct UpdateUser {
    pub external_id: Patch<String>,
    pub username: Patch<String>,
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    pub locale: Patch<String>,
    /// Must be this user's and verified; likewise below.
    pub primary_email_address_id: Option<String>,
    pub primary_phone_number_id: Option<String>,
    pub primary_web3_wallet_id: Option<String>,
    pub password: Option<SecretText>,
    /// Instead of a password, with `password_hasher`.
    pub password_digest: Option<SecretText>,
    /// `argon2id` or `bcrypt`.
    pub password_hasher: Option<String>,
    /// Accepts a password shorter than the minimum.
    pub skip_password_checks: Option<bool>,
    /// Ends every session of the user; only together with a new password.
    pub sign_out_of_other_sessions: Option<bool>,
    /// Replaces the whole object, here and below; `null` empties it.
    pub public_metadata: Patch<JsonObject>,
    pub private_metadata: Patch<JsonObject>,
    pub unsafe_metadata: Patch<JsonObject>,
    pub delete_self_enabled: Option<bool>,
    pub create_organization_enabled: Option<bool>,
    pub create_organizations_limit: Patch<i64>,
    pub bypass_client_trust: Option<bool>,
    /// RFC 3339, here and below.
    pub created_at: Option<String>,
    pub legal_accepted_at: Patch<String>,
    /// Refused: Actas keeps no images.
    pub profile_image_id: Option<String>,
    /// Refused when true: Actas sends no mail.
    pub notify_primary_email_address_changed: Option<bool>,
    /// Refused: Actas has no second factors.
    pub totp_secret: Option<SecretText>,
    /// Refused likewise.
    pub backup_codes: Option<Vec<SecretText>>,
}

/// Changes the user; a request that changes nothing is answered with the user as they are.
///
/// # Errors
/// A parameter's refusal; [`ParameterProblem::Taken`] when an identifier is another user's;
/// [`Refusal::UserNotFound`] for somebody who is not stored, in either mode.
pub async fn update(
    world: &World,
    context: &Context,
    id: &str,
    request: UpdateUser,
) -> Result<User, Failure> {
    let password = new_password(world, &request)?;
    let mut reading = world.reading();
    let mut stored = find::stored(world, id).await?;
    // What is wrong with the request by itself is told before the slow hash.
    apply(&request, &stored)?;
    let password = match password {
        Some(password) => Some(password.digest(world).await?),
        None => None,
    };
    for _ in 0..ATTEMPTS_MAX {
        let now = world.now();
        let mut user = apply(&request, &stored)?;
        if let Some(refusal) = refusal(world, &request, &mut user).await? {
            let event = AuditEvent::new(context, Action::UserUpdated, now).about_user(&user.id);
            world.record_refusal(event.denied(refusal.code())).await?;
            return Err(refusal.into());
        }
        if let Some(password) = &password {
            user.password = Some(password.clone());
            user.password_updated_at = Some(now);
            user.password_failures = None;
        }
        if password.is_none() && user == stored {
            world.confirm(reading).await?;
            return Ok(stored);
        }
        let user = user.changed_at(now);
        if world.commit(change(context, &request, &user, now)).await? {
            return Ok(user);
        }
        reading = world.reading();
        stored = find::stored(world, id).await?;
    }
    Err(Failure::Contended)
}

/// Chooses the primary identifications, and finds what stands against the user as they would become.
async fn refusal(world: &World, request: &UpdateUser, user: &mut User) -> Result<Option<Refusal>, Failure> {
    if let Err(refusal) = choose_primary(request, user) {
        return Ok(Some(Refusal::Parameter(refusal)));
    }
    find::taken(world, &user.identifiers(), &user.id).await
}

fn change(context: &Context, request: &UpdateUser, user: &User, now: UnixMillis) -> Change {
    let mut writes = vec![Write::ReplaceUser(user.clone())];
    if request.password.is_some() || request.password_digest.is_some() {
        writes.push(Write::SetPasswordFailures { user: user.id.clone(), failures: None });
    }
    if request.sign_out_of_other_sessions == Some(true) {
        writes.push(Write::EndSessions {
            of: SessionSelection::SubjectExcept { user: user.id.clone(), session: None },
            ending: Ending { status: SessionStatus::Revoked, cause: Cause::PasswordChanged },
        });
        writes.push(Write::DropReturns(user.id.clone()));
    }
    let event = AuditEvent::new(context, Action::UserUpdated, now).about_user(&user.id);
    Change::new(event, context.guards(), writes)
}

/// The password that the request sets; signing out of other sessions goes only with one.
fn new_password(world: &World, request: &UpdateUser) -> Result<Option<NewPassword>, ParameterRefusal> {
    let given = Given {
        password: request.password.as_ref(),
        digest: request.password_digest.as_ref(),
        hasher: request.password_hasher.as_deref(),
        skip_checks: request.skip_password_checks.unwrap_or(false),
    };
    let password = NewPassword::checked(&given, world.passwords.as_ref())?;
    if request.sign_out_of_other_sessions == Some(true) && password.is_none() {
        return Err(ParameterRefusal::new("password", ParameterProblem::Missing));
    }
    Ok(password)
}

/// The stored user with all that needs no look at anybody else, without the password and the primary
/// identifications.
fn apply(request: &UpdateUser, stored: &User) -> Result<User, ParameterRefusal> {
    refuse_unsupported(request)?;
    let mut user = stored.clone();
    let named = |name, parse: fn(&str) -> Result<String, ParameterProblem>| {
        move |text: &String| match parse(text) {
            Ok(value) => Ok(Some(value)),
            Err(problem) => Err(ParameterRefusal::new(name, problem)),
        }
    };
    request.external_id.apply(&mut user.external_id, named("external_id", parse_external_id))?;
    request.username.apply(&mut user.username, named("username", parse_username))?;
    request.first_name.apply(&mut user.first_name, |text| profile::name("first_name", text))?;
    request.last_name.apply(&mut user.last_name, |text| profile::name("last_name", text))?;
    request.locale.apply(&mut user.locale, |text| profile::locale(text))?;
    request.create_organizations_limit.apply(&mut user.create_organizations_limit, |limit| {
        profile::organizations_limit(*limit).map(Some)
    })?;
    request
        .legal_accepted_at
        .apply(&mut user.legal_accepted_at, |text| profile::time("legal_accepted_at", text).map(Some))?;
    for (parameter, patch, kept) in [
        ("public_metadata", &request.public_metadata, &mut user.public_metadata),
        ("private_metadata", &request.private_metadata, &mut user.private_metadata),
        ("unsafe_metadata", &request.unsafe_metadata, &mut user.unsafe_metadata),
    ] {
        match patch {
            Patch::Keep => {}
            Patch::Clear => *kept = JsonObject::empty(),
            Patch::Set(object) => *kept = profile::metadata(parameter, object.clone())?,
        }
    }
    if let Some(text) = &request.created_at {
        user.created_at = profile::time("created_at", text)?;
    }
    let set = |flag: &mut bool, wanted: Option<bool>| *flag = wanted.unwrap_or(*flag);
    set(&mut user.delete_self_enabled, request.delete_self_enabled);
    set(&mut user.create_organization_enabled, request.create_organization_enabled);
    set(&mut user.bypass_client_trust, request.bypass_client_trust);
    Ok(user)
}

fn refuse_unsupported(request: &UpdateUser) -> Result<(), ParameterRefusal> {
    let notify = request.notify_primary_email_address_changed == Some(true);
    for (parameter, is_given, why) in [
        ("totp_secret", request.totp_secret.is_some(), profile::NO_SECOND_FACTORS),
        ("backup_codes", request.backup_codes.is_some(), profile::NO_SECOND_FACTORS),
        ("profile_image_id", request.profile_image_id.is_some(), "Actas keeps no images."),
        ("notify_primary_email_address_changed", notify, "Actas sends no mail."),
    ] {
        profile::refuse_unsupported(parameter, is_given, why)?;
    }
    Ok(())
}

/// A primary identification is one of the user's own, and verified. A wallet is never reserved.
fn choose_primary(request: &UpdateUser, user: &mut User) -> Result<(), ParameterRefusal> {
    let emails = user.email_addresses.iter().map(|email| (&email.id, email.reserved));
    if let Some(id) = chosen("primary_email_address_id", request.primary_email_address_id.as_deref(), emails)?
    {
        user.primary_email_address = Some(id);
    }
    let phones = user.phone_numbers.iter().map(|phone| (&phone.id, phone.reserved));
    if let Some(id) = chosen("primary_phone_number_id", request.primary_phone_number_id.as_deref(), phones)? {
        user.primary_phone_number = Some(id);
    }
    let wallets = user.web3_wallets.iter().map(|wallet| (&wallet.id, false));
    if let Some(id) = chosen("primary_web3_wallet_id", request.primary_web3_wallet_id.as_deref(), wallets)? {
        user.primary_web3_wallet = Some(id);
    }
    Ok(())
}

/// The one that is asked for, among ids and whether each is reserved.
fn chosen<'a>(
    parameter: &'static str,
    wanted: Option<&str>,
    mut among: impl Iterator<Item = (&'a IdentificationId, bool)>,
) -> Result<Option<IdentificationId>, ParameterRefusal> {
    let Some(wanted) = wanted else { return Ok(None) };
    match among.find(|(id, _)| id.as_str() == wanted) {
        Some((id, false)) => Ok(Some(id.clone())),
        Some((_, true)) => Err(ParameterRefusal::new(parameter, ParameterProblem::Unverified)),
        None => Err(ParameterRefusal::new(parameter, ParameterProblem::ResourceMissing)),
    }
}

impl<T> Patch<T> {
    /// Moves `member` as wished; the check may find that a value is none at all.
    fn apply<U>(
        &self,
        member: &mut Option<U>,
        check: impl FnOnce(&T) -> Result<Option<U>, ParameterRefusal>,
    ) -> Result<(), ParameterRefusal> {
        match self {
            Self::Keep => {}
            Self::Clear => *member = None,
            Self::Set(value) => *member = check(value)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::UserId,
        user::{EmailAddress, Standing},
    };

    const PRIMARY: &str = "idn_000000000000000000000000001";
    const OTHER: &str = "idn_000000000000000000000000002";
    const RESERVED: &str = "idn_000000000000000000000000003";

    fn stored() -> User {
        let at = UnixMillis::from_seconds(1_700_000_000);
        let email = |id, reserved| EmailAddress {
            id: IdentificationId::parse(id).unwrap(),
            address: format!("{id}@example.com"),
            reserved,
            created_at: at,
            updated_at: at,
        };
        User {
            revision: 7,
            first_name: Some("Ada".into()),
            last_name: Some("Lovelace".into()),
            public_metadata: JsonObject::parse(r#"{"a":1}"#).unwrap(),
            primary_email_address: IdentificationId::parse(PRIMARY),
            email_addresses: vec![email(PRIMARY, false), email(OTHER, false), email(RESERVED, true)],
            banned: true,
            ..User::empty(UserId::parse("ada").unwrap(), at)
        }
    }

    #[test]
    fn absent_null_and_a_value_are_three_wishes() {
        let request = UpdateUser {
            first_name: Patch::Clear,
            username: Patch::Set("ada_l".into()),
            public_metadata: Patch::Clear,
            private_metadata: Patch::Set(JsonObject::parse(r#"{"b":2}"#).unwrap()),
            ..UpdateUser::default()
        };
        let user = apply(&request, &stored()).unwrap();
        let expected = User {
            first_name: None,
            username: Some("ada_l".into()),
            public_metadata: JsonObject::empty(),
            private_metadata: JsonObject::parse(r#"{"b":2}"#).unwrap(),
            ..stored()
        };
        assert_eq!(user, expected);
        assert_eq!(apply(&UpdateUser::default(), &stored()).unwrap(), stored());
    }

    #[test]
    fn a_primary_identification_is_the_users_own_and_verified() {
        let choose = |id: &str| {
            let request = UpdateUser { primary_email_address_id: Some(id.into()), ..UpdateUser::default() };
            let mut user = stored();
            choose_primary(&request, &mut user).map(|()| user.primary_email_address.unwrap())
        };
        assert_eq!(choose(OTHER).unwrap().as_str(), OTHER);
        let refused = |id| choose(id).unwrap_err();
        let name = "primary_email_address_id";
        assert_eq!(refused(RESERVED), ParameterRefusal::new(name, ParameterProblem::Unverified));
        let foreign = "idn_000000000000000000000000009";
        assert_eq!(refused(foreign), ParameterRefusal::new(name, ParameterProblem::ResourceMissing));
    }

    #[test]
    fn what_actas_does_not_have_is_refused() {
        let refused = |request: UpdateUser| apply(&request, &stored()).unwrap_err().name;
        let image = UpdateUser { profile_image_id: Some("img".into()), ..UpdateUser::default() };
        assert_eq!(refused(image), "profile_image_id");
        let notify = |wanted| UpdateUser {
            notify_primary_email_address_changed: Some(wanted),
            ..UpdateUser::default()
        };
        assert_eq!(refused(notify(true)), "notify_primary_email_address_changed");
        assert!(apply(&notify(false), &stored()).is_ok());
    }

    #[test]
    fn a_change_is_the_next_revision_and_leaves_the_standing() {
        let before = UnixMillis::from_seconds(1);
        let user = stored().changed_at(before);
        assert_eq!((user.revision, user.updated_at), (8, stored().updated_at));
        assert_eq!(user.standing(), Standing { present: true, banned: true, locked: false });
        let request = UpdateUser { sign_out_of_other_sessions: Some(true), ..UpdateUser::default() };
        let change = change(&Context::operator(), &request, &user, before);
        let selection = SessionSelection::SubjectExcept { user: user.id.clone(), session: None };
        let ending = Ending { status: SessionStatus::Revoked, cause: Cause::PasswordChanged };
        let dropped = Write::DropReturns(user.id.clone());
        let ended = Write::EndSessions { of: selection, ending };
        assert_eq!(change.writes(), [Write::ReplaceUser(user), ended, dropped]);
    }
}
