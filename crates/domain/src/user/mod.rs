//! Users of the directory, and their standing.

pub mod create;
pub mod delete;
pub mod find;
mod identifications;
pub mod identifier;
pub mod import;
pub mod metadata;
mod metadata_merge;
mod password;
mod profile;
pub mod standing;
pub mod update;

pub use identifier::{EmailAddress, Identifier, PhoneNumber, Web3Wallet};

use crate::{
    ids::{IdentificationId, UserId},
    json::JsonObject,
    ports::PasswordDigest,
    sign_in::failures::PasswordFailures,
    time::UnixMillis,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Counts this user's changes; a change is guarded by the one it was decided on.
    pub revision: u64,
    pub external_id: Option<String>,
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub locale: Option<String>,
    pub email_addresses: Vec<EmailAddress>,
    pub phone_numbers: Vec<PhoneNumber>,
    pub web3_wallets: Vec<Web3Wallet>,
    pub primary_email_address: Option<IdentificationId>,
    pub primary_phone_number: Option<IdentificationId>,
    pub primary_web3_wallet: Option<IdentificationId>,
    pub password: Option<PasswordDigest>,
    pub password_updated_at: Option<UnixMillis>,
    /// Moves without a revision, and only by a write of its own.
    pub password_failures: Option<PasswordFailures>,
    pub public_metadata: JsonObject,
    pub private_metadata: JsonObject,
    pub unsafe_metadata: JsonObject,
    pub banned: bool,
    pub locked: bool,
    pub delete_self_enabled: bool,
    pub create_organization_enabled: bool,
    pub create_organizations_limit: Option<i64>,
    pub bypass_client_trust: bool,
    pub legal_accepted_at: Option<UnixMillis>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    /// An impersonation moves neither of the two.
    pub last_sign_in_at: Option<UnixMillis>,
    pub last_active_at: Option<UnixMillis>,
}

/// What the rules need of a user: there, and allowed?
///
/// In an open directory a user who is not stored can still be banned or locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub present: bool,
    pub banned: bool,
    pub locked: bool,
}

impl Standing {
    pub const fn is_good(self) -> bool {
        !self.banned && !self.locked
    }
}

impl User {
    pub const fn standing(&self) -> Standing {
        Standing { present: true, banned: self.banned, locked: self.locked }
    }

    /// This user, about to be replaced at `now`.
    fn changed_at(self, now: UnixMillis) -> Self {
        Self { revision: self.revision + 1, updated_at: now.max(self.updated_at), ..self }
    }

    /// A user with nothing but an id and a time: what an open directory shows of somebody it does not store.
    pub fn empty(id: UserId, at: UnixMillis) -> Self {
        Self {
            id,
            revision: 0,
            external_id: None,
            username: None,
            first_name: None,
            last_name: None,
            locale: None,
            email_addresses: Vec::new(),
            phone_numbers: Vec::new(),
            web3_wallets: Vec::new(),
            primary_email_address: None,
            primary_phone_number: None,
            primary_web3_wallet: None,
            password: None,
            password_updated_at: None,
            password_failures: None,
            public_metadata: JsonObject::empty(),
            private_metadata: JsonObject::empty(),
            unsafe_metadata: JsonObject::empty(),
            banned: false,
            locked: false,
            delete_self_enabled: true,
            create_organization_enabled: true,
            create_organizations_limit: None,
            bypass_client_trust: false,
            legal_accepted_at: None,
            created_at: at,
            updated_at: at,
            last_sign_in_at: None,
            last_active_at: None,
        }
    }
}
