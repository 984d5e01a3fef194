//! What is to change about a user.

use super::{metadata::Metadata, setters::setters};
use crate::secret::Secret;
use serde::Serialize;

/// What is to change about a user. What is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UpdateUser {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_email_address_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_phone_number_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_web3_wallet_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_primary_email_address_changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_digest: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hasher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_password_checks: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_out_of_other_sessions: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_legal_checks: Option<bool>,
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
    delete_self_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_organization_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_organizations_limit: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass_client_trust: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_accepted_at: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

impl UpdateUser {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
        /// The id in the app's own records.
        external_id: clearable text,
        /// The first name.
        first_name: clearable text,
        /// The last name.
        last_name: clearable text,
        /// The language and region, for example `de-CH`.
        locale: clearable text,
        /// The username.
        username: clearable text,
        /// The e-mail address that is the primary one from now on, by its id (`idn_…`).
        primary_email_address_id: text,
        /// The phone number that is the primary one from now on, by its id.
        primary_phone_number_id: text,
        /// The wallet that is the primary one from now on, by its id.
        primary_web3_wallet_id: text,
        /// A picture. Actas has none and refuses it.
        profile_image_id: text,
        /// Tells the user of a new primary e-mail address. Actas sends no mail and refuses `true`.
        notify_primary_email_address_changed: flag,
        /// The new password.
        password: secret,
        /// Takes the password even where it is known to be a bad one.
        skip_password_checks: flag,
        /// Ends the user's other sessions, with a new password.
        sign_out_of_other_sessions: flag,
        /// Needs no consent to legal terms. Without effect on Actas.
        skip_legal_checks: flag,
        /// The secret of one-time passwords. Actas has none and refuses it.
        totp_secret: secret,
        /// Backup codes. Actas has none and refuses them.
        backup_codes: several secrets,
        /// Replaces this metadata. Only before API version 2026-05-12, see
        /// [`ClientBuilder::api_version`](crate::ClientBuilder::api_version); else use
        /// [`Users::replace_metadata`](super::Users::replace_metadata). Likewise below.
        public_metadata: raw,
        /// Replaces this metadata.
        private_metadata: raw,
        /// Replaces this metadata.
        unsafe_metadata: raw,
        /// May delete the account.
        delete_self_enabled: flag,
        /// May make organizations.
        create_organization_enabled: flag,
        /// How many organizations the user may make; 0 is without limit.
        create_organizations_limit: clearable number,
        /// Needs no second proof on a new client.
        bypass_client_trust: flag,
        /// When the user agreed to the legal terms, in RFC 3339: `2026-11-24T08:00:00Z`.
        legal_accepted_at: clearable text,
        /// When the user was made, in RFC 3339.
        created_at: text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_remove_is_null_and_to_keep_is_nothing() {
        let update =
            UpdateUser::new().first_name(Some("Bob")).last_name(None).create_organizations_limit(None);
        assert_eq!(
            serde_json::to_string(&update).unwrap(),
            r#"{"first_name":"Bob","last_name":null,"create_organizations_limit":null}"#
        );
    }
}
