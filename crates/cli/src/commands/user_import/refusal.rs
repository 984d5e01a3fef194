//! Why a row made no user.

use serde::Serialize;

/// In the words of the server, or of ours where a row cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) parameter: Option<String>,
    pub(super) message: String,
}

impl Refusal {
    /// Of a row that is none: with the code that the server has for such.
    pub(super) fn of_row(message: impl Into<String>) -> Self {
        Self { code: "request_body_invalid".to_owned(), parameter: None, message: message.into() }
    }

    pub(super) fn of_parameter(parameter: &str, message: impl Into<String>) -> Self {
        Self {
            code: "form_param_value_invalid".to_owned(),
            parameter: Some(parameter.to_owned()),
            message: message.into(),
        }
    }
}
