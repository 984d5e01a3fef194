//! Removing what has been kept for long enough.

use crate::state::State;
use actas_domain::{
    ids::{ActorTokenId, ClientId, SessionId, SignInTokenId},
    retention::{Place, Purge, Purged, Stepped},
    session::SessionStatus,
    time::UnixMillis,
};
use std::{collections::BTreeSet, fmt::Display, ops::Bound};

/// One step.
pub(crate) fn purge(state: &mut State, purge: &Purge, now: UnixMillis, limit: u32) -> Stepped {
    let until = purge.until(now);
    let behind = purge.behind.as_ref();
    match purge.of {
        Purged::ActorTokens => {
            let seen = next(&state.actor_tokens.by_end, behind, ActorTokenId::parse, until, limit);
            stepped(state, purge, limit, &seen, remove_actor_token)
        }
        Purged::SignInTokens => {
            let seen = next(&state.sign_in_tokens.by_end, behind, SignInTokenId::parse, until, limit);
            stepped(state, purge, limit, &seen, |state, id| {
                state.sign_in_tokens.remove(id);
                true
            })
        }
        Purged::Sessions => {
            let seen = next(&state.sessions.ended, behind, SessionId::parse, until, limit);
            stepped(state, purge, limit, &seen, |state, id| {
                state.sessions.remove(id);
                true
            })
        }
        Purged::Clients => {
            let seen = next(&state.clients.by_change, behind, ClientId::parse, until, limit);
            stepped(state, purge, limit, &seen, remove_client)
        }
        Purged::Entries { through, .. } => {
            let removed = state.record.cut(through, until, limit);
            Stepped { removed, rest: (removed == limit).then(|| purge.clone()) }
        }
    }
}

/// Those that a step looks at.
fn next<Id: Ord + Clone>(
    ordered: &BTreeSet<(UnixMillis, Id)>,
    behind: Option<&Place>,
    parse: fn(&str) -> Option<Id>,
    until: UnixMillis,
    limit: u32,
) -> Vec<(UnixMillis, Id)> {
    let behind = behind.and_then(|place| Some((place.at, parse(&place.id)?)));
    let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
    let rows = ordered.range((from, Bound::Unbounded));
    rows.take_while(|(at, _)| *at <= until).take(limit as usize).cloned().collect()
}

fn stepped<Id: Display>(
    state: &mut State,
    purge: &Purge,
    limit: u32,
    seen: &[(UnixMillis, Id)],
    mut remove: impl FnMut(&mut State, &Id) -> bool,
) -> Stepped {
    let mut removed = 0;
    for (_, id) in seen {
        removed += u32::from(remove(state, id));
    }
    let last = seen.last().filter(|_| seen.len() >= limit as usize);
    Stepped { removed, rest: last.map(|(at, id)| purge.from(Place { at: *at, id: id.to_string() })) }
}

fn remove_actor_token(state: &mut State, id: &ActorTokenId) -> bool {
    let session = state.actor_tokens.get(id).and_then(|token| token.session.clone());
    if let Some(session) = &session {
        if state.sessions.get(session).is_some_and(|session| session.status == SessionStatus::Active) {
            return false;
        }
        state.sessions.remove(session);
    }
    state.actor_tokens.remove(id);
    true
}

fn remove_client(state: &mut State, id: &ClientId) -> bool {
    let is_empty = state.sessions.of_client(id).next().is_none() && !state.sign_ins.waits_on(id);
    if is_empty {
        state.clients.remove(id);
    }
    is_empty
}
