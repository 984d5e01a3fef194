//! Changes of any kind, which outside of tests only the use cases make.

use crate::{
    audit::{Action, AuditEvent},
    caller::Context,
    change::{Change, Guard, Write},
    time::UnixMillis,
};

/// A change with an event that says little.
pub fn change(guards: Vec<Guard>, writes: Vec<Write>) -> Change {
    told(event(Action::UserUpdated, super::rows::START), guards, writes)
}

/// A change that this event tells of.
pub fn told(event: AuditEvent, guards: Vec<Guard>, writes: Vec<Write>) -> Change {
    Change::new(event, guards, writes)
}

/// An event by the operator, about nothing yet: its members are public.
pub fn event(action: Action, at: UnixMillis) -> AuditEvent {
    AuditEvent::new(&Context::operator(), action, at)
}

/// The same event as a refusal with this code.
pub fn denied(event: AuditEvent, code: &str) -> AuditEvent {
    event.denied(code)
}
