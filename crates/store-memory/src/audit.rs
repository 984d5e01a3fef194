//! The record, and reading it by position.

use actas_domain::{
    audit::{
        AuditEntry, AuditEvent, Outcome,
        find::{AuditQuery, AuditRange},
    },
    time::UnixMillis,
};
use std::collections::VecDeque;

/// Positions have no gaps: the entry at position `n` stands at index `n - purged - 1`.
#[derive(Debug, Default)]
pub(crate) struct Record {
    entries: VecDeque<AuditEntry>,
    /// How many of the oldest are gone.
    purged: u64,
}

impl Record {
    /// The event's position.
    pub(crate) fn append(&mut self, event: AuditEvent) -> u64 {
        let position = self.purged + self.entries.len() as u64 + 1;
        self.entries.push_back(AuditEntry { position, event });
        position
    }

    /// Removes the oldest, at most `limit`, up to the position or to the first that is younger; never the newest.
    pub(crate) fn cut(&mut self, through: u64, until: UnixMillis, limit: u32) -> u32 {
        let mut removed = 0;
        while removed < limit && self.entries.len() > 1 {
            let goes = |entry: &mut AuditEntry| entry.position <= through && entry.event.at <= until;
            if self.entries.pop_front_if(goes).is_none() {
                break;
            }
            self.purged += 1;
            removed += 1;
        }
        removed
    }

    pub(crate) fn list(&self, query: &AuditQuery) -> Vec<AuditEntry> {
        let limit = query.limit as usize;
        let matching = |entry: &&AuditEntry| matches(query, &entry.event);
        match query.range {
            AuditRange::Forward { after } => {
                self.entries.range(self.index(after)..).filter(matching).take(limit).cloned().collect()
            }
            AuditRange::Backward { before } => {
                let end = before.map_or(self.entries.len(), |before| self.index(before.saturating_sub(1)));
                self.entries.range(..end).rev().filter(matching).take(limit).cloned().collect()
            }
        }
    }

    /// How many entries have a position of at most this.
    fn index(&self, position: u64) -> usize {
        let length = self.entries.len();
        usize::try_from(position.saturating_sub(self.purged)).map_or(length, |index| index.min(length))
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
