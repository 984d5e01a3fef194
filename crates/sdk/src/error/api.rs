//! What the API says when it refuses.

use crate::json::RawJson;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// One of the API's errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiErrorItem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    long_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta: Option<RawJson>,
}

impl ApiErrorItem {
    /// The word that programs decide by, for example `form_param_missing`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// A short message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A longer message; the short one where the API gave none.
    #[must_use]
    pub fn long_message(&self) -> &str {
        self.long_message.as_deref().filter(|text| !text.is_empty()).unwrap_or(&self.message)
    }

    /// The parameter that the error is about, for example `actor.sub`.
    #[must_use]
    pub fn parameter(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Meta {
            param_name: String,
        }
        self.meta.as_ref().and_then(|meta| meta.read::<Meta>().ok()).map(|meta| meta.param_name)
    }

    /// All that the API adds, as JSON.
    #[must_use]
    pub fn meta_json(&self) -> Option<&str> {
        self.meta.as_ref().map(RawJson::as_str)
    }
}

impl fmt::Display for ApiErrorItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.long_message())?;
        let about = self.parameter().filter(|name| !self.long_message().contains(name.as_str()));
        match about {
            Some(name) => write!(formatter, " [{}, {name}]", self.code),
            None => write!(formatter, " [{}]", self.code),
        }
    }
}

/// An answer that is no success.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) items: Vec<ApiErrorItem>,
    pub(crate) trace_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
    /// Whether the method's reference names this status.
    pub(crate) documented: bool,
}

impl Refusal {
    /// Reads the body as far as it can be read: a proxy's HTML page has no errors, but a status all the same.
    pub(crate) fn read(
        status: u16,
        body: Vec<u8>,
        trace_header: Option<&str>,
        retry_after: Option<Duration>,
        documented: bool,
    ) -> Self {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(default)]
            errors: Option<Vec<ApiErrorItem>>,
            #[serde(default)]
            clerk_trace_id: Option<String>,
        }
        let envelope = serde_json::from_slice::<Envelope>(&body).ok();
        let (items, trace_id) =
            envelope.map_or((None, None), |envelope| (envelope.errors, envelope.clerk_trace_id));
        Self {
            status,
            items: items.unwrap_or_default(),
            trace_id: trace_id.or_else(|| trace_header.map(str::to_owned)),
            retry_after,
            body,
            documented,
        }
    }

    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.items.iter().any(|item| item.code() == code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the server answered {}", self.status)?;
        for (index, item) in self.items.iter().enumerate() {
            write!(formatter, "{}{item}", if index == 0 { ": " } else { "; " })?;
        }
        if let Some(trace_id) = &self.trace_id {
            write!(formatter, " (trace {trace_id})")?;
        }
        Ok(())
    }
}
