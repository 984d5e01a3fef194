//! Sign-in tokens.

use serde::{Deserialize, Serialize};

/// The answer of create and revoke.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignInToken {
    /// `sign_in_token`
    pub object: String,
    pub id: String,
    /// `pending`, `accepted` or `revoked`
    pub status: String,
    pub user_id: String,
    /// The ticket; in the answer of create only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Where the user signs in; in the answer of create only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}
