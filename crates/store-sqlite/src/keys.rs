//! The instance, its secret keys and its signing keys: few rows, read whole.

use crate::{
    bind::{self, Columns},
    fault::Fault,
    rows::{self, Fields, execute, exists},
};
use actas_domain::{
    ids::{InstanceId, SecretKeyId, SigningKeyId},
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey, SigningKeyStatus},
    ports::Instance,
    secret_key::SecretKey,
};
use rusqlite::{Connection, Row, params, params_from_iter};

macro_rules! select_secret_keys {
    ($tail:literal) => {
        concat!("SELECT id, hash, name, live_prefix, created_at, revoked_at FROM secret_keys ", $tail)
    };
}

macro_rules! signing_key_columns {
    () => {
        "status, modulus, exponent, sealed_private_key, created_at, current_since, retired_at, needed_until"
    };
}

pub(crate) fn instance(connection: &Connection) -> Result<Option<Instance>, Fault> {
    rows::one(connection, "SELECT id, created_at FROM instance", [], |row| {
        let mut fields = Fields::of(row, "instance");
        Ok(Instance { id: fields.parsed(InstanceId::parse)?, created_at: fields.time()? })
    })
}

pub(crate) fn set_instance(connection: &Connection, instance: &Instance) -> Result<(), Fault> {
    let sql = "INSERT OR REPLACE INTO instance (the_one, id, created_at) VALUES (1, ?1, ?2)";
    execute(connection, sql, params![instance.id.as_str(), instance.created_at.millis()]).map(drop)
}

pub(crate) fn secret_key(connection: &Connection, id: &SecretKeyId) -> Result<Option<SecretKey>, Fault> {
    rows::one(connection, select_secret_keys!("WHERE id = ?1"), [id.as_str()], secret_key_from_row)
}

/// Oldest first.
pub(crate) fn secret_keys(connection: &Connection) -> Result<Vec<SecretKey>, Fault> {
    rows::many(connection, select_secret_keys!("ORDER BY created_at, id"), [], secret_key_from_row)
}

pub(crate) fn is_valid_secret_key(connection: &Connection, id: &SecretKeyId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM secret_keys WHERE id = ?1 AND revoked_at IS NULL";
    exists(connection, sql, [id.as_str()])
}

pub(crate) fn is_another_secret_key_valid(connection: &Connection, id: &SecretKeyId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM secret_keys WHERE id <> ?1 AND revoked_at IS NULL";
    exists(connection, sql, [id.as_str()])
}

pub(crate) fn add_secret_key(connection: &Connection, key: &SecretKey) -> Result<(), Fault> {
    let sql = "INSERT INTO secret_keys (id, hash, name, live_prefix, created_at, revoked_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    execute(connection, sql, params_from_iter(secret_key_row(key))).map(drop)
}

/// Replaces the key if it is not revoked; `false` if it is, or is not there.
pub(crate) fn revoke_secret_key(connection: &Connection, key: &SecretKey) -> Result<bool, Fault> {
    let sql = "UPDATE secret_keys SET (hash, name, live_prefix, created_at, revoked_at) = (?2, ?3, ?4, ?5, ?6) \
        WHERE id = ?1 AND revoked_at IS NULL";
    Ok(execute(connection, sql, params_from_iter(secret_key_row(key)))? == 1)
}

/// Oldest first.
pub(crate) fn signing_keys(connection: &Connection) -> Result<Vec<SigningKey>, Fault> {
    let sql = concat!("SELECT id, ", signing_key_columns!(), " FROM signing_keys ORDER BY created_at, id");
    rows::many(connection, sql, [], signing_key_from_row)
}

pub(crate) fn is_next_signing_key_there(connection: &Connection) -> Result<bool, Fault> {
    exists(connection, "SELECT 1 FROM signing_keys WHERE status = 'next'", [])
}

pub(crate) fn add_signing_key(connection: &Connection, key: &SigningKey) -> Result<(), Fault> {
    let sql = concat!(
        "INSERT INTO signing_keys (id, ",
        signing_key_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    );
    execute(connection, sql, params_from_iter(signing_key_row(key))).map(drop)
}

/// Replaces the key if its status is `from`; `false` if not.
pub(crate) fn replace_signing_key(
    connection: &Connection,
    key: &SigningKey,
    from: SigningKeyStatus,
) -> Result<bool, Fault> {
    let sql = concat!(
        "UPDATE signing_keys SET (",
        signing_key_columns!(),
        ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) WHERE id = ?1 AND status = ?10"
    );
    let values = signing_key_row(key).into_iter().chain([bind::text(from.as_str())]);
    Ok(execute(connection, sql, params_from_iter(values))? == 1)
}

/// `false` when there is no such key.
pub(crate) fn remove_signing_key(connection: &Connection, id: &SigningKeyId) -> Result<bool, Fault> {
    Ok(execute(connection, "DELETE FROM signing_keys WHERE id = ?1", [id.as_str()])? == 1)
}

fn secret_key_row(key: &SecretKey) -> Columns<'_, 6> {
    [
        bind::text(key.id.as_str()),
        bind::hash(&key.hash),
        bind::text(&key.name),
        bind::flag(key.live_prefix),
        bind::time(key.created_at),
        bind::optional_time(key.revoked_at),
    ]
}

fn secret_key_from_row(row: &Row<'_>) -> Result<SecretKey, Fault> {
    let mut fields = Fields::of(row, "secret_keys");
    Ok(SecretKey {
        id: fields.parsed(SecretKeyId::parse)?,
        hash: fields.hash()?,
        name: fields.text()?,
        live_prefix: fields.flag()?,
        created_at: fields.time()?,
        revoked_at: fields.optional_time()?,
    })
}

fn signing_key_row(key: &SigningKey) -> Columns<'_, 9> {
    [
        bind::text(key.id.as_str()),
        bind::text(key.status.as_str()),
        bind::bytes(&key.public.modulus),
        bind::bytes(&key.public.exponent),
        bind::bytes(&key.private.0),
        bind::time(key.created_at),
        bind::optional_time(key.current_since),
        bind::optional_time(key.retired_at),
        bind::optional_time(key.needed_until),
    ]
}

fn signing_key_from_row(row: &Row<'_>) -> Result<SigningKey, Fault> {
    let mut fields = Fields::of(row, "signing_keys");
    Ok(SigningKey {
        id: fields.parsed(SigningKeyId::parse)?,
        status: fields.parsed(SigningKeyStatus::parse)?,
        public: RsaPublicKey { modulus: fields.bytes()?, exponent: fields.bytes()? },
        private: SealedPrivateKey(fields.bytes()?),
        created_at: fields.time()?,
        current_since: fields.optional_time()?,
        retired_at: fields.optional_time()?,
        needed_until: fields.optional_time()?,
    })
}
