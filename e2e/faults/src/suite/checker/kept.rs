//! Nothing that was acknowledged is lost: the state at the end has it.

use super::{Known, Violation};
use crate::suite::{
    evidence::State,
    history::{Act, Event, Outcome, Ticket},
};

pub(super) fn check(known: &Known<'_>) -> Vec<Violation> {
    let acknowledged = known.events().iter().filter(|event| event.is_acknowledged());
    acknowledged.filter_map(|event| lost(known, event)).collect()
}

fn lost(known: &Known<'_>, event: &Event) -> Option<Violation> {
    let state = &known.epoch.state;
    let (object, what) = match (&event.act, &event.outcome) {
        (Act::CreateTicket { kind: Ticket::Actor, subject, actor, .. }, Outcome::Created { id, .. }) => {
            (id, token_lost(state, id, subject, actor.as_deref())?)
        }
        (Act::CreateUser { .. }, Outcome::Created { id, .. }) => {
            let was_deleted = known.events().iter().any(|other| deletes(other, id));
            (id, (!state.users.contains_key(id) && !was_deleted).then(|| "is not there".to_owned())?)
        }
        (Act::Accept { token, kind, .. }, Outcome::Accepted { session }) => {
            (token, acceptance_lost(state, token, *kind, session)?)
        }
        (Act::RevokeToken { token }, Outcome::Done) => {
            let status = state.tokens.get(token).map(|token| token.status.as_str());
            (token, (status != Some("revoked")).then(|| format!("is {status:?}, and not revoked"))?)
        }
        (Act::EndSession { session }, Outcome::Done) => {
            let status = state.sessions.get(session).map(|session| session.status.as_str());
            let is_over = status.is_some_and(|status| status != "active");
            (session, (!is_over).then(|| format!("is {status:?}, and not over"))?)
        }
        (Act::DeleteUser { user }, Outcome::Done) => {
            (user, state.users.contains_key(user).then(|| "is still there".to_owned())?)
        }
        (Act::CreateKey, Outcome::Created { id, .. }) => {
            (id, (!state.keys.contains_key(id)).then(|| "is not there".to_owned())?)
        }
        (Act::RevokeKey { key }, Outcome::Done) => {
            let is_revoked = state.keys.get(key).copied().unwrap_or(true);
            (key, (!is_revoked).then(|| "is not revoked".to_owned())?)
        }
        _ => return None,
    };
    Some(Violation::new(
        "acknowledged-kept",
        object,
        format!("{what}, though it was acknowledged at {}", event.end),
    ))
}

fn token_lost(state: &State, id: &str, subject: &str, actor: Option<&str>) -> Option<String> {
    let Some(token) = state.tokens.get(id) else { return Some("is not there".to_owned()) };
    let as_asked = token.subject == subject && actor.is_none_or(|actor| actor == token.actor);
    (!as_asked).then(|| format!("is for {} and {}", token.subject, token.actor))
}

fn acceptance_lost(state: &State, token: &str, kind: Ticket, session: &str) -> Option<String> {
    if !state.sessions.contains_key(session) {
        return Some(format!("its session {session} is not there"));
    }
    if kind == Ticket::SignIn {
        return None;
    }
    let token = state.tokens.get(token);
    let is_kept =
        token.is_some_and(|token| token.status == "accepted" && token.session.as_deref() == Some(session));
    (!is_kept).then(|| format!("is {token:?}, and not accepted as {session}"))
}

fn deletes(event: &Event, id: &str) -> bool {
    let is_possible = !matches!(event.outcome, Outcome::Refused { .. });
    is_possible && matches!(&event.act, Act::DeleteUser { user } if user == id)
}
