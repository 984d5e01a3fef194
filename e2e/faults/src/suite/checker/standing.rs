//! Who fell: was banned or deleted, and when that was certain.

use super::Known;
use crate::suite::history::{Act, Micros, Outcome};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug)]
pub(super) struct Fall {
    pub(super) begin: Micros,
    pub(super) end: Micros,
    /// Of its entry, where it has one: a ban of somebody who was banned has none.
    pub(super) position: Option<u64>,
}

/// Each acknowledged ban and deletion, by the user.
pub(super) fn falls<'a>(known: &Known<'a>) -> HashMap<&'a str, Vec<Fall>> {
    let mut falls: HashMap<&str, Vec<Fall>> = HashMap::new();
    for event in known.events() {
        let user = match (&event.act, &event.outcome) {
            (Act::SetBanned { user, banned: true } | Act::DeleteUser { user }, Outcome::Done) => user,
            _ => continue,
        };
        let position = known.entry_of(event).map(|entry| entry.position);
        falls.entry(user).or_default().push(Fall { begin: event.begin, end: event.end, position });
    }
    falls
}
