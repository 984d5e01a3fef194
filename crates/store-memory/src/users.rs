//! Users, whose identifiers are whose, and the standing of those who are not stored.

use actas_domain::{
    ids::{IdentificationId, UserId},
    sign_in::failures::PasswordFailures,
    time::UnixMillis,
    user::{
        Identifier, Standing, User,
        find::{Choice, Period, UserOrder, UserOrderField, UserQuery},
    },
};
use std::{cmp::Ordering, collections::HashMap};

#[derive(Debug, Default)]
pub(crate) struct Users {
    rows: HashMap<UserId, User>,
    owners: HashMap<Identifier, UserId>,
    /// Of those who were not stored when it was set.
    standings: HashMap<UserId, Standing>,
}

impl Users {
    pub(crate) fn get(&self, id: &UserId) -> Option<&User> {
        self.rows.get(id)
    }

    pub(crate) fn standing(&self, id: &UserId) -> Standing {
        let stored = self.rows.get(id).map(User::standing).unwrap_or_default();
        let kept = self.standings.get(id).copied().unwrap_or_default();
        Standing {
            present: stored.present,
            banned: stored.banned || kept.banned,
            locked: stored.locked || kept.locked,
        }
    }

    pub(crate) fn owner(&self, identifier: &Identifier) -> Option<&UserId> {
        self.owners.get(identifier)
    }

    /// Whether nobody else has one of the user's identifiers.
    pub(crate) fn are_free_for(&self, user: &User) -> bool {
        user.identifiers().iter().all(|each| self.owners.get(each).is_none_or(|owner| *owner == user.id))
    }

    pub(crate) fn count(&self, query: &UserQuery) -> u64 {
        self.rows.values().filter(|user| matches(query, user)).count() as u64
    }

    pub(crate) fn list(&self, query: &UserQuery) -> Vec<User> {
        let mut users: Vec<_> = self.rows.values().filter(|user| matches(query, user)).collect();
        match query.starting_after.as_ref().map(|cursor| self.rows.get(cursor)) {
            Some(Some(cursor)) => users.retain(|user| in_order(query.order, cursor, user).is_lt()),
            // Nobody comes behind a user who is not there.
            Some(None) => users.clear(),
            None => {}
        }
        users.sort_by(|one, other| in_order(query.order, one, other));
        let offset = usize::try_from(query.page.offset).unwrap_or(usize::MAX);
        users.into_iter().skip(offset).take(query.page.limit as usize).cloned().collect()
    }

    pub(crate) fn add(&mut self, user: User) {
        let owned = user.identifiers().into_iter().map(|identifier| (identifier, user.id.clone()));
        self.owners.extend(owned);
        self.rows.insert(user.id.clone(), user);
    }

    /// Activity moves without a revision, so what is stored of it may be newer than what the change was made from.
    pub(crate) fn replace(&mut self, mut user: User) {
        if let Some(stored) = self.rows.get(&user.id) {
            user.last_sign_in_at = user.last_sign_in_at.max(stored.last_sign_in_at);
            user.last_active_at = user.last_active_at.max(stored.last_active_at);
            user.password_failures = stored.password_failures;
        }
        self.remove(&user.id.clone());
        self.add(user);
    }

    pub(crate) fn remove(&mut self, id: &UserId) {
        if let Some(user) = self.rows.remove(id) {
            for identifier in user.identifiers() {
                self.owners.remove(&identifier);
            }
        }
    }

    pub(crate) fn record_sign_in(&mut self, id: &UserId, at: UnixMillis) {
        if let Some(user) = self.rows.get_mut(id) {
            user.last_sign_in_at = user.last_sign_in_at.max(Some(at));
        }
    }

    pub(crate) fn set_password_failures(&mut self, id: &UserId, failures: Option<PasswordFailures>) {
        if let Some(user) = self.rows.get_mut(id) {
            user.password_failures = failures;
        }
    }

    pub(crate) fn forget_password_failures(&mut self, forgotten: UnixMillis) {
        for user in self.rows.values_mut() {
            user.password_failures = user.password_failures.filter(|failures| failures.last_at > forgotten);
        }
    }

    pub(crate) fn record_activity(&mut self, id: &UserId, at: UnixMillis) {
        if let Some(user) = self.rows.get_mut(id) {
            user.last_active_at = user.last_active_at.max(Some(at));
        }
    }

    pub(crate) fn set_standing(&mut self, id: &UserId, standing: Standing) {
        if standing.is_good() {
            self.standings.remove(id);
        } else {
            self.standings.insert(id.clone(), standing);
        }
    }
}

fn matches(query: &UserQuery, user: &User) -> bool {
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

fn in_order(order: UserOrder, one: &User, other: &User) -> Ordering {
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
