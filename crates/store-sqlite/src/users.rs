//! Users, whose identifiers are whose, and the standing of those who are not stored.

use crate::{
    bind::{self, Columns},
    fault::Fault,
    rows::{self, Fields, execute, exists, signed},
    sign_ins,
};
use actas_domain::{
    ids::{IdentificationId, UserId},
    json::JsonObject,
    ports::PasswordDigest,
    time::UnixMillis,
    user::{EmailAddress, Identifier, PhoneNumber, Standing, User, Web3Wallet},
};
use rusqlite::{Connection, Row, params, params_from_iter};

macro_rules! columns {
    () => {
        "banned, locked, revision, created_at, updated_at, last_sign_in_at, last_active_at, external_id, username, \
         first_name, last_name, locale, primary_email_address, primary_phone_number, primary_web3_wallet, password, \
         password_updated_at, delete_self_enabled, create_organization_enabled, create_organizations_limit, \
         bypass_client_trust, legal_accepted_at, public_metadata, private_metadata, unsafe_metadata"
    };
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, ",
            columns!(),
            ", failure_count, last_failure_at FROM users LEFT JOIN password_failures ON guessed = users.id",
            $tail
        )
    };
}

/// The columns of a user, to be followed by `WHERE …`.
pub(crate) const SELECT: &str = select!("");

pub(crate) fn find(connection: &Connection, id: &UserId) -> Result<Option<User>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let user = rows::one(&snapshot, select!(" WHERE id = ?1"), [id.as_str()], from_row)?;
    user.map(|user| with_identifications(&snapshot, user)).transpose()
}

/// Of the stored user, joined with what is kept of somebody who is not stored.
pub(crate) fn standing(connection: &Connection, id: &UserId) -> Result<Standing, Fault> {
    let sql = "SELECT id, banned, locked, 1 FROM users WHERE id = ?1 \
        UNION ALL SELECT user, banned, locked, 0 FROM standings WHERE user = ?1";
    let read = |row: &Row<'_>| {
        let mut fields = Fields::of(row, "users or standings");
        fields.text()?;
        Ok(Standing { banned: fields.flag()?, locked: fields.flag()?, present: fields.flag()? })
    };
    let joined = |one: Standing, other: Standing| Standing {
        present: one.present || other.present,
        banned: one.banned || other.banned,
        locked: one.locked || other.locked,
    };
    Ok(rows::many(connection, sql, [id.as_str()], read)?.into_iter().fold(Standing::default(), joined))
}

pub(crate) fn owner(connection: &Connection, identifier: &Identifier) -> Result<Option<UserId>, Fault> {
    let sql = "SELECT user FROM identifiers WHERE kind = ?1 AND value = ?2";
    let values = params![identifier.kind(), identifier.value()];
    rows::one(connection, sql, values, |row| Fields::of(row, "identifiers").parsed(UserId::parse))
}

/// `false` when the id or one of the identifiers is taken.
pub(crate) fn add(connection: &Connection, user: &User) -> Result<bool, Fault> {
    let is_taken = exists(connection, "SELECT 1 FROM users WHERE id = ?1", [user.id.as_str()])?;
    if is_taken || !are_free(connection, user)? {
        return Ok(false);
    }
    let sql = concat!(
        "INSERT INTO users (id, ",
        columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
         ?22, ?23, ?24, ?25, ?26)"
    );
    execute(connection, sql, params_from_iter(row(user)))?;
    add_identifiers(connection, user)?;
    sign_ins::set_failures(connection, &user.id, user.password_failures)?;
    Ok(true)
}

pub(crate) fn revision(connection: &Connection, id: &UserId) -> Result<Option<u64>, Fault> {
    let sql = "SELECT id, revision FROM users WHERE id = ?1";
    rows::one(connection, sql, [id.as_str()], |row| {
        let mut fields = Fields::of(row, "users");
        fields.skip();
        fields.unsigned()
    })
}

/// Replaces the user if the stored revision is the one before, and none of the identifiers is somebody else's;
/// `false` if not. Activity and sign-ins move without a revision, so they never move back.
pub(crate) fn replace(connection: &Connection, user: &User) -> Result<bool, Fault> {
    if !are_free(connection, user)? {
        return Ok(false);
    }
    let sql = concat!(
        "UPDATE users SET (",
        columns!(),
        ") = (?2, ?3, ?4, ?5, ?6, max(coalesce(?7, last_sign_in_at), coalesce(last_sign_in_at, ?7)), ",
        "max(coalesce(?8, last_active_at), coalesce(last_active_at, ?8)), ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ",
        "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26) WHERE id = ?1 AND revision = ?4 - 1"
    );
    if execute(connection, sql, params_from_iter(row(user)))? == 0 {
        return Ok(false);
    }
    remove_identifiers(connection, &user.id)?;
    add_identifiers(connection, user)?;
    Ok(true)
}

