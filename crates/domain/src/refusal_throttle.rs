//! How often one and the same refusal goes on record.
//!
//! A caller at the Frontend API need not hold more than one dead ticket, or one session that is over, to be refused
//! as often as they like. Each refusal is answered; but were each also written, one lost ticket could fill the disk.

use crate::{audit::AuditEvent, caller::Caller, time::UnixMillis};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Refusals of one kind from one address that go on record in one period.
pub const RECORDED_MAX: u32 = 10;
/// Milliseconds.
pub const PERIOD_MILLIS: i64 = 60_000;
/// Kinds remembered at a time; beyond them the memory begins anew.
const KINDS_MAX: usize = 10_000;

/// What makes two refusals the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    action: &'static str,
    /// The token or session that it is about, else the secret key.
    about: Option<Box<str>>,
    address: Option<IpAddr>,
}

#[derive(Debug, Default)]
pub struct RefusalThrottle {
    recent: Mutex<HashMap<Kind, (UnixMillis, u32)>>,
}

impl RefusalThrottle {
    /// Whether this refusal is to be recorded. Those of backends always are: a secret key can make entries anyway.
    pub(crate) fn admits(&self, event: &AuditEvent) -> bool {
        !matches!(event.context.caller, Caller::Client(_)) || self.is_among_the_first(event)
    }

    /// The same for what a backend does by the million: its refusals count as one kind for each key and address.
    pub(crate) fn admits_in_bulk(&self, event: &AuditEvent) -> bool {
        self.is_among_the_first(event)
    }

    fn is_among_the_first(&self, event: &AuditEvent) -> bool {
        let secret_key = match &event.context.caller {
            Caller::SecretKey(id) => Some(id.as_str()),
            _ => None,
        };
        let about = event.actor_token.as_ref().map(|id| id.as_str());
        let about = about.or_else(|| event.sign_in_token.as_ref().map(|id| id.as_str()));
        let about = about.or_else(|| event.session.as_ref().map(|id| id.as_str()));
        let about = about.or(secret_key).map(Into::into);
        let kind = Kind { action: event.action.as_str(), about, address: event.context.address };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= KINDS_MAX && !recent.contains_key(&kind) {
            recent.retain(|_, (since, _)| is_current(*since, event.at));
            if recent.len() >= KINDS_MAX {
                recent.clear();
            }
        }
        let (since, count) = recent.entry(kind).or_insert((event.at, 0));
        if !is_current(*since, event.at) {
            (*since, *count) = (event.at, 0);
        }
        *count += 1;
        *count <= RECORDED_MAX
    }
}

fn is_current(since: UnixMillis, now: UnixMillis) -> bool {
    (0..PERIOD_MILLIS).contains(&now.millis_since(since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::Action, caller::Context, ids::SecretKeyId};

    fn refusal(caller: Caller, address: &str, at: i64) -> AuditEvent {
        let context = Context { caller, address: Some(address.parse().unwrap()), trace_id: "".into() };
        AuditEvent::new(&context, Action::ActorTokenAccepted, UnixMillis::from_millis(at)).denied("x")
    }

    #[test]
    fn one_client_cannot_fill_the_record_and_others_are_still_heard() {
        let throttle = RefusalThrottle::default();
        let admitted = |address, at| throttle.admits(&refusal(Caller::Client(None), address, at));
        let recorded = (0..1_000).filter(|at| admitted("192.0.2.1", *at)).count();
        assert_eq!(recorded, RECORDED_MAX as usize);
        assert!(admitted("192.0.2.2", 1_000));
        assert!(admitted("192.0.2.1", PERIOD_MILLIS), "a period later");
        assert!(admitted("192.0.2.1", -1), "after the clock stepped back");
    }

    #[test]
    fn a_backend_is_always_heard_but_in_bulk() {
        let throttle = RefusalThrottle::default();
        let key = SecretKeyId::parse("key_000000000000000000000000000").unwrap();
        let refusals: Vec<_> =
            (0..100).map(|at| refusal(Caller::SecretKey(key.clone()), "192.0.2.1", at)).collect();
        assert_eq!(refusals.iter().filter(|event| throttle.admits(event)).count(), 100);
        let in_bulk = refusals.iter().filter(|event| throttle.admits_in_bulk(event)).count();
        assert_eq!(in_bulk, RECORDED_MAX as usize);
    }
}
