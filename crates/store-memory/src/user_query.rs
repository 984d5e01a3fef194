//! Which users a query asks for, and in which order.

use actas_domain::{
    ids::IdentificationId,
    time::UnixMillis,
    user::{
        Identifier, User,
        find::{Choice, Period, UserOrder, UserOrderField, UserQuery},
    },
};
use std::cmp::Ordering;

/// Whether the user is one of those asked for.
pub(crate) fn matches(query: &UserQuery, user: &User) -> bool {
    let identifiers = user.identifiers();
    let one_of = |wanted: &[String], kind: &str| {
        let has = |value: &String| {
            identifiers.iter().any(|each| each.kind() == kind && each.value() == value.as_str())
        };
        wanted.is_empty() || wanted.iter().any(has)
    };
    !query.matches_nothing
        && one_of(&query.email_addresses, "email_address")
        && one_of(&query.phone_numbers, "phone_number")
        && one_of(&query.usernames, "username")
        && one_of(&query.web3_wallets, "web3_wallet")
        && chosen(query.external_ids.as_ref(), user.external_id.as_deref())
        && chosen(query.ids.as_ref(), Some(user.id.as_str()))
        && matches_text(query, user, &identifiers)
        && query.banned.is_none_or(|banned| banned == user.banned)
        && within(query.created, Some(user.created_at))
        && within(query.last_active, user.last_active_at)
        && within(query.last_sign_in, user.last_sign_in_at)
}

fn matches_text(query: &UserQuery, user: &User, identifiers: &[Identifier]) -> bool {
    let contains = |whole: &str, part: &str| whole.to_lowercase().contains(&part.to_lowercase());
    let identified = |part: &str, kind: Option<&str>| {
        let of_kind = |each: &&Identifier| match kind {
            Some(kind) => each.kind() == kind,
            None => !matches!(each, Identifier::ExternalId(_)),
        };
        identifiers.iter().filter(of_kind).any(|each| contains(each.value(), part))
    };
    let named = |part: &str| contains(&full_name(user), part);
    let anywhere = |part: &str| identified(part, None) || user.id.as_str().contains(part) || named(part);
    query.text.as_deref().is_none_or(anywhere)
        && query.email_address_text.as_deref().is_none_or(|part| identified(part, Some("email_address")))
        && query.phone_number_text.as_deref().is_none_or(|part| identified(part, Some("phone_number")))
        && query.username_text.as_deref().is_none_or(|part| identified(part, Some("username")))
        && query.name_text.as_deref().is_none_or(named)
}

/// `first_name last_name`, as far as there are any.
fn full_name(user: &User) -> String {
    let names: Vec<_> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    names.join(" ")
}

fn chosen(choice: Option<&Choice>, value: Option<&str>) -> bool {
    let Some(Choice { include, exclude }) = choice else { return true };
    let among = |values: &[String]| value.is_some_and(|value| values.iter().any(|each| each == value));
    (include.is_empty() || among(include)) && !among(exclude)
}

fn within(period: Period, at: Option<UnixMillis>) -> bool {
    let holds = |bound: Option<UnixMillis>, compare: fn(&UnixMillis, &UnixMillis) -> bool| {
        bound.is_none_or(|bound| at.is_some_and(|at| compare(&at, &bound)))
    };
    holds(period.before, UnixMillis::lt)
        && holds(period.after, UnixMillis::gt)
        && holds(period.since, UnixMillis::ge)
}

/// What users are ordered by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Time(UnixMillis),
    /// In lower case.
    Text(String),
}

/// Who of the two comes first in a list.
pub(crate) fn in_order(order: UserOrder, one: &User, other: &User) -> Ordering {
    let direction = |ascending: Ordering| if order.descending { ascending.reverse() } else { ascending };
    match (field(order.by, one), field(order.by, other)) {
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (this, that) => direction(this.cmp(&that).then_with(|| one.id.cmp(&other.id))),
    }
}

fn field(by: UserOrderField, user: &User) -> Option<Field> {
    let text = |text: &str| Field::Text(text.to_lowercase());
    match by {
        UserOrderField::CreatedAt => Some(Field::Time(user.created_at)),
        UserOrderField::UpdatedAt => Some(Field::Time(user.updated_at)),
        UserOrderField::LastActiveAt => user.last_active_at.map(Field::Time),
        UserOrderField::LastSignInAt => user.last_sign_in_at.map(Field::Time),
        UserOrderField::FirstName => user.first_name.as_deref().map(text),
        UserOrderField::LastName => user.last_name.as_deref().map(text),
        UserOrderField::Username => user.username.as_deref().map(text),
        UserOrderField::EmailAddress => {
            let emails = user.email_addresses.iter().map(|email| (&email.id, email.address.as_str()));
            primary(user.primary_email_address.as_ref(), emails).map(text)
        }
        UserOrderField::PhoneNumber => {
            let phones = user.phone_numbers.iter().map(|phone| (&phone.id, phone.number.as_str()));
            primary(user.primary_phone_number.as_ref(), phones).map(text)
        }
        UserOrderField::Web3Wallet => {
            let wallets = user.web3_wallets.iter().map(|wallet| (&wallet.id, wallet.address.as_str()));
            primary(user.primary_web3_wallet.as_ref(), wallets).map(text)
        }
    }
}

fn primary<'a>(
    primary: Option<&IdentificationId>,
    mut all: impl Iterator<Item = (&'a IdentificationId, &'a str)>,
) -> Option<&'a str> {
    all.find(|(id, _)| Some(*id) == primary).map(|(_, value)| value)
}
