//! `POST /v1/users`: add a user to the directory.

use super::{
    Standing, User, find,
    identifications::add_identifications,
    identifier::{parse_external_id, parse_username},
    password::{Given, NewPassword},
    profile,
    standing::fall,
};
use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Downfall, Guard, Write},
    idempotency::Keep,
    ids::{USER_ID_MAX_CHARACTERS, UserId},
    json::JsonObject,
    ports::Entropy,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal},
    secret::SecretText,
    time::UnixMillis,
    world::{ATTEMPTS_MAX, World},
};

/// What a backend asks for. The JSON types are checked; nothing else is yet. `null` is the same as absent.
///
/// `skip_password_requirement`, `skip_legal_checks` and `skip_user_requirement` have no field: Actas requires
/// neither a password, nor a consent, nor an identifier.
#[derive(Clone, Debug, Default)]
pub struct CreateUser {
    /// An id brought along, 1–255 of `[A-Za-z0-9_.:@-]`; without one Actas mints `user_…`.
    pub id: Option<String>,
    pub external_id: Option<String>,
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub locale: Option<String>,
    /// At most 100, here and below; the first becomes the primary one.
    pub email_address: Vec<String>,
    /// `verified` or `reserved`, one for each e-mail address; empty means all verified.
    pub email_address_identification_status: Vec<String>,
    pub phone_number: Vec<String>,
    pub phone_number_identification_status: Vec<String>,
    pub web3_wallet: Vec<String>,
    pub password: Option<SecretText>,
    /// Instead of a password, with `password_hasher`.
    pub password_digest: Option<SecretText>,
    /// `argon2id` or `bcrypt`.
    pub password_hasher: Option<String>,
    /// Accepts a password shorter than the minimum.
    pub skip_password_checks: Option<bool>,
    pub public_metadata: Option<JsonObject>,
    pub private_metadata: Option<JsonObject>,
    pub unsafe_metadata: Option<JsonObject>,
    pub banned: Option<bool>,
    pub locked: Option<bool>,
    pub delete_self_enabled: Option<bool>,
    pub create_organization_enabled: Option<bool>,
    pub create_organizations_limit: Option<i64>,
    pub bypass_client_trust: Option<bool>,
    /// RFC 3339, here and below.
    pub created_at: Option<String>,
    pub legal_accepted_at: Option<String>,
    /// Refused: Actas has no second factors.
    pub totp_secret: Option<SecretText>,
    /// Refused likewise.
    pub backup_codes: Option<Vec<SecretText>>,
}

/// Creates the user. Nothing is required: an own `id`, or none at all, is enough to be a subject.
///
/// An id that was banned or locked in an open directory stays so as a user. Whatever an id brought along holds
/// already, as a subject in an open directory or as an actor, falls when the user is created banned or locked.
///
/// # Errors
/// A parameter's refusal; [`ParameterProblem::Taken`] when the id or an identifier is another user's.
pub async fn create(
    world: &World,
    context: &Context,
    request: CreateUser,
    keep: &dyn Keep<User>,
) -> Result<User, Failure> {
    match attempt(world, context, request, keep).await? {
        Attempt::Created(user) => Ok(*user),
        Attempt::Taken(taken) => Err(world.refuse(taken.event, taken.refusal, keep).await),
    }
}

/// What became of a request that is right in itself.
pub(super) enum Attempt {
    Created(Box<User>),
    Taken(Box<Taken>),
}

/// The id or an identifier is another user's.
pub(super) struct Taken {
    pub(super) refusal: Refusal,
    /// The user who has the id that the request brought along.
    pub(super) present: Option<UserId>,
    /// What was attempted, for the refusal's entry.
    pub(super) event: AuditEvent,
}

/// Creates the user, or says who is in the way.
pub(super) async fn attempt(
    world: &World,
    context: &Context,
    request: CreateUser,
    keep: &dyn Keep<User>,
) -> Result<Attempt, Failure> {
    let now = world.now();
    let password = new_password(world, &request)?;
    let id = request.id.as_deref().map(parse_own_id).transpose()?;
    let is_own_id = id.is_some();
    let id = id.unwrap_or_else(|| UserId::mint(now, world.entropy.as_ref()));
    let mut wanted = user_of(&request, id, now, world.entropy.as_ref())?;
    if let Some(password) = password {
        wanted.password = Some(password.digest(world).await?);
        wanted.password_updated_at = Some(now);
    }
    for _ in 0..ATTEMPTS_MAX {
        // Nothing can be known of an id that was minted a moment ago.
        let known = if is_own_id { Some(world.store.standing(&wanted.id).await?) } else { None };
        if let Some(refusal) = refusal(world, &wanted, known).await? {
            let mut event = AuditEvent::new(context, Action::UserCreated, now);
            event.subject = is_own_id.then(|| wanted.id.clone());
            let is_present = known.is_some_and(|standing| standing.present);
            let present = is_present.then_some(wanted.id);
            return Ok(Attempt::Taken(Box::new(Taken { refusal, present, event })));
        }
        let user = with_kept_standing(&wanted, known);
        if world.commit_keeping(change(context, &user, known), keep, &user).await? {
            return Ok(Attempt::Created(Box::new(user)));
        }
    }
    Err(Failure::Contended)
}

