//! Who asks, and from where: the part of a request that the record keeps.

use crate::{
    change::Guard,
    ids::{ClientId, SecretKeyId},
};
use std::net::IpAddr;

/// Who proved what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A backend, by a secret key.
    SecretKey(SecretKeyId),
    /// A browser or app, by its client cookie; `None` while it holds none yet (it proves a ticket).
    Client(Option<ClientId>),
    /// Whoever administers this machine, by the command line.
    Operator,
    /// Actas itself, for example when a session's time is over.
    System,
}

impl Caller {
    /// The word for the kind of caller in the record.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SecretKey(_) => "secret_key",
            Self::Client(_) => "client",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    pub fn id(&self) -> Option<&str> {
        match self {
            Self::SecretKey(id) => Some(id.as_str()),
            Self::Client(id) => id.as_ref().map(ClientId::as_str),
            Self::Operator | Self::System => None,
        }
    }
}

/// The context of one act: who asks, from which address, under which trace id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    pub caller: Caller,
    /// The network address of the caller; none for the operator and the system.
    pub address: Option<IpAddr>,
    /// 32 lowercase hexadecimal digits, also in the answer and in the log.
    pub trace_id: Box<str>,
}

impl Context {
    /// The context of work that nobody asked for, such as expiry.
    pub fn system() -> Self {
        Self { caller: Caller::System, address: None, trace_id: "".into() }
    }

    /// The context of an administrative command on this machine.
    pub fn operator() -> Self {
        Self { caller: Caller::Operator, address: None, trace_id: "".into() }
    }

    /// What must still hold of the caller when its change commits.
    pub(crate) fn guards(&self) -> Vec<Guard> {
        #[cfg(feature = "mutations")]
        if crate::mutation::is(crate::mutation::Mutation::KeyGuardLeftOut) {
            return Vec::new();
        }
        match &self.caller {
            Caller::SecretKey(id) => vec![Guard::SecretKeyValid(id.clone())],
            Caller::Client(_) | Caller::Operator | Caller::System => Vec::new(),
        }
    }
}
