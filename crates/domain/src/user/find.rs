//! Reading users.

use super::{Identifier, Standing, User};
use crate::{
    ids::UserId,
    page::Page,
    refusal::{Failure, ParameterProblem, ParameterRefusal, Refusal, shown_id},
    settings::DirectoryMode,
    time::UnixMillis,
    world::World,
};

/// Which users: all conditions must hold. Text is compared without regard to case, but for ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Any of these, where it is not empty; values are in the form in which identifiers are compared.
    pub email_addresses: Vec<String>,
    pub phone_numbers: Vec<String>,
    pub usernames: Vec<String>,
    pub web3_wallets: Vec<String>,
    pub external_ids: Option<Choice>,
    pub ids: Option<Choice>,
    /// Part of an e-mail address, phone number, username, wallet, id, or of a name.
    pub text: Option<String>,
    pub email_address_text: Option<String>,
    pub phone_number_text: Option<String>,
    pub username_text: Option<String>,
    /// Part of `first_name last_name`.
    pub name_text: Option<String>,
    pub banned: Option<bool>,
    pub created: Period,
    pub last_active: Period,
    pub last_sign_in: Period,
    /// Nothing matches: the filter names what Actas does not have (an organization, an external account).
    pub matches_nothing: bool,
    pub order: UserOrder,
    pub page: Page,
    /// Those behind this user; only with an order by `created_at`.
    pub starting_after: Option<UserId>,
}

/// Values to include (where there are any) and values to leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

/// Strictly before, strictly after, or at and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub before: Option<UnixMillis>,
    pub after: Option<UnixMillis>,
    pub since: Option<UnixMillis>,
}

/// By a field, then by id in the same direction; users without the field come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserOrder {
    pub by: UserOrderField,
    pub descending: bool,
}

impl Default for UserOrder {
    fn default() -> Self {
        Self { by: UserOrderField::CreatedAt, descending: true }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserOrderField {
    CreatedAt,
    UpdatedAt,
    /// The primary one; likewise below.
    EmailAddress,
    Web3Wallet,
    FirstName,
    LastName,
    PhoneNumber,
    Username,
    LastActiveAt,
    LastSignInAt,
}

/// The user; in an open directory also one who is not stored, with nothing but the id and the standing.
pub async fn user(world: &World, id: &str) -> Result<User, Failure> {
    let parsed = parse_id(id)?;
    if let Some(user) = world.store.user(&parsed).await? {
        return Ok(user);
    }
    if world.settings.directory_mode == DirectoryMode::Managed {
        return Err(unknown(id).into());
    }
    let standing = world.store.standing(&parsed).await?;
    Ok(not_stored(parsed, standing))
}

pub async fn users(world: &World, query: &UserQuery) -> Result<Vec<User>, Failure> {
    Ok(world.store.users(query).await?)
}

pub async fn count(world: &World, query: &UserQuery) -> Result<u64, Failure> {
    Ok(world.store.count_users(query).await?)
}

/// The user, who must be stored, in either mode.
pub(super) async fn stored(world: &World, id: &str) -> Result<User, Failure> {
    let parsed = parse_id(id)?;
    world.store.user(&parsed).await?.ok_or_else(|| unknown(id).into())
}

/// What an open directory shows of somebody it does not store.
pub(super) fn not_stored(id: UserId, standing: Standing) -> User {
    User { banned: standing.banned, locked: standing.locked, ..User::empty(id, UnixMillis::from_millis(0)) }
}

pub(super) fn parse_id(id: &str) -> Result<UserId, Refusal> {
    UserId::parse(id).ok_or_else(|| unknown(id))
}

pub(super) fn unknown(id: &str) -> Refusal {
    Refusal::UserNotFound(shown_id(id))
}

/// The first of the identifiers that somebody other than `user` has already.
pub(super) async fn taken(
    world: &World,
    identifiers: &[Identifier],
    user: &UserId,
) -> Result<Option<Refusal>, Failure> {
    for identifier in identifiers {
        if world.store.identifier_owner(identifier).await?.is_some_and(|owner| owner != *user) {
            let refusal = ParameterRefusal::new(identifier.kind(), ParameterProblem::Taken);
            return Ok(Some(Refusal::Parameter(refusal)));
        }
    }
    Ok(None)
}