/// Whether the id or one of the identifiers is another user's.
async fn refusal(world: &World, user: &User, known: Option<Standing>) -> Result<Option<Refusal>, Failure> {
    if known.is_some_and(|standing| standing.present) {
        return Ok(Some(Refusal::Parameter(ParameterRefusal::new("id", ParameterProblem::Taken))));
    }
    find::taken(world, &user.identifiers(), &user.id).await
}

fn with_kept_standing(user: &User, known: Option<Standing>) -> User {
    let kept = known.unwrap_or_default();
    User { banned: user.banned || kept.banned, locked: user.locked || kept.locked, ..user.clone() }
}

fn change(context: &Context, user: &User, known: Option<Standing>) -> Change {
    let mut guards = context.guards();
    let mut writes = Vec::new();
    if let Some(standing) = known {
        guards.push(Guard::StandingUnchanged { user: user.id.clone(), standing });
        if !standing.is_good() {
            // From here on the user's own flags say it.
            writes.push(Write::SetStanding { user: user.id.clone(), standing: Standing::default() });
        }
    }
    writes.push(Write::AddUser(user.clone()));
    let downfall = match (user.banned, user.locked) {
        (true, _) => Some(Downfall::Banned),
        (false, true) => Some(Downfall::Locked),
        (false, false) => None,
    };
    writes.extend(downfall.into_iter().flat_map(|downfall| fall(&user.id, downfall)));
    let event = AuditEvent::new(context, Action::UserCreated, user.updated_at).about_user(&user.id);
    Change::new(event, guards, writes)
}

fn new_password(world: &World, request: &CreateUser) -> Result<Option<NewPassword>, ParameterRefusal> {
    let given = Given {
        password: request.password.as_ref(),
        digest: request.password_digest.as_ref(),
        hasher: request.password_hasher.as_deref(),
        skip_checks: request.skip_password_checks.unwrap_or(false),
    };
    NewPassword::checked(&given, world.passwords.as_ref())
}

fn parse_own_id(text: &str) -> Result<UserId, ParameterRefusal> {
    let refuse = |problem| ParameterRefusal::new("id", problem);
    if text.chars().count() > USER_ID_MAX_CHARACTERS {
        return Err(refuse(ParameterProblem::TooLong { max_characters: USER_ID_MAX_CHARACTERS }));
    }
    let must_be = "text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -";
    UserId::parse(text).ok_or_else(|| refuse(ParameterProblem::Malformed { must_be }))
}

