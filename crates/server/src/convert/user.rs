//! Users (contract: Backend API §6; the Frontend API shows them likewise, but for `private_metadata`).

use super::raw_json;
use crate::error::ApiError;
use actas_api_types::user::{
    EmailAddress as EmailAddressShape, PhoneNumber as PhoneNumberShape, User as Shape, Verification,
    Web3Wallet as Web3WalletShape,
};
use actas_domain::{
    ids::IdentificationId,
    sign_in::failures::Lockout,
    time::UnixMillis,
    user::{EmailAddress, PhoneNumber, User, Web3Wallet},
    world::World,
};

/// The user as a backend sees them.
pub(crate) fn for_backend(world: &World, user: &User) -> Result<Shape, ApiError> {
    let private_metadata = Some(raw_json(user.private_metadata.as_str())?);
    Ok(Shape { private_metadata, ..for_browser(user, lockout(world, user))? })
}

/// The user as a browser sees them: without `private_metadata`.
pub(crate) fn for_browser(user: &User, lockout: Lockout) -> Result<Shape, ApiError> {
    let (attempts_remaining, lockout_seconds) = match lockout {
        Lockout::Open { attempts_remaining } => (attempts_remaining, None),
        Lockout::Closed { seconds } => (0, Some(seconds)),
    };
    Ok(Shape {
        id: user.id.to_string(),
        object: "user".to_owned(),
        username: user.username.clone(),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        locale: user.locale.clone(),
        external_id: user.external_id.clone(),
        has_image: false,
        image_url: String::new(),
        primary_email_address_id: id(user.primary_email_address.as_ref()),
        primary_phone_number_id: id(user.primary_phone_number.as_ref()),
        primary_web3_wallet_id: id(user.primary_web3_wallet.as_ref()),
        password_enabled: user.password.is_some(),
        password_last_updated_at: millis(user.password_updated_at),
        two_factor_enabled: false,
        totp_enabled: false,
        backup_code_enabled: false,
        mfa_enabled_at: None,
        mfa_disabled_at: None,
        email_addresses: user.email_addresses.iter().map(email_address).collect(),
        phone_numbers: user.phone_numbers.iter().map(phone_number).collect(),
        web3_wallets: user.web3_wallets.iter().map(web3_wallet).collect(),
        passkeys: [],
        external_accounts: [],
        saml_accounts: [],
        enterprise_accounts: [],
        organization_memberships: [],
        public_metadata: raw_json(user.public_metadata.as_str())?,
        private_metadata: None,
        unsafe_metadata: raw_json(user.unsafe_metadata.as_str())?,
        banned: user.banned,
        locked: user.locked,
        deprovisioned: false,
        lockout_expires_in_seconds: lockout_seconds,
        // Somebody without a password has none that could be guessed.
        verification_attempts_remaining: user.password.as_ref().map(|_| attempts_remaining.into()),
        delete_self_enabled: user.delete_self_enabled,
        create_organization_enabled: user.create_organization_enabled,
        create_organizations_limit: user.create_organizations_limit,
        bypass_client_trust: user.bypass_client_trust,
        legal_accepted_at: millis(user.legal_accepted_at),
        last_sign_in_at: millis(user.last_sign_in_at),
        last_active_at: millis(user.last_active_at),
        created_at: user.created_at.millis(),
        updated_at: user.updated_at.millis(),
    })
}

/// Whether wrong passwords keep the user from trying again.
pub(crate) fn lockout(world: &World, user: &User) -> Lockout {
    Lockout::of(user.password_failures, &world.settings, world.now())
}

fn email_address(email: &EmailAddress) -> EmailAddressShape {
    EmailAddressShape {
        id: email.id.to_string(),
        object: "email_address".to_owned(),
        email_address: email.address.clone(),
        reserved: email.reserved,
        verification: verification(email.reserved),
        linked_to: [],
        created_at: email.created_at.millis(),
        updated_at: email.updated_at.millis(),
    }
}

fn phone_number(phone: &PhoneNumber) -> PhoneNumberShape {
    PhoneNumberShape {
        id: phone.id.to_string(),
        object: "phone_number".to_owned(),
        phone_number: phone.number.clone(),
        reserved_for_second_factor: false,
        default_second_factor: false,
        reserved: phone.reserved,
        verification: verification(phone.reserved),
        linked_to: [],
        created_at: phone.created_at.millis(),
        updated_at: phone.updated_at.millis(),
    }
}

fn web3_wallet(wallet: &Web3Wallet) -> Web3WalletShape {
    Web3WalletShape {
        id: wallet.id.to_string(),
        object: "web3_wallet".to_owned(),
        web3_wallet: wallet.address.clone(),
        verification: verification(false),
        created_at: wallet.created_at.millis(),
        updated_at: wallet.updated_at.millis(),
    }
}

/// Whoever creates an identification by the Backend API vouches for it, unless it is only reserved.
fn verification(reserved: bool) -> Option<Verification> {
    (!reserved).then(|| Verification {
        object: "verification_admin".to_owned(),
        status: "verified".to_owned(),
        strategy: "admin".to_owned(),
        attempts: None,
        expire_at: None,
    })
}

fn id(id: Option<&IdentificationId>) -> Option<String> {
    id.map(ToString::to_string)
}

fn millis(at: Option<UnixMillis>) -> Option<i64> {
    at.map(UnixMillis::millis)
}
