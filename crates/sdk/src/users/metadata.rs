//! What apps keep with a user.

use crate::json::RawJson;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A JSON object that an app keeps with a user. `Debug` hides it: nobody knows what is in there.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Metadata(pub(crate) RawJson);

impl fmt::Debug for Metadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[metadata]")
    }
}

/// New metadata of a user: for [`Users::merge_metadata`](super::Users::merge_metadata), which joins it with what is
/// there, and [`Users::replace_metadata`](super::Users::replace_metadata).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UserMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    public_metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsafe_metadata: Option<Metadata>,
}

impl UserMetadata {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    super::setters::setters! {
        /// An object that everybody may read and only the Backend API may write.
        public_metadata: raw,
        /// An object that only the Backend API may read and write.
        private_metadata: raw,
        /// An object that the user's browser may read and write.
        unsafe_metadata: raw,
    }
}
