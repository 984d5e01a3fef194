//! The record.

use serde::{Deserialize, Serialize};

/// One entry: who did what to whom, with which outcome, why, from where and when.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// `audit_entry`
    pub object: String,
    /// Its place in the record: 1, 2, 3, … without gaps. The record begins later where its oldest entries were purged.
    pub position: u64,
    pub at: i64,
    /// For example `actor_token.created`.
    pub action: String,
    /// `done` or `denied`
    pub outcome: String,
    /// The error code that was answered to what was denied.
    pub code: Option<String>,
    pub caller: Caller,
    /// Whom: the user acted as, signed in, or changed.
    pub user_id: Option<String>,
    /// `actor.sub` of who really acts.
    pub actor_sub: Option<String>,
    pub actor_token_id: Option<String>,
    pub sign_in_token_id: Option<String>,
    pub session_id: Option<String>,
    pub client_id: Option<String>,
    pub secret_key_id: Option<String>,
    pub signing_key_id: Option<String>,
    /// In the words of the one who asked for the actor token.
    pub reason: Option<String>,
    /// Why a state was reached, for example `subject_banned`.
    pub cause: Option<String>,
    /// Of `record.purged`: up to which position entries were purged.
    pub purged_through: Option<u64>,
    /// The network address of the caller.
    pub address: Option<String>,
    /// As in the answer's `clerk_trace_id` and in the log; empty for what nobody asked for.
    pub trace_id: String,
}

/// Who asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Caller {
    /// `secret_key`, `client`, `operator` or `system`
    pub kind: String,
    /// The secret key's id (never the key) or the client's.
    pub id: Option<String>,
}

/// A page of the record.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditPage {
    pub data: Vec<AuditEntry>,
    /// Whether there are more behind the last one, in the direction asked for: ask again with its position.
    pub has_more: bool,
}
