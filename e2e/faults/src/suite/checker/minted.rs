//! No session token by a request that began after the session's end was acknowledged; and each says what is true.

use super::{Known, Violation, ends};
use crate::suite::history::{Act, Claims, Event, Outcome};

pub(super) fn nothing_after_the_end(known: &Known<'_>) -> Vec<Violation> {
    let facts = &known.epoch.facts;
    let ends = ends::acknowledged(known);
    let mut violations = Vec::new();
    for event in known.events() {
        let (session, did) = match (&event.act, &event.outcome) {
            (Act::Mint { session }, Outcome::Minted(_)) => (session, "minted a token"),
            (Act::Touch { session }, Outcome::Done) => (session, "was touched"),
            _ => continue,
        };
        if let Some(end) = ends.get(session.as_str()).filter(|end| end.at < event.begin) {
            let what = format!("{did} for a request of {}, though {} at {}", event.begin, end.how, end.at);
            violations.push(Violation::new("ended-mints-nothing", session, what));
        }
        let state = known.epoch.state.sessions.get(session).filter(|_| !facts.had_wrong_time(event));
        if let Some(state) = state.filter(|state| state.expire_at < facts.wall_millis(event.begin)) {
            let what = format!("{did} for a request of {}, over since {}", event.begin, state.expire_at);
            violations.push(Violation::new("ended-mints-nothing", session, what));
        }
    }
    violations
}

/// Who, for whom, and until when at most.
pub(super) fn truthful(known: &Known<'_>) -> Vec<Violation> {
    let ends = ends::acknowledged(known);
    let mut violations = Vec::new();
    for event in known.events() {
        let (Act::Mint { session }, Outcome::Minted(claims)) = (&event.act, &event.outcome) else { continue };
        let mut problems = times(known, event, claims);
        problems.extend(parties(known, session, claims));
        // The session was read before its end was written, and that before it was acknowledged.
        let end = ends.get(session.as_str()).map(|end| known.epoch.facts.wall_millis(end.at));
        let is_dated = !known.epoch.facts.had_wrong_time(event);
        if let Some(end) = end.filter(|end| is_dated && claims.issued_at * 1_000 > *end) {
            problems.push(format!("iat {} is after its end, acknowledged at {end} ms", claims.issued_at));
        }
        violations.extend(problems.into_iter().map(|what| Violation::new("token-truthful", session, what)));
    }
    violations
}

fn times(known: &Known<'_>, event: &Event, claims: &Claims) -> Vec<String> {
    let facts = &known.epoch.facts;
    let mut problems = Vec::new();
    let Claims { issued_at, expires_at, .. } = *claims;
    if expires_at - issued_at > facts.token_seconds.min(facts.idle_seconds) {
        problems.push(format!("its token lives from {issued_at} to {expires_at}"));
    }
    let state = known.epoch.state.sessions.get(&claims.session);
    if let Some(state) = state.filter(|state| expires_at * 1_000 > state.expire_at) {
        problems.push(format!("exp {expires_at} is after its end at {} ms", state.expire_at));
    }
    let (begin, end) = (facts.wall_millis(event.begin), facts.wall_millis(event.end));
    // Whole seconds, rounded down.
    if !facts.had_wrong_time(event) && (issued_at * 1_000 < begin - 1_500 || issued_at * 1_000 > end + 500) {
        problems.push(format!("iat {issued_at} is not within its request, {begin} to {end} ms"));
    }
    problems
}

fn parties(known: &Known<'_>, session: &str, claims: &Claims) -> Vec<String> {
    let mut problems = Vec::new();
    if claims.session != session {
        problems.push(format!("its token is of {}", claims.session));
    }
    let Some(beginning) = known.beginnings.get(session) else { return problems };
    if beginning.user.as_deref() != Some(claims.subject.as_str()) {
        problems.push(format!("its token is for {}, not {:?}", claims.subject, beginning.user));
    }
    let creation = beginning.token.as_deref().and_then(|token| known.creations.get(token));
    let Some(creation) = creation else { return problems };
    let carried = match creation.actor {
        Some(actor) => claims.payload.contains(&format!("\"act\":{actor}")),
        None => !claims.payload.contains("\"act\":"),
    };
    if !carried {
        problems
            .push(format!("its token does not carry act as given, {:?}: {}", creation.actor, claims.payload));
    }
    problems
}
