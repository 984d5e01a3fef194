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

    /// Browsers keep no error that a prefetch was answered with, and ask again when the link is really opened.
    pub(crate) fn opened_ahead() -> Self {
        let long = "This link acts when somebody opens it, so it is not answered ahead of that.";
        Self::new(StatusCode::FORBIDDEN, "prefetch_forbidden", "Prefetch forbidden", long)
    }
}
