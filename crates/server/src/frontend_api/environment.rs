//! `GET` and `PATCH /v1/environment`: what browsers' SDKs ask for first.

use crate::{app::App, backend_api::Json, frontend_api::cors::origin_of};
use actas_api_types::frontend::{Attribute, AuthConfig, DisplayConfig, Environment, UserSettings};
use actas_domain::settings::InstanceKind;
use axum::extract::State;
use std::{collections::BTreeMap, sync::Arc};

/// Every attribute that SDKs know. A ticket is the only way to sign in, and it is no field of a form.
const ATTRIBUTES: [(&str, bool); 11] = [
    ("authenticator_app", false),
    ("backup_code", false),
    ("email_address", false),
    ("first_name", false),
    ("last_name", false),
    ("passkey", false),
    ("password", false),
    ("phone_number", false),
    ("ticket", true),
    ("username", false),
    ("web3_wallet", false),
];

/// Both verbs: a `PATCH` would tell Clerk the app's origin, which Actas is configured with.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<Environment> {
    Json(Environment {
        auth_config: AuthConfig { object: "auth_config".to_owned(), single_session_mode: true },
        display_config: display_config(&app),
        user_settings: UserSettings { attributes: attributes() },
        maintenance_mode: false,
    })
}

fn display_config(app: &App) -> DisplayConfig {
    let sign_in_url = app.http.sign_in_url.clone().unwrap_or_default();
    let home_url = origin_of(&sign_in_url).map(|origin| format!("{origin}/")).unwrap_or_default();
    let kind = match app.world.settings.instance_kind {
        InstanceKind::Development => "development",
        InstanceKind::Production => "production",
    };
    DisplayConfig {
        object: "display_config".to_owned(),
        instance_environment_type: kind.to_owned(),
        application_name: "Actas".to_owned(),
        home_url: home_url.clone(),
        after_sign_in_url: home_url.clone(),
        after_sign_out_one_url: sign_in_url.clone(),
        after_sign_out_all_url: sign_in_url.clone(),
        after_switch_session_url: home_url,
        sign_in_url,
        branded: false,
        show_devmode_warning: false,
    }
}

fn attributes() -> BTreeMap<String, Attribute> {
    let attribute = |enabled| Attribute {
        enabled,
        required: false,
        used_for_first_factor: false,
        first_factors: [],
        used_for_second_factor: false,
        second_factors: [],
        verifications: [],
        verify_at_sign_up: false,
        immutable: false,
    };
    ATTRIBUTES.into_iter().map(|(name, enabled)| (name.to_owned(), attribute(enabled))).collect()
}
