//! The error envelope of both APIs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorEnvelope {
    pub errors: Vec<ErrorItem>,
    /// 32 lowercase hexadecimal digits, the same as in the `x-clerk-trace-id` header.
    pub clerk_trace_id: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorItem {
    pub message: String,
    pub long_message: String,
    pub code: String,
    /// `param_name` and the like; absent when there is nothing to say.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
}
