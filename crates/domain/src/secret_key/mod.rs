//! Secret keys: what a backend proves itself with. Several are valid at a time; only hashes are kept.

pub mod authenticate;
pub mod create;
pub mod find;
pub mod revoke;

use crate::{ids::SecretKeyId, secret::SecretHash, time::UnixMillis};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKey {
    pub id: SecretKeyId,
    pub hash: SecretHash,
    /// What it is called, for people; up to 100 characters.
    pub name: String,
    /// `sk_live_` rather than `sk_test_`; it means nothing to the rules.
    pub live_prefix: bool,
    pub created_at: UnixMillis,
    pub revoked_at: Option<UnixMillis>,
}

impl SecretKey {
    pub const NAME_MAX_CHARACTERS: usize = 100;

    pub const fn is_valid(&self) -> bool {
        self.revoked_at.is_none()
    }
}