/// Removes the user if it has this revision; `false` if not.
pub(crate) fn remove(connection: &Connection, id: &UserId, revision: u64) -> Result<bool, Fault> {
    let sql = "DELETE FROM users WHERE id = ?1 AND revision = ?2";
    if execute(connection, sql, params![id.as_str(), signed(revision)])? == 0 {
        return Ok(false);
    }
    remove_identifiers(connection, id)?;
    sign_ins::remove_failures(connection, id)?;
    Ok(true)
}

pub(crate) fn record_sign_in(connection: &Connection, id: &UserId, at: UnixMillis) -> Result<(), Fault> {
    let sql = "UPDATE users SET last_sign_in_at = ?2 WHERE id = ?1 AND coalesce(last_sign_in_at < ?2, TRUE)";
    execute(connection, sql, params![id.as_str(), at.millis()]).map(drop)
}

pub(crate) fn record_activity(connection: &Connection, id: &UserId, at: UnixMillis) -> Result<(), Fault> {
    let sql = "UPDATE users SET last_active_at = ?2 WHERE id = ?1 AND coalesce(last_active_at < ?2, TRUE)";
    execute(connection, sql, params![id.as_str(), at.millis()]).map(drop)
}

/// Of a user who is not stored; a good standing is no row.
pub(crate) fn set_standing(connection: &Connection, id: &UserId, standing: Standing) -> Result<(), Fault> {
    if standing.is_good() {
        return execute(connection, "DELETE FROM standings WHERE user = ?1", [id.as_str()]).map(drop);
    }
    let sql = "INSERT OR REPLACE INTO standings (user, banned, locked) VALUES (?1, ?2, ?3)";
    execute(connection, sql, params![id.as_str(), standing.banned, standing.locked]).map(drop)
}

/// Whether nobody else has one of the user's identifiers.
fn are_free(connection: &Connection, user: &User) -> Result<bool, Fault> {
    for identifier in user.identifiers() {
        if owner(connection, &identifier)?.is_some_and(|owner| owner != user.id) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn remove_identifiers(connection: &Connection, id: &UserId) -> Result<(), Fault> {
    execute(connection, "DELETE FROM identifiers WHERE user = ?1", [id.as_str()]).map(drop)
}

/// The details of one e-mail address, phone number or wallet.
struct Identification<'a> {
    id: &'a IdentificationId,
    reserved: bool,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

fn add_identifiers(connection: &Connection, user: &User) -> Result<(), Fault> {
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
    let sql = "INSERT INTO identifiers (kind, value, user, ordinal, id, reserved, created_at, updated_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    for ((ordinal, identifier), details) in (0_i64..).zip(user.identifiers()).zip(details) {
        let details = details.as_ref();
        execute(
            connection,
            sql,
            params![
                identifier.kind(),
                identifier.value(),
                user.id.as_str(),
                ordinal,
                details.map(|details| details.id.as_str()),
                details.map(|details| details.reserved),
                details.map(|details| details.created_at.millis()),
                details.map(|details| details.updated_at.millis()),
            ],
        )?;
    }
    Ok(())
}

/// Fills in what is kept of the user's e-mail addresses, phone numbers and wallets.
pub(crate) fn with_identifications(connection: &Connection, mut user: User) -> Result<User, Fault> {
    let sql = "SELECT user, kind, value, id, reserved, created_at, updated_at FROM identifiers \
        WHERE user = ?1 AND kind IN ('email_address', 'phone_number', 'web3_wallet') ORDER BY kind, ordinal";
    rows::many(connection, sql, [user.id.as_str()], |row| {
        let mut fields = Fields::of(row, "identifiers");
        fields.text()?;
        let (kind, value) = (fields.text()?, fields.text()?);
        let id = fields.parsed(IdentificationId::parse)?;
        let (reserved, created_at, updated_at) = (fields.flag()?, fields.time()?, fields.time()?);
        match kind.as_str() {
            "email_address" => {
                let email = EmailAddress { id, address: value, reserved, created_at, updated_at };
                user.email_addresses.push(email);
            }
            "phone_number" => {
                let phone = PhoneNumber { id, number: value, reserved, created_at, updated_at };
                user.phone_numbers.push(phone);
            }
            _ => user.web3_wallets.push(Web3Wallet { id, address: value, created_at, updated_at }),
        }
        Ok(())
    })?;
    Ok(user)
}

fn row(user: &User) -> Columns<'_, 26> {
    [
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
        bind::optional_text(user.first_name.as_deref()),
        bind::optional_text(user.last_name.as_deref()),
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
}

/// A user without the identifications, which are rows of their own.
pub(crate) fn from_row(row: &Row<'_>) -> Result<User, Fault> {
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
