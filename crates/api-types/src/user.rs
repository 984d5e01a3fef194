//! Users, the same on both APIs but for `private_metadata`, which browsers never see.

use crate::Nothing;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Serialize, Deserialize)]
pub struct User {
    pub id: String,
    /// `user`
    pub object: String,
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub locale: Option<String>,
    pub external_id: Option<String>,
    pub has_image: bool,
    pub image_url: String,
    pub primary_email_address_id: Option<String>,
    pub primary_phone_number_id: Option<String>,
    pub primary_web3_wallet_id: Option<String>,
    pub password_enabled: bool,
    pub password_last_updated_at: Option<i64>,
    pub two_factor_enabled: bool,
    pub totp_enabled: bool,
    pub backup_code_enabled: bool,
    pub mfa_enabled_at: Option<i64>,
    pub mfa_disabled_at: Option<i64>,
    pub email_addresses: Vec<EmailAddress>,
    pub phone_numbers: Vec<PhoneNumber>,
    pub web3_wallets: Vec<Web3Wallet>,
    pub passkeys: [Nothing; 0],
    pub external_accounts: [Nothing; 0],
    pub saml_accounts: [Nothing; 0],
    pub enterprise_accounts: [Nothing; 0],
    pub organization_memberships: [Nothing; 0],
    pub public_metadata: Box<RawValue>,
    /// Of the Backend API only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_metadata: Option<Box<RawValue>>,
    pub unsafe_metadata: Box<RawValue>,
    pub banned: bool,
    pub locked: bool,
    pub deprovisioned: bool,
    pub lockout_expires_in_seconds: Option<i64>,
    pub verification_attempts_remaining: Option<i64>,
    pub delete_self_enabled: bool,
    pub create_organization_enabled: bool,
    /// Absent while the instance's default holds; 0 is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_organizations_limit: Option<i64>,
    pub bypass_client_trust: bool,
    pub legal_accepted_at: Option<i64>,
    pub last_sign_in_at: Option<i64>,
    pub last_active_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct EmailAddress {
    pub id: String,
    /// `email_address`
    pub object: String,
    pub email_address: String,
    /// Usable to sign in, but not verified.
    pub reserved: bool,
    /// `null` for one that is reserved.
    pub verification: Option<Verification>,
    pub linked_to: [Nothing; 0],
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PhoneNumber {
    pub id: String,
    /// `phone_number`
    pub object: String,
    pub phone_number: String,
    pub reserved_for_second_factor: bool,
    pub default_second_factor: bool,
    pub reserved: bool,
    pub verification: Option<Verification>,
    pub linked_to: [Nothing; 0],
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Web3Wallet {
    pub id: String,
    /// `web3_wallet`
    pub object: String,
    pub web3_wallet: String,
    pub verification: Option<Verification>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// How an identification was verified: always by the Backend API.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verification {
    /// `verification_admin`
    pub object: String,
    /// `verified`
    pub status: String,
    /// `admin`
    pub strategy: String,
    pub attempts: Option<i64>,
    pub expire_at: Option<i64>,
}
