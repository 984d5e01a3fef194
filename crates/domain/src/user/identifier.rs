//! What identifies a user besides the id: each value belongs to one user at most.

use crate::{ids::IdentificationId, time::UnixMillis};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    pub id: IdentificationId,
    /// As given, but in lower case.
    pub address: String,
    /// Usable to sign in but not verified.
    pub reserved: bool,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    pub id: IdentificationId,
    /// E.164, `+15551234567`.
    pub number: String,
    pub reserved: bool,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web3Wallet {
    pub id: IdentificationId,
    pub address: String,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// A value that only one user can have, in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    EmailAddress(String),
    PhoneNumber(String),
    Web3Wallet(String),
    /// In lower case.
    Username(String),
    ExternalId(String),
}

impl Identifier {
    /// The word for its kind in a store.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::EmailAddress(_) => "email_address",
            Self::PhoneNumber(_) => "phone_number",
            Self::Web3Wallet(_) => "web3_wallet",
            Self::Username(_) => "username",
            Self::ExternalId(_) => "external_id",
        }
    }

    pub fn value(&self) -> &str {
        match self {
            Self::EmailAddress(value)
            | Self::PhoneNumber(value)
            | Self::Web3Wallet(value)
            | Self::Username(value)
            | Self::ExternalId(value) => value,
        }
    }
}

impl super::User {
    /// All that no other user may have, in a fixed order.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let emails = self.email_addresses.iter().map(|email| Identifier::EmailAddress(email.address.clone()));
        let phones = self.phone_numbers.iter().map(|phone| Identifier::PhoneNumber(phone.number.clone()));
        let wallets = self.web3_wallets.iter().map(|wallet| Identifier::Web3Wallet(wallet.address.clone()));
        let username = self.username.iter().map(|name| Identifier::Username(name.to_lowercase()));
        let external = self.external_id.iter().map(|id| Identifier::ExternalId(id.clone()));
        emails.chain(phones).chain(wallets).chain(username).chain(external).collect()
    }
}
