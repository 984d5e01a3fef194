//! `GET` and `PATCH /v1/environment`: what browsers' SDKs ask for first.

use crate::{app::App, backend_api::Json, frontend_api::cors::origin_of};
use actas_api_types::frontend::{
    Attribute, AuthConfig, DisplayConfig, Environment, SignUpSettings, UserSettings,
};
use actas_domain::settings::InstanceKind;
use axum::extract::State;
use std::{collections::BTreeMap, sync::Arc};

/// Every attribute that SDKs know: its name, and what it is for. Phone numbers identify people too, but the form for
/// them asks more than Actas can answer.
const ATTRIBUTES: [(&str, Use); 11] = [
    ("authenticator_app", Use::None),
    ("backup_code", Use::None),
    ("email_address", Use::Identifier),
    ("first_name", Use::None),
    ("last_name", Use::None),
    ("passkey", Use::None),
    ("password", Use::Password),
    ("phone_number", Use::None),
    ("ticket", Use::Ticket),
    ("username", Use::Identifier),
    ("web3_wallet", Use::None),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    None,
    /// A field of the form.
    Identifier,
    /// A field of the form, which nobody does without.
    Password,
    /// A way to sign in, and no field.
    Ticket,
}

/// Both verbs: a `PATCH` would tell Clerk the app's origin, which Actas is configured with.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<Environment> {
    Json(Environment {
        auth_config: AuthConfig {
            object: "auth_config".to_owned(),
            single_session_mode: app.http.single_session_mode,
        },
        display_config: display_config(&app),
        user_settings: UserSettings {
            attributes: attributes(),
            sign_up: SignUpSettings { mode: "restricted".to_owned() },
        },
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
        preferred_sign_in_strategy: "password".to_owned(),
        branded: false,
        show_devmode_warning: false,
    }
}

fn attributes() -> BTreeMap<String, Attribute> {
    let attribute = |of: Use| Attribute {
        enabled: of != Use::None,
        required: of == Use::Password,
        used_for_first_factor: of == Use::Identifier,
        first_factors: [],
        used_for_second_factor: false,
        second_factors: [],
        verifications: [],
        verify_at_sign_up: false,
        immutable: false,
    };
    ATTRIBUTES.into_iter().map(|(name, of)| (name.to_owned(), attribute(of))).collect()
}