/// The user that the request asks for, without a password.
fn user_of(
    request: &CreateUser,
    id: UserId,
    now: UnixMillis,
    entropy: &dyn Entropy,
) -> Result<User, ParameterRefusal> {
    profile::refuse_unsupported("totp_secret", request.totp_secret.is_some(), profile::NO_SECOND_FACTORS)?;
    profile::refuse_unsupported("backup_codes", request.backup_codes.is_some(), profile::NO_SECOND_FACTORS)?;
    let named = |name, text: &Option<String>, parse: fn(&str) -> Result<String, ParameterProblem>| {
        let parsed = text.as_deref().map(parse).transpose();
        parsed.map_err(|problem| ParameterRefusal::new(name, problem))
    };
    let name = |parameter, text: &Option<String>| match text {
        Some(text) => profile::name(parameter, text),
        None => Ok(None),
    };
    let object = |parameter, object: &Option<JsonObject>| {
        profile::metadata(parameter, object.clone().unwrap_or_default())
    };
    let mut user = User {
        revision: 1,
        external_id: named("external_id", &request.external_id, parse_external_id)?,
        username: named("username", &request.username, parse_username)?,
        first_name: name("first_name", &request.first_name)?,
        last_name: name("last_name", &request.last_name)?,
        public_metadata: object("public_metadata", &request.public_metadata)?,
        private_metadata: object("private_metadata", &request.private_metadata)?,
        unsafe_metadata: object("unsafe_metadata", &request.unsafe_metadata)?,
        banned: request.banned.unwrap_or(false),
        locked: request.locked.unwrap_or(false),
        delete_self_enabled: request.delete_self_enabled.unwrap_or(true),
        create_organization_enabled: request.create_organization_enabled.unwrap_or(true),
        bypass_client_trust: request.bypass_client_trust.unwrap_or(false),
        ..User::empty(id, now)
    };
    if let Some(text) = &request.locale {
        user.locale = profile::locale(text)?;
    }
    if let Some(limit) = request.create_organizations_limit {
        user.create_organizations_limit = Some(profile::organizations_limit(limit)?);
    }
    if let Some(text) = &request.created_at {
        user.created_at = profile::time("created_at", text)?;
    }
    if let Some(text) = &request.legal_accepted_at {
        user.legal_accepted_at = Some(profile::time("legal_accepted_at", text)?);
    }
    add_identifications(&mut user, request, now, entropy)?;
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn made(request: &CreateUser) -> Result<User, ParameterRefusal> {
        let id = UserId::parse("ada").unwrap();
        user_of(request, id, UnixMillis::from_seconds(1_700_000_000), &Zeros)
    }

    fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
        texts.map(str::to_owned).to_vec()
    }

    #[test]
    fn nothing_is_required() {
        let user = made(&CreateUser::default()).unwrap();
        let now = UnixMillis::from_seconds(1_700_000_000);
        assert_eq!(user, User { revision: 1, ..User::empty(UserId::parse("ada").unwrap(), now) });
    }

    #[test]
    fn the_first_of_each_list_is_primary_and_each_has_its_own_status() {
        let user = made(&CreateUser {
            email_address: texts(["A@b.com", "c@b.com"]),
            email_address_identification_status: texts(["reserved", "verified"]),
            phone_number: texts(["+15551234567"]),
            ..CreateUser::default()
        })
        .unwrap();
        let emails = user
            .email_addresses
            .iter()
            .map(|email| (email.address.as_str(), email.reserved))
            .collect::<Vec<_>>();
        assert_eq!(emails, [("a@b.com", true), ("c@b.com", false)]);
        assert_eq!(user.primary_email_address.as_ref(), Some(&user.email_addresses[0].id));
        assert_eq!(user.primary_phone_number.as_ref(), Some(&user.phone_numbers[0].id));
        assert!(!user.phone_numbers[0].reserved);
        assert_eq!(user.primary_web3_wallet, None);
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_name() {
        let refused = |change: fn(&mut CreateUser), name: &str| {
            let mut request = CreateUser { email_address: texts(["a@b.com"]), ..CreateUser::default() };
            change(&mut request);
            let refusal = made(&request).unwrap_err();
            assert_eq!(refusal.name, name);
            refusal.problem
        };
        let statuses = "email_address_identification_status";
        assert_eq!(
            refused(|request| request.email_address_identification_status = texts(["verified"; 2]), statuses),
            ParameterProblem::LengthMismatch { other: "email_address" }
        );
        assert_eq!(
            refused(|request| request.email_address_identification_status = texts(["unverified"]), statuses),
            ParameterProblem::NotOneOf { allowed: &["verified", "reserved"] }
        );
        assert_eq!(
            refused(|request| request.created_at = Some("yesterday".to_owned()), "created_at"),
            ParameterProblem::NotRfc3339
        );
        assert_eq!(
            refused(|request| request.create_organizations_limit = Some(-1), "create_organizations_limit"),
            ParameterProblem::Invalid
        );
        assert_eq!(
            refused(|request| request.totp_secret = Some(SecretText::new("x".to_owned())), "totp_secret"),
            ParameterProblem::Unsupported { why: profile::NO_SECOND_FACTORS }
        );
        assert_eq!(
            refused(|request| request.backup_codes = Some(Vec::new()), "backup_codes"),
            ParameterProblem::Unsupported { why: profile::NO_SECOND_FACTORS }
        );
    }

    #[test]
    fn a_standing_from_before_is_carried_over_and_cleared() {
        let user = made(&CreateUser { locked: Some(true), ..CreateUser::default() }).unwrap();
        let kept = Standing { present: false, banned: true, locked: false };
        let user = with_kept_standing(&user, Some(kept));
        assert_eq!((user.banned, user.locked), (true, true));
        let change = change(&Context::operator(), &user, Some(kept));
        assert_eq!(change.guards(), [Guard::StandingUnchanged { user: user.id.clone(), standing: kept }]);
        let cleared = Write::SetStanding { user: user.id.clone(), standing: Standing::default() };
        let [ending, revocation, returns] = fall(&user.id, Downfall::Banned);
        assert_eq!(change.writes(), [cleared, Write::AddUser(user), ending, revocation, returns]);
    }

    #[test]
    fn an_own_id_is_bounded() {
        assert!(parse_own_id("crm:42@example.com").is_ok());
        let problem = |text: &str| parse_own_id(text).unwrap_err().problem;
        assert_eq!(problem(&"x".repeat(256)), ParameterProblem::TooLong { max_characters: 255 });
        assert!(matches!(problem(""), ParameterProblem::Malformed { .. }));
        assert!(matches!(problem("a/b"), ParameterProblem::Malformed { .. }));
    }
}
