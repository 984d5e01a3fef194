//! A user as rows: one of their own, and one of each identifier.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    sign_ins,
};
use actas_domain::{
    ids::{IdentificationId, UserId},
    json::JsonObject,
    ports::PasswordDigest,
    time::UnixMillis,
    user::{EmailAddress, PhoneNumber, User, Web3Wallet},
};
use std::collections::HashMap;
use tokio_postgres::Row;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, banned, locked, revision, created_at, updated_at, last_sign_in_at, last_active_at, external_id, \
             username, first_name, last_name, locale, primary_email_address, primary_phone_number, primary_web3_wallet, \
             password, password_updated_at, delete_self_enabled, create_organization_enabled, \
             create_organizations_limit, bypass_client_trust, legal_accepted_at, public_metadata, private_metadata, \
             unsafe_metadata, failure_count, last_failure_at FROM users \
             LEFT JOIN password_failures ON password_failures.user_id = users.id",
            $tail
        )
    };
}

macro_rules! select_identifications {
    ($tail:literal) => {
        concat!(
            "SELECT user_id, kind, value, id, reserved, created_at, updated_at FROM identifiers \
             WHERE kind IN ('email_address', 'phone_number', 'web3_wallet') AND user_id ",
            $tail
        )
    };
}

/// The columns of a user, to be followed by ` WHERE …`.
pub(crate) const SELECT: &str = select!("");

/// Their identifications, to be followed by what `user_id` must be; the order is that of [`with_identifications`].
pub(crate) const SELECT_IDENTIFICATIONS: &str = select_identifications!("");

pub(crate) const SHAPE: Shape = Shape {
    table: "users",
    columns: &[
        ("id", "text"),
        ("banned", "boolean"),
        ("locked", "boolean"),
        ("revision", "bigint"),
        ("created_at", "bigint"),
        ("updated_at", "bigint"),
        ("last_sign_in_at", "bigint"),
        ("last_active_at", "bigint"),
        ("external_id", "text"),
        ("username", "text"),
        ("first_name", "text"),
        ("last_name", "text"),
        ("locale", "text"),
        ("primary_email_address", "text"),
        ("primary_phone_number", "text"),
        ("primary_web3_wallet", "text"),
        ("password", "text"),
        ("password_updated_at", "bigint"),
        ("delete_self_enabled", "boolean"),
        ("create_organization_enabled", "boolean"),
        ("create_organizations_limit", "bigint"),
        ("bypass_client_trust", "boolean"),
        ("legal_accepted_at", "bigint"),
        ("public_metadata", "text"),
        ("private_metadata", "text"),
        ("unsafe_metadata", "text"),
        ("full_name_lower", "text"),
        ("first_name_lower", "text"),
        ("last_name_lower", "text"),
        ("username_lower", "text"),
    ],
    key: 1,
};

pub(crate) const IDENTIFIERS: Shape = Shape {
    table: "identifiers",
    columns: &[
        ("kind", "text"),
        ("value", "text"),
        ("user_id", "text"),
        ("ordinal", "bigint"),
        ("id", "text"),
        ("reserved", "boolean"),
        ("created_at", "bigint"),
        ("updated_at", "bigint"),
        ("value_lower", "text"),
    ],
    key: 2,
};

/// The user's row, and the rows of the identifications.
pub(crate) fn find(id: &UserId) -> [Query; 2] {
    let id = bind::text(id.as_str());
    let identifications = select_identifications!("= $1 ORDER BY kind, ordinal");
    [Query::new(select!(" WHERE id = $1"), vec![id.clone()]), Query::new(identifications, vec![id])]
}

pub(crate) fn row(user: &User) -> Vec<Value> {
    let (first, last) = (user.first_name.as_deref(), user.last_name.as_deref());
    vec![
        bind::text(user.id.as_str()),
        bind::flag(user.banned),
        bind::flag(user.locked),
        bind::unsigned(user.revision),
        bind::time(user.created_at),
        bind::time(user.updated_at),
        bind::optional_time(user.last_sign_in_at),
        bind::optional_time(user.last_active_at),
        bind::optional_text(user.external_id.as_deref()),
        bind::optional_text(user.username.as_deref()),
        bind::optional_text(first),
        bind::optional_text(last),
        bind::optional_text(user.locale.as_deref()),
        bind::optional_text(user.primary_email_address.as_ref().map(IdentificationId::as_str)),
        bind::optional_text(user.primary_phone_number.as_ref().map(IdentificationId::as_str)),
        bind::optional_text(user.primary_web3_wallet.as_ref().map(IdentificationId::as_str)),
        bind::optional_text(user.password.as_ref().map(PasswordDigest::as_str)),
        bind::optional_time(user.password_updated_at),
        bind::flag(user.delete_self_enabled),
        bind::flag(user.create_organization_enabled),
        bind::optional_integer(user.create_organizations_limit),
        bind::flag(user.bypass_client_trust),
        bind::optional_time(user.legal_accepted_at),
        bind::text(user.public_metadata.as_str()),
        bind::text(user.private_metadata.as_str()),
        bind::text(user.unsafe_metadata.as_str()),
    ]
    .into_iter()
    .chain(lower_texts(first, last, user.username.as_deref()))
    .collect()
}

