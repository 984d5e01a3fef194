//! What is read when the load has ended: the record, and the state of all that it names.

use std::collections::HashMap;

/// One entry of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) position: u64,
    pub(crate) action: String,
    /// Done, and not denied.
    pub(crate) is_done: bool,
    pub(crate) trace: String,
    pub(crate) caller_kind: String,
    pub(crate) caller: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) actor_sub: Option<String>,
    /// Of either kind.
    pub(crate) token: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) cause: Option<String>,
}

impl Entry {
    pub(crate) fn is(&self, action: &str) -> bool {
        self.is_done && self.action == action
    }

    pub(crate) fn is_acceptance(&self) -> bool {
        self.is("actor_token.accepted") || self.is("sign_in_token.accepted")
    }

    /// The session that ends with it.
    pub(crate) fn ended_session(&self) -> Option<&str> {
        const ENDS: &[&str] =
            &["session.ended", "session.expired", "session.removed", "session.replaced", "session.revoked"];
        let ends = self.is_done && ENDS.contains(&self.action.as_str());
        self.session.as_deref().filter(|_| ends)
    }

    pub(crate) fn is_about(&self, object: &str) -> bool {
        [&self.user, &self.actor_sub, &self.token, &self.session, &self.key, &self.reason]
            .into_iter()
            .any(|id| id.as_deref() == Some(object))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenState {
    pub(crate) status: String,
    pub(crate) subject: String,
    /// The actor's JSON, to the byte.
    pub(crate) actor: String,
    pub(crate) session: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionState {
    pub(crate) status: String,
    pub(crate) user: String,
    pub(crate) client: String,
    /// Unix milliseconds, as all of them.
    pub(crate) created_at: i64,
    pub(crate) last_active_at: i64,
    pub(crate) expire_at: i64,
}

/// The state of everything that the epoch made. Sign-in tokens cannot be read; what they became can.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) tokens: HashMap<String, TokenState>,
    pub(crate) sessions: HashMap<String, SessionState>,
    /// Whether they are banned; who is absent is not stored.
    pub(crate) users: HashMap<String, bool>,
    /// Whether they are revoked.
    pub(crate) keys: HashMap<String, bool>,
}
