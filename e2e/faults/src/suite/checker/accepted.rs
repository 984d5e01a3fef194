//! A ticket is accepted at most once, not after its revocation was acknowledged, and not when it has lapsed.

use super::{Known, Violation, standing};
use crate::suite::history::{Act, Micros, Outcome, Ticket};
use std::collections::HashMap;

/// One session of each ticket, in what was answered and on record.
pub(super) fn once(known: &Known<'_>) -> Vec<Violation> {
    let mut answered: HashMap<&str, Vec<&str>> = HashMap::new();
    for event in known.events() {
        if let (Act::Accept { token, .. }, Outcome::Accepted { session }) = (&event.act, &event.outcome) {
            answered.entry(token).or_default().push(session);
        }
    }
    let mut recorded: HashMap<&str, Vec<&str>> = HashMap::new();
    for entry in known.epoch.record.iter().filter(|entry| entry.is_acceptance()) {
        if let (Some(token), Some(session)) = (entry.token.as_deref(), entry.session.as_deref()) {
            recorded.entry(token).or_default().push(session);
        }
    }
    let more = |(how, of): (&str, HashMap<&str, Vec<&str>>)| {
        let twice = of.into_iter().filter(|(_, sessions)| sessions.len() > 1);
        twice
            .map(|(token, sessions)| {
                Violation::new("accepted-once", token, format!("{how} accepted as {}", sessions.join(", ")))
            })
            .collect::<Vec<_>>()
    };
    [("was answered", answered), ("is on record", recorded)].into_iter().flat_map(more).collect()
}

/// No accept that began after a revocation was acknowledged succeeds, whatever revoked it; and none of a ticket
/// whose time was over.
pub(super) fn not_after_revocation(known: &Known<'_>) -> Vec<Violation> {
    let revoked = revocations(known);
    let falls = standing::falls(known);
    let mut violations = Vec::new();
    for event in known.events() {
        let (Act::Accept { token, .. }, Outcome::Accepted { session }) = (&event.act, &event.outcome) else {
            continue;
        };
        if let Some(at) = revoked.get(token.as_str()).filter(|at| **at < event.begin) {
            let what = format!("was accepted as {session} by a request of {}, revoked at {at}", event.begin);
            violations.push(Violation::new("revoked-refused", token, what));
        }
        let Some(creation) = known.creations.get(token.as_str()) else { continue };
        let begin = known.epoch.facts.wall_millis(event.begin);
        let lapsed = creation.expires_at.filter(|expires_at| *expires_at < begin);
        if let Some(expires_at) = lapsed.filter(|_| !known.epoch.facts.had_wrong_time(event)) {
            let what =
                format!("was accepted as {session} by a request of {begin} ms, lapsed at {expires_at} ms");
            violations.push(Violation::new("revoked-refused", token, what));
        }
        let parties = [Some(creation.subject), creation.actor_sub];
        for party in parties.into_iter().flatten() {
            let fell = falls.get(party).into_iter().flatten();
            if let Some(fall) =
                fell.into_iter().find(|fall| creation.end < fall.begin && fall.end < event.begin)
            {
                let what = format!(
                    "was accepted as {session} by a request of {}, though {party} fell at {}",
                    event.begin, fall.end
                );
                violations.push(Violation::new("revoked-refused", token, what));
            }
        }
    }
    violations
}

/// When it was first known to whom that a token is revoked.
fn revocations<'a>(known: &Known<'a>) -> HashMap<&'a str, Micros> {
    let mut revoked: HashMap<&str, Micros> = HashMap::new();
    for event in known.events() {
        let token = match (&event.act, &event.outcome) {
            (Act::RevokeToken { token }, Outcome::Done) => token,
            (Act::ReadToken { token }, Outcome::SawToken { status, .. }) if status == "revoked" => token,
            (Act::Accept { token, kind: Ticket::Actor, .. }, Outcome::Refused { code, .. })
                if code == "actor_token_revoked_code" =>
            {
                token
            }
            _ => continue,
        };
        let at = revoked.entry(token).or_insert(event.end);
        *at = event.end.min(*at);
    }
    revoked
}
