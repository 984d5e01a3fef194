//! From the domain's types to the wire's shapes, where more than one route needs it. Each shape is made in one
//! place, so that every answer shows a thing alike.

pub(crate) mod client;
pub(crate) mod session;
pub(crate) mod user;

use crate::error::ApiError;
use actas_api_types::RawValue;

/// Stored JSON, to be written out to the letter.
pub(crate) fn raw_json(text: &str) -> Result<Box<RawValue>, ApiError> {
    RawValue::from_string(text.to_owned()).map_err(|error| {
        tracing::error!(%error, "stored JSON is not JSON");
        ApiError::internal()
    })
}
