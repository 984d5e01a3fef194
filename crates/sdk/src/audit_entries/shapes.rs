//! What is answered about the record.

use crate::{timestamp::Timestamp, words::words};
use serde::{Deserialize, Serialize};

words! {
    /// Whether what was asked for was done.
    AuditOutcome {
        /// It was done.
        Done = "done",
        /// It was refused.
        Denied = "denied",
    }
}

words! {
    /// What kind of caller asked.
    CallerKind {
        /// The Backend API's, by a secret key.
        SecretKey = "secret_key",
        /// A browser or the like.
        Client = "client",
        /// Whoever runs the server, on its machine.
        Operator = "operator",
        /// The server itself.
        System = "system",
    }
}

/// One entry: who did what to whom, with which outcome, why, from where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its place in the record: 1, 2, 3 and so on, without gaps. The record begins later where its oldest entries were
    /// purged.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// What, for example `actor_token.created`.
    pub action: String,
    /// Whether it was done.
    pub outcome: AuditOutcome,
    /// The error code that was answered to what was refused.
    #[serde(default)]
    pub code: Option<String>,
    /// Who asked.
    pub caller: AuditCaller,
    /// Whom: the user acted as, signed in, or changed.
    #[serde(default)]
    pub user_id: Option<String>,
    /// Who really acts.
    #[serde(default)]
    pub actor_sub: Option<String>,
    /// The actor token that it is about.
    #[serde(default)]
    pub actor_token_id: Option<String>,
    /// The sign-in token that it is about.
    #[serde(default)]
    pub sign_in_token_id: Option<String>,
    /// The session that it is about.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The client that it is about.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The secret key that it is about; its id, never the key.
    #[serde(default)]
    pub secret_key_id: Option<String>,
    /// The signing key that it is about.
    #[serde(default)]
    pub signing_key_id: Option<String>,
    /// Why, in the words of the one who asked.
    #[serde(default)]
    pub reason: Option<String>,
    /// Why a state was reached, for example `subject_banned`.
    #[serde(default)]
    pub cause: Option<String>,
    /// Of `record.purged`: up to which position entries were purged.
    #[serde(default)]
    pub purged_through: Option<u64>,
    /// The network address of the caller.
    #[serde(default)]
    pub address: Option<String>,
    /// The id of the request; empty for what nobody asked for.
    #[serde(default)]
    pub trace_id: String,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditCaller {
    /// What kind of caller.
    pub kind: CallerKind,
    /// The id of the secret key or of the client.
    #[serde(default)]
    pub id: Option<String>,
}
