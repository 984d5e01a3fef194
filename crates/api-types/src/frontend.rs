//! What the Frontend API shows in a form of its own: clients, sessions and sign-ins as a browser sees them, and
//! the environment.

use crate::{Nothing, session::Token, user::User};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The answer to everything under `/v1/client` but `tokens`: what was asked for, and the client as it is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Enveloped<T> {
    pub response: T,
    pub client: Option<Client>,
}

/// What a development instance's browser shows of itself in every request's query.
#[derive(Debug, Serialize, Deserialize)]
pub struct DevBrowser {
    /// A secret.
    pub id: String,
}

/// A client with its live sessions.
#[derive(Debug, Serialize, Deserialize)]
pub struct Client {
    /// `client`
    pub object: String,
    pub id: String,
    /// The live ones, newest first.
    pub sessions: Vec<Session>,
    /// The attempt that waits for its password.
    pub sign_in: Option<SignIn>,
    /// Always `null`.
    pub sign_up: Option<Nothing>,
    pub last_active_session_id: Option<String>,
    pub last_authentication_strategy: Option<String>,
    /// Always `null`: the cookie's end needs no renewal by a detour.
    pub cookie_expires_at: Option<i64>,
    pub captcha_bypass: bool,
    pub created_at: i64,
    /// Moves exactly when the set of sessions changes.
    pub updated_at: i64,
}

/// A session as its own client sees it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Session {
    /// `session`
    pub object: String,
    pub id: String,
    /// `active`, `ended`, `expired`, `removed`, `replaced` or `revoked`
    pub status: String,
    /// The absolute end.
    pub expire_at: i64,
    pub abandon_at: i64,
    pub last_active_at: i64,
    /// A fresh session token; `null` when the session is over.
    pub last_active_token: Option<Token>,
    /// Who really acts, exactly as it was given; `null` in an ordinary session.
    pub actor: Option<Box<RawValue>>,
    pub tasks: Option<[Nothing; 0]>,
    pub last_active_organization_id: Option<String>,
    /// The subject, without `private_metadata`.
    pub user: Option<User>,
    pub public_user_data: Option<PublicUserData>,
    /// Minutes since the first and the second factor were proved; -1 is never.
    pub factor_verification_age: [i64; 2],
    pub created_at: i64,
    pub updated_at: i64,
}

/// What may be shown of a user to anybody.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublicUserData {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub image_url: String,
    pub has_image: bool,
    /// The primary e-mail address, else the username, the phone number, the wallet, or the id.
    pub identifier: String,
    pub profile_image_url: String,
    pub user_id: String,
    pub username: Option<String>,
    pub banned: bool,
}

/// An attempt to sign in. One that is complete is answered once and not kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// `sign_in_attempt`
    pub object: String,
    pub id: String,
    /// `needs_first_factor` or `complete`
    pub status: String,
    pub supported_identifiers: Vec<String>,
    pub supported_first_factors: Option<Vec<FirstFactor>>,
    pub supported_second_factors: Option<[Nothing; 0]>,
    pub first_factor_verification: Option<FactorVerification>,
    pub second_factor_verification: Option<Nothing>,
    pub identifier: Option<String>,
    pub user_data: Option<UserData>,
    pub created_session_id: Option<String>,
    pub abandon_at: i64,
}

/// A way to go on.
#[derive(Debug, Serialize, Deserialize)]
pub struct FirstFactor {
    /// `password`
    pub strategy: String,
}

/// How the sign-in was verified.
#[derive(Debug, Serialize, Deserialize)]
pub struct FactorVerification {
    /// `verification_ticket` or `verification_password`
    pub object: String,
    /// `verified`
    pub status: String,
    /// `ticket` or `password`
    pub strategy: String,
    pub attempts: Option<i64>,
    pub expire_at: Option<i64>,
}

/// Whose sign-in it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserData {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub image_url: String,
    pub has_image: bool,
    pub profile_image_url: String,
}

/// What a browser's SDK asks for first. It has only what Actas has something to say about; SDKs were seen to live
/// with an empty object.
#[derive(Debug, Serialize, Deserialize)]
pub struct Environment {
    pub auth_config: AuthConfig,
    pub display_config: DisplayConfig,
    pub user_settings: UserSettings,
    pub maintenance_mode: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct AuthConfig {
    /// `auth_config`
    pub object: String,
    /// A new session of a client replaces the others.
    pub single_session_mode: bool,
}

/// URLs are empty while no app is configured.
#[derive(Debug, Serialize, Deserialize)]
pub struct DisplayConfig {
    /// `display_config`
    pub object: String,
    /// `development` or `production`
    pub instance_environment_type: String,
    pub application_name: String,
    pub home_url: String,
    pub sign_in_url: String,
    pub after_sign_in_url: String,
    pub after_sign_out_one_url: String,
    pub after_sign_out_all_url: String,
    pub after_switch_session_url: String,
    /// `password`
    pub preferred_sign_in_strategy: String,
    pub branded: bool,
    pub show_devmode_warning: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct UserSettings {
    /// What identifies a user or proves who they are, by name.
    pub attributes: BTreeMap<String, Attribute>,
    pub sign_up: SignUpSettings,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SignUpSettings {
    /// `restricted`: nobody makes themselves a user.
    pub mode: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Attribute {
    pub enabled: bool,
    pub required: bool,
    pub used_for_first_factor: bool,
    pub first_factors: [Nothing; 0],
    pub used_for_second_factor: bool,
    pub second_factors: [Nothing; 0],
    pub verifications: [Nothing; 0],
    pub verify_at_sign_up: bool,
    pub immutable: bool,
}
