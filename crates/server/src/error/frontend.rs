//! What only the Frontend API answers (contract: the error catalogue).

use super::ApiError;
use http::StatusCode;

impl ApiError {
    pub(crate) fn query_parameter_absent(name: &str) -> Self {
        let long = format!(
            "The query parameter '{name}' is missing from the request. Please consult the API documentation for more \
             information."
        );
        Self::new(StatusCode::BAD_REQUEST, "missing_query_parameter", "Missing query parameter", long)
    }

    pub(crate) fn repeated_origin_header() -> Self {
        let code = "multiple_origin_header_values_forbidden";
        let long = "Setting multiple values in the 'Origin' header is forbidden";
        Self::new(StatusCode::BAD_REQUEST, code, "Multiple 'Origin' header values", long)
    }

    pub(crate) fn repeated_authorization_header() -> Self {
        let code = "multiple_authorization_header_values_forbidden";
        let long = "Setting multiple values in the 'Authorization' header is forbidden";
        Self::new(StatusCode::BAD_REQUEST, code, "Multiple 'Authorization' header values", long)
    }

    pub(crate) fn dev_browser_unauthenticated() -> Self {
        let long = "Unable to authenticate this browser for your development instance. Check your Clerk cookies and \
                    try again.";
        let code = "dev_browser_unauthenticated";
        Self::new(StatusCode::UNAUTHORIZED, code, "Browser unauthenticated", long)
    }

    pub(crate) fn proxy_secret_key_invalid() -> Self {
        let long = "The secret key given with this proxy request is invalid.";
        let code = "proxy_request_invalid_secret_key";
        Self::new(StatusCode::UNAUTHORIZED, code, "invalid secret key", long)
    }

    pub(crate) fn handshake_invalid(reason: &str) -> Self {
        let long = format!("The handshake request is invalid: {reason}");
        Self::new(StatusCode::BAD_REQUEST, "invalid_handshake", "invalid handshake", long)
    }

    /// Whoever is sent to this address is given a session token: it leads to an app of this instance or nowhere.
    pub(crate) fn redirect_url_invalid(reason: &str) -> Self {
        let long = format!("The provided redirect url {reason}");
        let code = "invalid_redirect_url";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "Redirect url invalid", long)
    }

    pub(crate) fn packages_not_configured() -> Self {
        let long = "This instance has no packages to serve: set clerk_npm_dir or clerk_npm_base_url.";
        Self::new(StatusCode::NOT_FOUND, "resource_not_found", "not found", long)
    }

    pub(crate) fn package_version_absent(package: &str, installed: &str) -> Self {
        let long = format!("The folder clerk_npm_dir has version {installed} of @clerk/{package}.");
        Self::new(StatusCode::NOT_FOUND, "resource_not_found", "not found", long)
    }

    /// Browsers keep no error that a prefetch was answered with, and ask again when the link is really opened.
    pub(crate) fn opened_ahead() -> Self {
        let long = "This link acts when somebody opens it, so it is not answered ahead of that.";
        Self::new(StatusCode::FORBIDDEN, "prefetch_forbidden", "Prefetch forbidden", long)
    }
}
