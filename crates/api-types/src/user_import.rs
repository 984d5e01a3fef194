//! What became of the rows of an import.

use crate::error::ErrorItem;
use serde::{Deserialize, Serialize};

/// The answer to `POST /v1/users/import`.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserImport {
    /// `user_import`
    pub object: String,
    /// How many rows made a user.
    pub created: u64,
    /// How many rows brought an `id` along that a user has already; that user is as it was.
    pub exists: u64,
    /// How many rows were refused; nothing came of them.
    pub refused: u64,
    /// One for each line that is not empty, in their order.
    pub data: Vec<ImportedRow>,
}

/// What became of one row.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportedRow {
    /// Its line in the request, counted from 1, empty lines included.
    pub line: u64,
    /// `created`, `exists` or `refused`
    pub status: String,
    /// The user's id; `null` for a row that was refused.
    pub id: Option<String>,
    /// Why it was refused, as `POST /v1/users` says it; absent for other rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorItem>,
}
