//! What is answered about users.

use super::metadata::Metadata;
use crate::{json::RawJson, timestamp::Timestamp};
use serde::{Deserialize, Serialize};

/// A user. Metadata is hidden from `Debug`; as JSON it is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// `user_…`
    pub id: String,
    /// The id in the app's own records.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The username.
    #[serde(default)]
    pub username: Option<String>,
    /// The first name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// The language and region.
    #[serde(default)]
    pub locale: Option<String>,
    /// A picture of the user, or one that stands for it.
    #[serde(default)]
    pub image_url: Option<String>,
    /// Whether the user chose that picture.
    #[serde(default)]
    pub has_image: bool,
    /// The id of the primary one among the e-mail addresses.
    #[serde(default)]
    pub primary_email_address_id: Option<String>,
    /// The id of the primary one among the phone numbers.
    #[serde(default)]
    pub primary_phone_number_id: Option<String>,
    /// The id of the primary one among the wallets.
    #[serde(default)]
    pub primary_web3_wallet_id: Option<String>,
    /// The e-mail addresses.
    #[serde(default)]
    pub email_addresses: Vec<EmailAddress>,
    /// The phone numbers.
    #[serde(default)]
    pub phone_numbers: Vec<PhoneNumber>,
    /// The Web3 wallets.
    #[serde(default)]
    pub web3_wallets: Vec<Web3Wallet>,
    /// Whether the user has a password.
    #[serde(default)]
    pub password_enabled: bool,
    /// Whether a second factor is asked for.
    #[serde(default)]
    pub two_factor_enabled: bool,
    /// Whether the user has one-time passwords. Not from Actas.
    #[serde(default)]
    pub totp_enabled: bool,
    /// Whether the user has backup codes. Not from Actas.
    #[serde(default)]
    pub backup_code_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private_metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsafe_metadata: Option<Metadata>,
    /// Cannot sign in.
    #[serde(default)]
    pub banned: bool,
    /// Cannot sign in for a while.
    #[serde(default)]
    pub locked: bool,
    /// How long the lock still holds, in seconds; `None` when there is none, or no end of it.
    #[serde(default)]
    pub lockout_expires_in_seconds: Option<i64>,
    /// How many wrong passwords are left until the user is locked.
    #[serde(default)]
    pub verification_attempts_remaining: Option<i64>,
    /// May delete the account.
    #[serde(default)]
    pub delete_self_enabled: bool,
    /// May make organizations.
    #[serde(default)]
    pub create_organization_enabled: bool,
    /// How many organizations the user may make; `None` is the instance's default, 0 is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_organizations_limit: Option<i64>,
    /// Needs no second proof on a new client.
    #[serde(default)]
    pub bypass_client_trust: bool,
    /// When the password was last changed.
    #[serde(default)]
    pub password_last_updated_at: Option<Timestamp>,
    /// When the user agreed to the legal terms.
    #[serde(default)]
    pub legal_accepted_at: Option<Timestamp>,
    /// When the user last signed in.
    #[serde(default)]
    pub last_sign_in_at: Option<Timestamp>,
    /// When the user was last active.
    #[serde(default)]
    pub last_active_at: Option<Timestamp>,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// The primary e-mail address; the first one where none is primary.
    #[must_use]
    pub fn email_address(&self) -> Option<&str> {
        let primary = self.primary_email_address_id.as_deref();
        let is_primary = |address: &&EmailAddress| primary.is_some() && address.id.as_deref() == primary;
        let found = self.email_addresses.iter().find(is_primary);
        found.or(self.email_addresses.first()).map(|address| address.email_address.as_str())
    }

    /// First and last name; `None` where there is neither.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        let names: Vec<&str> = [self.first_name.as_deref(), self.last_name.as_deref()]
            .into_iter()
            .flatten()
            .filter(|name| !name.is_empty())
            .collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// What everybody may read.
    #[must_use]
    pub fn public_metadata(&self) -> Option<&RawJson> {
        self.public_metadata.as_ref().map(|metadata| &metadata.0)
    }

    /// What only the Backend API may read.
    #[must_use]
    pub fn private_metadata(&self) -> Option<&RawJson> {
        self.private_metadata.as_ref().map(|metadata| &metadata.0)
    }

    /// What the user's browser may write.
    #[must_use]
    pub fn unsafe_metadata(&self) -> Option<&RawJson> {
        self.unsafe_metadata.as_ref().map(|metadata| &metadata.0)
    }
}

/// An e-mail address of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EmailAddress {
    /// `idn_…`
    #[serde(default)]
    pub id: Option<String>,
    /// The address.
    pub email_address: String,
    /// Kept for the user, but not verified.
    #[serde(default)]
    pub reserved: bool,
    /// How it was verified, if it was.
    #[serde(default)]
    pub verification: Option<Verification>,
}

/// A phone number of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PhoneNumber {
    /// `idn_…`
    #[serde(default)]
    pub id: Option<String>,
    /// The number, as `+` and digits.
    pub phone_number: String,
    /// Kept for the user, but not verified.
    #[serde(default)]
    pub reserved: bool,
    /// How it was verified, if it was.
    #[serde(default)]
    pub verification: Option<Verification>,
}

/// A Web3 wallet of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Web3Wallet {
    /// `idn_…`
    #[serde(default)]
    pub id: Option<String>,
    /// The address of the wallet.
    pub web3_wallet: String,
    /// How it was verified, if it was.
    #[serde(default)]
    pub verification: Option<Verification>,
}

/// How an identifier was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verification {
    /// `verified`, or what it lacks.
    #[serde(default)]
    pub status: Option<String>,
    /// By what, for example `admin`.
    #[serde(default)]
    pub strategy: Option<String>,
}

/// What is left of a user who was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeletedUser {
    /// The id that the user had.
    #[serde(default)]
    pub id: Option<String>,
    /// `true`
    #[serde(default)]
    pub deleted: bool,
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct TotalCount {
    pub(super) total_count: u64,
}
