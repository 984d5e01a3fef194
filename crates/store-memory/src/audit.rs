//! The record, and reading it by position.

use actas_domain::audit::{
    AuditEntry, AuditEvent, Outcome,
    find::{AuditQuery, AuditRange},
};

/// The entry at position `n` stands at index `n - 1`.
#[derive(Debug, Default)]
pub(crate) struct Record(Vec<AuditEntry>);

impl Record {
    /// The event's position.
    pub(crate) fn append(&mut self, event: AuditEvent) -> u64 {
        let position = self.0.len() as u64 + 1;
        self.0.push(AuditEntry { position, event });
        position
    }

    pub(crate) fn list(&self, query: &AuditQuery) -> Vec<AuditEntry> {
        let limit = query.limit as usize;
        let matching = |entry: &&AuditEntry| matches(query, &entry.event);
        match query.range {
            AuditRange::Forward { after } => {
                self.0[self.index(after)..].iter().filter(matching).take(limit).cloned().collect()
            }
            AuditRange::Backward { before } => {
                let end = before.map_or(self.0.len(), |before| self.index(before.saturating_sub(1)));
                self.0[..end].iter().rev().filter(matching).take(limit).cloned().collect()
            }
        }
    }

    /// How many entries have a position of at most this.
    fn index(&self, position: u64) -> usize {
        usize::try_from(position).map_or(self.0.len(), |position| position.min(self.0.len()))
    }
}

fn matches(query: &AuditQuery, event: &AuditEvent) -> bool {
    let denied = matches!(event.outcome, Outcome::Denied { .. });
    asked_for(query.subject.as_ref(), event.subject.as_ref())
        && asked_for(query.actor_sub.as_deref(), event.actor_sub.as_deref())
        && asked_for(query.actor_token.as_ref(), event.actor_token.as_ref())
        && asked_for(query.session.as_ref(), event.session.as_ref())
        && query.action.is_none_or(|action| action == event.action)
        && query.denied.is_none_or(|wanted| wanted == denied)
        && query.at_or_after.is_none_or(|at| at <= event.at)
        && query.before.is_none_or(|before| event.at < before)
}

fn asked_for<T: PartialEq + ?Sized>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none() || wanted == found
}
