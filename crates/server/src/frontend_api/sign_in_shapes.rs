//! Attempts to sign in, as browsers' SDKs see them.

use super::shown;
use crate::app::App;
use actas_api_types::frontend::{FactorVerification, FirstFactor, SignIn, UserData};
use actas_domain::{ids::SignInId, session::Session, sign_in::PendingSignIn, user::User};

/// What a person can be named by in the form; a wallet, too, but nobody types one.
const IDENTIFIERS: [&str; 3] = ["email_address", "phone_number", "username"];

/// When a complete sign-in is said to be given up, in seconds: it has only to name some time.
const ABANDON_SECONDS: i64 = 86_400;

/// How a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    Ticket,
    Password,
}

impl Strategy {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Password => "password",
        }
    }
}

/// An attempt that waits: the same for any identifier, whether anybody has it or not.
pub(super) fn pending(pending: &PendingSignIn) -> SignIn {
    SignIn {
        object: "sign_in_attempt".to_owned(),
        id: pending.id.to_string(),
        status: "needs_first_factor".to_owned(),
        supported_identifiers: supported_identifiers(),
        supported_first_factors: Some(vec![FirstFactor { strategy: Strategy::Password.as_str().to_owned() }]),
        supported_second_factors: None,
        first_factor_verification: None,
        second_factor_verification: None,
        identifier: Some(pending.identifier.clone()),
        user_data: None,
        created_session_id: None,
        abandon_at: pending.expires_at.millis(),
    }
}

/// A sign-in that is complete. One that was complete at once never had an id before.
pub(super) fn complete(
    app: &App,
    id: Option<&SignInId>,
    strategy: Strategy,
    session: &Session,
    user: Option<&User>,
) -> SignIn {
    let mint = || SignInId::mint(session.created_at, app.world.entropy.as_ref()).to_string();
    SignIn {
        object: "sign_in_attempt".to_owned(),
        id: id.map_or_else(mint, ToString::to_string),
        status: "complete".to_owned(),
        supported_identifiers: if strategy == Strategy::Ticket {
            Vec::new()
        } else {
            supported_identifiers()
        },
        supported_first_factors: None,
        supported_second_factors: None,
        first_factor_verification: Some(FactorVerification {
            object: format!("verification_{}", strategy.as_str()),
            status: "verified".to_owned(),
            strategy: strategy.as_str().to_owned(),
            attempts: None,
            expire_at: None,
        }),
        second_factor_verification: None,
        identifier: user.map(shown::identifier),
        user_data: user.map(user_data),
        created_session_id: Some(session.id.to_string()),
        abandon_at: session.created_at.plus_seconds(ABANDON_SECONDS).millis(),
    }
}

fn supported_identifiers() -> Vec<String> {
    IDENTIFIERS.map(str::to_owned).to_vec()
}

fn user_data(user: &User) -> UserData {
    UserData {
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        image_url: String::new(),
        has_image: false,
        profile_image_url: String::new(),
    }
}
