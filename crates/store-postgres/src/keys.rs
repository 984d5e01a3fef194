//! The instance, its secret keys and its signing keys: few rows, read whole.

use crate::{
    bind::{self, Query, Value},
    fault::Fault,
    rows::{self, Fields},
    shape::Shape,
    state::{Changes, Load},
    table::Table,
};
use actas_domain::{
    ids::{InstanceId, SecretKeyId, SigningKeyId},
    keys::{RsaPublicKey, SealedPrivateKey, SigningKey, SigningKeyStatus},
    ports::Instance,
    secret_key::SecretKey,
};
use tokio_postgres::Row;

macro_rules! select_secret_keys {
    ($tail:literal) => {
        concat!("SELECT id, hash, name, live_prefix, created_at, revoked_at FROM secret_keys ", $tail)
    };
}

macro_rules! select_signing_keys {
    ($tail:literal) => {
        concat!(
            "SELECT id, status, modulus, exponent, sealed_private_key, created_at, current_since, retired_at, \
             needed_until FROM signing_keys ",
            $tail
        )
    };
}

const INSTANCE: Shape = Shape {
    table: "instance",
    columns: &[("the_one", "bigint"), ("id", "text"), ("created_at", "bigint")],
    key: 1,
};

const SECRET_KEYS: Shape = Shape {
    table: "secret_keys",
    columns: &[
        ("id", "text"),
        ("hash", "bytea"),
        ("name", "text"),
        ("live_prefix", "boolean"),
        ("created_at", "bigint"),
        ("revoked_at", "bigint"),
    ],
    key: 1,
};

const SIGNING_KEYS: Shape = Shape {
    table: "signing_keys",
    columns: &[
        ("id", "text"),
        ("status", "text"),
        ("modulus", "bytea"),
        ("exponent", "bytea"),
        ("sealed_private_key", "bytea"),
        ("created_at", "bigint"),
        ("current_since", "bigint"),
        ("retired_at", "bigint"),
        ("needed_until", "bigint"),
    ],
    key: 1,
};

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) instance: Table<(), Instance>,
    pub(crate) secret: Table<SecretKeyId, SecretKey>,
    pub(crate) signing: Table<SigningKeyId, SigningKey>,
    /// Whether all valid secret keys are looked for.
    all_secret: bool,
    /// Whether the signing keys that will sign later are looked for.
    next_signing: bool,
}

impl Keys {
    pub(crate) fn want_all_secret(&mut self) {
        self.all_secret = true;
    }

    pub(crate) fn is_another_secret_valid(&self, id: &SecretKeyId) -> bool {
        debug_assert!(self.all_secret, "secret keys of this batch were not looked for");
        self.secret.rows().any(|(each, key)| each != id && key.is_valid())
    }

    pub(crate) fn want_next_signing(&mut self) {
        self.next_signing = true;
    }

    pub(crate) fn is_next_signing_there(&self) -> bool {
        debug_assert!(self.next_signing, "signing keys of this batch were not looked for");
        self.signing.rows().any(|(_, key)| key.status == SigningKeyStatus::Next)
    }

    pub(crate) fn loads(&self, loads: &mut Vec<Load>) {
        if self.instance.wants_any() {
            let find = instance();
            loads.push(Load::new(find.sql, find.values, |state, found| {
                if let Some(instance) = rows::one(found, instance_from_row)? {
                    state.keys.instance.load((), instance);
                }
                Ok(())
            }));
        }
        let mut load_secret = |sql: &'static str, values: Vec<Value>| {
            loads.push(Load::new(sql, values, |state, found| {
                for key in rows::many(found, secret_key_from_row)? {
                    state.keys.secret.load(key.id.clone(), key);
                }
                Ok(())
            }));
        };
        if self.secret.wants_any() {
            let ids = bind::texts(self.secret.wanted().map(SecretKeyId::as_str));
            load_secret(select_secret_keys!("WHERE id = ANY($1)"), vec![ids]);
        }
        if self.all_secret {
            load_secret(select_secret_keys!("WHERE revoked_at IS NULL"), Vec::new());
        }
        let mut load_signing = |sql: &'static str, values: Vec<Value>| {
            loads.push(Load::new(sql, values, |state, found| {
                for key in rows::many(found, signing_key_from_row)? {
                    state.keys.signing.load(key.id.clone(), key);
                }
                Ok(())
            }));
        };
        if self.signing.wants_any() {
            let ids = bind::texts(self.signing.wanted().map(SigningKeyId::as_str));
            load_signing(select_signing_keys!("WHERE id = ANY($1)"), vec![ids]);
        }
        if self.next_signing {
            load_signing(select_signing_keys!("WHERE status = 'next'"), Vec::new());
        }
    }

    pub(crate) fn changes<'a>(&'a self, queries: &mut Changes<'a>) {
        let instances = self.instance.put_rows().map(|(_, instance)| {
            vec![bind::integer(1), bind::text(instance.id.as_str()), bind::time(instance.created_at)]
        });
        queries.extend(INSTANCE.put(instances));
        queries.extend(SECRET_KEYS.put(self.secret.put_rows().map(|(_, key)| secret_key_row(key))));
        queries.extend(SIGNING_KEYS.remove(self.signing.removed().map(SigningKeyId::as_str)));
        let signing = self.signing.put_rows().map(|(_, key)| signing_key_row(key));
        queries.extend(SIGNING_KEYS.put(signing));
    }
}

pub(crate) fn instance() -> Query {
    Query::plain("SELECT id, created_at FROM instance")
}

pub(crate) fn secret_key(id: &SecretKeyId) -> Query {
    Query::new(select_secret_keys!("WHERE id = $1"), vec![bind::text(id.as_str())])
}

/// Oldest first.
pub(crate) fn secret_keys() -> Query {
    Query::plain(select_secret_keys!("ORDER BY created_at, id"))
}

/// Oldest first.
pub(crate) fn signing_keys() -> Query {
    Query::plain(select_signing_keys!("ORDER BY created_at, id"))
}

pub(crate) fn instance_from_row(row: &Row) -> Result<Instance, Fault> {
    let mut fields = Fields::of(row, "instance");
    Ok(Instance { id: fields.parsed(InstanceId::parse)?, created_at: fields.time()? })
}

fn secret_key_row(key: &SecretKey) -> Vec<Value> {
    vec![
        bind::text(key.id.as_str()),
        bind::hash(&key.hash),
        bind::text(&key.name),
        bind::flag(key.live_prefix),
        bind::time(key.created_at),
        bind::optional_time(key.revoked_at),
    ]
}

pub(crate) fn secret_key_from_row(row: &Row) -> Result<SecretKey, Fault> {
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

fn signing_key_row(key: &SigningKey) -> Vec<Value> {
    vec![
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

pub(crate) fn signing_key_from_row(row: &Row) -> Result<SigningKey, Fault> {
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
