//! What a new user is to be.

use super::{metadata::Metadata, setters::setters};
use crate::secret::Secret;
use serde::Serialize;

/// What a new user is to be. Nothing must be said, but whoever is to sign in needs an identifier.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CreateUser {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_address: Vec<String>,
    #[serde(skip_serializing_if = "all_verified")]
    email_address_identification_status: Vec<IdentificationStatus>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phone_number: Vec<String>,
    #[serde(skip_serializing_if = "all_verified")]
    phone_number_identification_status: Vec<IdentificationStatus>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    web3_wallet: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_digest: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hasher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_password_checks: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_password_requirement: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_legal_checks: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_user_requirement: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_secret: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_codes: Option<Vec<Secret>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsafe_metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    banned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_self_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_organization_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_organizations_limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass_client_trust: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_accepted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

/// Whether an identifier was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum IdentificationStatus {
    Verified,
    Reserved,
}

/// The server's default, which then need not be said.
fn all_verified(statuses: &[IdentificationStatus]) -> bool {
    !statuses.contains(&IdentificationStatus::Reserved)
}

impl CreateUser {
    /// A user of whom nothing is said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An e-mail address, taken as verified. The first one said is the primary one; likewise below.
    #[must_use]
    pub fn email_address(self, address: impl Into<String>) -> Self {
        self.with_email_address(address.into(), IdentificationStatus::Verified)
    }

    /// An e-mail address that is kept for the user, but not verified.
    #[must_use]
    pub fn reserved_email_address(self, address: impl Into<String>) -> Self {
        self.with_email_address(address.into(), IdentificationStatus::Reserved)
    }

    /// A phone number, as `+` and digits, taken as verified.
    #[must_use]
    pub fn phone_number(self, number: impl Into<String>) -> Self {
        self.with_phone_number(number.into(), IdentificationStatus::Verified)
    }

    /// A phone number that is kept for the user, but not verified.
    #[must_use]
    pub fn reserved_phone_number(self, number: impl Into<String>) -> Self {
        self.with_phone_number(number.into(), IdentificationStatus::Reserved)
    }

    /// A Web3 wallet.
    #[must_use]
    pub fn web3_wallet(mut self, wallet: impl Into<String>) -> Self {
        self.web3_wallet.push(wallet.into());
        self
    }

    /// A password that was hashed elsewhere: its digest, and by what (`password_hasher`), for example `bcrypt` or
    /// `argon2id`.
    #[must_use]
    pub fn password_digest(mut self, digest: impl Into<String>, hasher: impl Into<String>) -> Self {
        self.password_digest = Some(Secret::new(digest));
        self.password_hasher = Some(hasher.into());
        self
    }

    setters! {
        /// The id, for a user who has one from elsewhere: `user_` and letters and digits. Of Actas alone.
        id: text,
        /// The id in the app's own records.
        external_id: text,
        /// The first name.
        first_name: text,
        /// The last name.
        last_name: text,
        /// The language and region, for example `de-CH`.
        locale: text,
        /// The username.
        username: text,
        /// The password.
        password: secret,
        /// Takes the password even where it is known to be a bad one.
        skip_password_checks: flag,
        /// Needs no password. Without effect on Actas, which never does.
        skip_password_requirement: flag,
        /// Needs no consent to legal terms. Without effect on Actas.
        skip_legal_checks: flag,
        /// Needs no identifier. Without effect on Actas.
        skip_user_requirement: flag,
        /// The secret of one-time passwords. Actas has none and refuses it.
        totp_secret: secret,
        /// Backup codes. Actas has none and refuses them.
        backup_codes: several secrets,
        /// An object that everybody may read and only the Backend API may write.
        public_metadata: raw,
        /// An object that only the Backend API may read and write.
        private_metadata: raw,
        /// An object that the user's browser may read and write.
        unsafe_metadata: raw,
        /// Cannot sign in.
        banned: flag,
        /// Cannot sign in for a while.
        locked: flag,
        /// May delete the account.
        delete_self_enabled: flag,
        /// May make organizations.
        create_organization_enabled: flag,
        /// How many organizations the user may make; 0 is without limit.
        create_organizations_limit: number,
        /// Needs no second proof on a new client.
        bypass_client_trust: flag,
        /// When the user agreed to the legal terms, in RFC 3339: `2026-11-24T08:00:00Z`.
        legal_accepted_at: text,
        /// When the user was made, in RFC 3339, for one who comes from elsewhere.
        created_at: text,
    }

    fn with_email_address(mut self, address: String, status: IdentificationStatus) -> Self {
        self.email_address.push(address);
        self.email_address_identification_status.push(status);
        self
    }

    fn with_phone_number(mut self, number: String, status: IdentificationStatus) -> Self {
        self.phone_number.push(number);
        self.phone_number_identification_status.push(status);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawJson;

    #[test]
    fn only_what_is_said_is_sent() {
        assert_eq!(serde_json::to_string(&CreateUser::new()).unwrap(), "{}");
        let user = CreateUser::new()
            .email_address("a@a.example")
            .password("correct horse")
            .public_metadata(RawJson::parse(r#"{"n":1.0}"#).unwrap());
        assert_eq!(
            serde_json::to_string(&user).unwrap(),
            r#"{"email_address":["a@a.example"],"password":"correct horse","public_metadata":{"n":1.0}}"#
        );
    }

    #[test]
    fn reserved_ones_are_told_by_their_place() {
        let user = CreateUser::new().email_address("a@a.example").reserved_email_address("b@a.example");
        assert_eq!(
            serde_json::to_string(&user).unwrap(),
            r#"{"email_address":["a@a.example","b@a.example"],"email_address_identification_status":["verified","reserved"]}"#
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let user = CreateUser::new()
            .password("hunter2")
            .password_digest("hunter2", "bcrypt")
            .totp_secret("hunter2")
            .backup_codes(["hunter2"])
            .private_metadata(RawJson::parse(r#"{"key":"hunter2"}"#).unwrap());
        assert!(!format!("{user:?}").contains("hunter2"));
    }
}
