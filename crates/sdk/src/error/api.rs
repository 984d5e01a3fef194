//! What the API says when it refuses.

use super::display::Harmless;
use crate::json::RawJson;
use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, time::Duration};

/// One of the API's errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiErrorItem {
    #[serde(default, deserialize_with = "text")]
    code: String,
    #[serde(default, deserialize_with = "text")]
    message: String,
    #[serde(default, deserialize_with = "optional_text")]
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
        fmt::Display::fmt(&Harmless(self.long_message()), formatter)?;
        let about = self.parameter().filter(|name| !self.long_message().contains(name.as_str()));
        match about {
            Some(name) => write!(formatter, " [{}, {}]", Harmless(&self.code), Harmless(name)),
            None => write!(formatter, " [{}]", Harmless(&self.code)),
        }
    }
}

/// A text; an empty one for `null` and for whatever else is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional_text(deserializer).map(Option::unwrap_or_default)
}

fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Option::<RawJson>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| raw.read().ok()))
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
        #[derive(Default, Deserialize)]
        struct Envelope {
            #[serde(default)]
            errors: Option<RawJson>,
            #[serde(default)]
            clerk_trace_id: Option<RawJson>,
        }
        // Each by itself, so that what is odd in one place takes nothing else away.
        let envelope = serde_json::from_slice::<Envelope>(&body).unwrap_or_default();
        let items = envelope.errors.and_then(|errors| errors.read::<Vec<RawJson>>().ok());
        let items = items.unwrap_or_default().iter().filter_map(|item| item.read().ok()).collect();
        let trace_id = envelope.clerk_trace_id.and_then(|id| id.read().ok());
        Self {
            status,
            items,
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
            write!(formatter, " (trace {})", Harmless(trace_id))?;
        }
        Ok(())
    }
}