/// What a user's texts are searched and ordered by: full name, first name, last name and username in lower case.
pub(crate) fn lower_texts(first: Option<&str>, last: Option<&str>, username: Option<&str>) -> [Value; 4] {
    let lower = |text: Option<&str>| bind::optional_text(text.map(str::to_lowercase).as_deref());
    let names: Vec<&str> = [first, last].into_iter().flatten().collect();
    let full_name = (!names.is_empty()).then(|| names.join(" "));
    [lower(full_name.as_deref()), lower(first), lower(last), lower(username)]
}

/// The details of one e-mail address, phone number or wallet.
struct Identification<'a> {
    id: &'a IdentificationId,
    reserved: bool,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

pub(crate) fn identifier_rows(user: &User) -> Vec<Vec<Value>> {
    let emails = user.email_addresses.iter().map(|email| Identification {
        id: &email.id,
        reserved: email.reserved,
        created_at: email.created_at,
        updated_at: email.updated_at,
    });
    let phones = user.phone_numbers.iter().map(|phone| Identification {
        id: &phone.id,
        reserved: phone.reserved,
        created_at: phone.created_at,
        updated_at: phone.updated_at,
    });
    let wallets = user.web3_wallets.iter().map(|wallet| Identification {
        id: &wallet.id,
        reserved: false,
        created_at: wallet.created_at,
        updated_at: wallet.updated_at,
    });
    // A username and an external id, which come last, have no details.
    let details = emails.chain(phones).chain(wallets).map(Some).chain(std::iter::repeat_with(|| None));
    let identifiers = (0_i64..).zip(user.identifiers()).zip(details);
    let row = |((ordinal, identifier), details): (
        (i64, actas_domain::user::Identifier),
        Option<Identification<'_>>,
    )| {
        let details = details.as_ref();
        vec![
            bind::text(identifier.kind()),
            bind::text(identifier.value()),
            bind::text(user.id.as_str()),
            bind::integer(ordinal),
            bind::optional_text(details.map(|details| details.id.as_str())),
            Value::Flag(details.map(|details| details.reserved)),
            bind::optional_time(details.map(|details| details.created_at)),
            bind::optional_time(details.map(|details| details.updated_at)),
            lower_value(identifier.value()),
        ]
    };
    identifiers.map(row).collect()
}

/// What an identifier is searched by.
pub(crate) fn lower_value(value: &str) -> Value {
    bind::text(&value.to_lowercase())
}

/// Users with their identifications, which are in the order of kind and ordinal.
pub(crate) fn with_identifications(users: &[Row], identifications: &[Row]) -> Result<Vec<User>, Fault> {
    let mut users = rows::many(users, from_row)?;
    let places: HashMap<UserId, usize> =
        users.iter().enumerate().map(|(place, user)| (user.id.clone(), place)).collect();
    for row in identifications {
        let mut fields = Fields::of(row, "identifiers");
        let owner = fields.parsed(UserId::parse)?;
        let (kind, value) = (fields.text()?, fields.text()?);
        let id = fields.parsed(IdentificationId::parse)?;
        let (reserved, created_at, updated_at) = (fields.flag()?, fields.time()?, fields.time()?);
        let Some(user) = places.get(&owner).and_then(|place| users.get_mut(*place)) else { continue };
        match kind.as_str() {
            "email_address" => {
                let email = EmailAddress { id, address: value, reserved, created_at, updated_at };
                user.email_addresses.push(email);
            }
            "phone_number" => {
                user.phone_numbers.push(PhoneNumber { id, number: value, reserved, created_at, updated_at });
            }
            _ => user.web3_wallets.push(Web3Wallet { id, address: value, created_at, updated_at }),
        }
    }
    Ok(users)
}

/// A user without the identifications, which are rows of their own.
fn from_row(row: &Row) -> Result<User, Fault> {
    let mut fields = Fields::of(row, "users");
    Ok(User {
        id: fields.parsed(UserId::parse)?,
        banned: fields.flag()?,
        locked: fields.flag()?,
        revision: fields.unsigned()?,
        created_at: fields.time()?,
        updated_at: fields.time()?,
        last_sign_in_at: fields.optional_time()?,
        last_active_at: fields.optional_time()?,
        external_id: fields.optional_text()?,
        username: fields.optional_text()?,
        first_name: fields.optional_text()?,
        last_name: fields.optional_text()?,
        locale: fields.optional_text()?,
        primary_email_address: fields.optional_parsed(IdentificationId::parse)?,
        primary_phone_number: fields.optional_parsed(IdentificationId::parse)?,
        primary_web3_wallet: fields.optional_parsed(IdentificationId::parse)?,
        password: fields.optional_text()?.map(PasswordDigest::new),
        password_updated_at: fields.optional_time()?,
        delete_self_enabled: fields.flag()?,
        create_organization_enabled: fields.flag()?,
        create_organizations_limit: fields.optional_integer()?,
        bypass_client_trust: fields.flag()?,
        legal_accepted_at: fields.optional_time()?,
        public_metadata: JsonObject::from_stored(fields.text()?),
        private_metadata: JsonObject::from_stored(fields.text()?),
        unsafe_metadata: JsonObject::from_stored(fields.text()?),
        password_failures: sign_ins::failures_from(&mut fields)?,
        email_addresses: Vec::new(),
        phone_numbers: Vec::new(),
        web3_wallets: Vec::new(),
    })
}
