//! What was asked and what was answered, each with its begin and its end on one monotonic clock.

use actas_crypto::SystemClock;
use actas_domain::ports::Clock as _;
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Microseconds since the beginning of the run.
pub(crate) type Micros = u64;

/// One request. Whoever waits no longer does not end it: it may still happen, and its end is not known.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) begin: Micros,
    /// When its answer was there; for one without an answer, when it was given up.
    pub(crate) end: Micros,
    pub(crate) replica: usize,
    /// The secret key that it was made with.
    pub(crate) key: Option<String>,
    pub(crate) act: Act,
    pub(crate) outcome: Outcome,
    /// By which the record names the request that acted.
    pub(crate) trace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ticket {
    Actor,
    SignIn,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    CreateUser {
        intent: String,
    },
    DeleteUser {
        user: String,
    },
    /// A ban, or the end of one.
    SetBanned {
        user: String,
        banned: bool,
    },
    /// Sent again under the same intent, it is the same request with the same key.
    CreateTicket {
        intent: String,
        kind: Ticket,
        subject: String,
        /// The actor's JSON, to the byte.
        actor: Option<String>,
        actor_sub: Option<String>,
    },
    RevokeToken {
        token: String,
    },
    Accept {
        token: String,
        kind: Ticket,
        /// On the client that holds this session, where it is not a new one.
        beside: Option<String>,
    },
    Mint {
        session: String,
    },
    Touch {
        session: String,
    },
    EndSession {
        session: String,
    },
    CreateKey,
    RevokeKey {
        key: String,
    },
    ReadToken {
        token: String,
    },
    ReadSession {
        session: String,
    },
    ReadUser {
        user: String,
    },
    /// The active sessions of a user.
    ListSessions {
        user: String,
    },
    /// The newest position of the record.
    ReadRecord,
}

/// What a session token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) session: String,
    pub(crate) subject: String,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    /// The payload, to the byte.
    pub(crate) payload: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It happened, or it had.
    Done,
    /// With the id and the whole answer.
    Created {
        id: String,
        answer: String,
    },
    Accepted {
        session: String,
    },
    Minted(Box<Claims>),
    SawToken {
        status: String,
        session: Option<String>,
    },
    SawSession {
        status: String,
        last_active_at: i64,
        expire_at: i64,
    },
    SawUser {
        banned: bool,
    },
    SawSessions(Vec<String>),
    SawPosition(u64),
    Refused {
        status: u16,
        code: String,
    },
    /// No answer, or one that says that nobody knows (503).
    Unknown,
    /// A whole answer that no such request may get.
    Wrong {
        status: u16,
        text: String,
    },
}

impl Act {
    /// Of each that the workers do, for what a run adds up to.
    pub(crate) const NAMES: &[&str] = &[
        "create-user",
        "delete-user",
        "set-banned",
        "create-ticket",
        "revoke-token",
        "accept",
        "mint",
        "touch",
        "end-session",
        "create-key",
        "revoke-key",
        "read-token",
        "read-session",
        "read-user",
        "list-sessions",
        "read-record",
    ];

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::CreateUser { .. } => "create-user",
            Self::DeleteUser { .. } => "delete-user",
            Self::SetBanned { .. } => "set-banned",
            Self::CreateTicket { .. } => "create-ticket",
            Self::RevokeToken { .. } => "revoke-token",
            Self::Accept { .. } => "accept",
            Self::Mint { .. } => "mint",
            Self::Touch { .. } => "touch",
            Self::EndSession { .. } => "end-session",
            Self::CreateKey => "create-key",
            Self::RevokeKey { .. } => "revoke-key",
            Self::ReadToken { .. } => "read-token",
            Self::ReadSession { .. } => "read-session",
            Self::ReadUser { .. } => "read-user",
            Self::ListSessions { .. } => "list-sessions",
            Self::ReadRecord => "read-record",
        }
    }
}

impl Event {
    pub(crate) fn is_acknowledged(&self) -> bool {
        !matches!(self.outcome, Outcome::Unknown | Outcome::Refused { .. } | Outcome::Wrong { .. })
    }

    /// Whether the act, where it succeeds, is one that the record tells of.
    pub(crate) fn is_change(&self) -> bool {
        use Act::{
            Accept, CreateKey, CreateTicket, CreateUser, DeleteUser, EndSession, RevokeKey, RevokeToken,
            SetBanned,
        };
        matches!(
            self.act,
            CreateUser { .. }
                | DeleteUser { .. }
                | SetBanned { .. }
                | CreateTicket { .. }
                | RevokeToken { .. }
                | Accept { .. }
                | EndSession { .. }
                | CreateKey
                | RevokeKey { .. }
        )
    }

    /// Whether the act does nothing but read.
    pub(crate) const fn is_read(&self) -> bool {
        use Act::{ListSessions, ReadRecord, ReadSession, ReadToken, ReadUser};
        matches!(
            self.act,
            ReadToken { .. } | ReadSession { .. } | ReadUser { .. } | ListSessions { .. } | ReadRecord
        )
    }

    /// The code with which the key itself was refused. A session that is over is refused with 401 too.
    pub(crate) fn refused_key(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Refused { status: 401, code } if code != "authentication_invalid" => {
                self.key.as_ref().map(|_| code.as_str())
            }
            _ => None,
        }
    }

    pub(crate) fn created(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Created { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Whether this event is about the object, by its id.
    pub(crate) fn is_about(&self, object: &str) -> bool {
        let text = format!("{:?} {:?}", self.act, self.outcome);
        text.contains(object) || self.key.as_deref() == Some(object)
    }
}

/// Takes down what happens, from many workers.
pub(crate) struct Recorder {
    origin: Instant,
    /// The wall clock's milliseconds at the origin. Nobody moves the machine's clock.
    pub(crate) origin_millis: i64,
    events: Mutex<Vec<Event>>,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now(), origin_millis: SystemClock.now().millis(), events: Mutex::default() }
    }

    pub(crate) fn now(&self) -> Micros {
        Micros::try_from(self.origin.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }

    pub(crate) fn add(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// Whether any event that began at that time or later is such a one.
    pub(crate) fn has_since(&self, from: Micros, is_such: impl Fn(&Event) -> bool) -> bool {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events
            .iter()
            .rev()
            .take_while(|event| event.end >= from)
            .any(|event| event.begin >= from && is_such(event))
    }

    /// The events so far, which are then forgotten here.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
