//! The cookies that an app's server is told to set (contract: Frontend API §9 and §15).

use super::super::cookies::{ClientUat, Cookie, MAX_AGE_SECONDS, both_names};
use crate::app::App;
use actas_domain::secret::SecretText;

/// What a handshake found out.
pub(super) struct Found<'a> {
    pub(super) uat: ClientUat,
    /// None while nobody is signed in.
    pub(super) session_token: Option<&'a SecretText>,
    /// The secret of a development instance's browser, which its scripts must hold.
    pub(super) dev_browser: Option<&'a SecretText>,
    /// Whether the app is reached by https.
    pub(super) secure: bool,
}

impl Found<'_> {
    /// Each as the value of a `Set-Cookie`.
    pub(super) fn directives(&self, app: &App) -> Vec<String> {
        let (token, max_age_seconds) = match self.session_token {
            Some(token) => (token.reveal(), MAX_AGE_SECONDS),
            None => ("", 0),
        };
        let secure = self.secure;
        let uat = self.uat.seconds().to_string();
        let mut directives = Vec::with_capacity(6);
        for name in both_names(app, "__client_uat") {
            let domain = match self.dev_browser {
                // A development instance's scripts write it for their own host.
                Some(_) => None,
                None => app.http.cookie_domain.as_deref(),
            };
            let max_age_seconds = MAX_AGE_SECONDS;
            let cookie =
                Cookie { name: &name, value: &uat, max_age_seconds, domain, http_only: false, secure };
            directives.push(cookie.to_string());
        }
        for name in both_names(app, "__session") {
            let cookie =
                Cookie { name: &name, value: token, max_age_seconds, domain: None, http_only: false, secure };
            directives.push(cookie.to_string());
        }
        if let Some(secret) = self.dev_browser {
            for name in both_names(app, "__clerk_db_jwt") {
                let (value, max_age_seconds) = (secret.reveal(), MAX_AGE_SECONDS);
                let cookie =
                    Cookie { name: &name, value, max_age_seconds, domain: None, http_only: false, secure };
                directives.push(cookie.to_string());
            }
        }
        directives
    }
}
