//! Removing what has been kept for long enough.

use crate::state::State;
use actas_domain::{
    retention::{Purge, Purged},
    session::SessionStatus,
    time::UnixMillis,
};

/// Returns how many rows of the kind were removed.
pub(crate) fn purge(state: &mut State, purge: &Purge, now: UnixMillis, limit: u32) -> u32 {
    let until = purge.until(now);
    let most = limit as usize;
    match purge.of {
        Purged::ActorTokens => actor_tokens(state, until, most),
        Purged::SignInTokens => {
            let over: Vec<_> = state.sign_in_tokens.over(until).take(most).cloned().collect();
            over.iter().for_each(|id| state.sign_in_tokens.remove(id));
            count(&over)
        }
        Purged::Sessions => {
            let over: Vec<_> = state.sessions.over(until).take(most).cloned().collect();
            over.iter().for_each(|id| state.sessions.remove(id));
            count(&over)
        }
        Purged::Clients => {
            let is_empty =
                |id: &&_| state.sessions.of_client(id).next().is_none() && !state.sign_ins.waits_on(id);
            let over: Vec<_> = state.clients.unchanged(until).filter(is_empty).take(most).cloned().collect();
            over.iter().for_each(|id| state.clients.remove(id));
            count(&over)
        }
        Purged::Entries { through } => state.record.cut(through, until, limit),
    }
}

fn actor_tokens(state: &mut State, until: UnixMillis, most: usize) -> u32 {
    let session_is_over = |session: &_| {
        state.sessions.get(session).is_none_or(|session| session.status != SessionStatus::Active)
    };
    let over: Vec<_> = state
        .actor_tokens
        .over(until)
        .filter(|token| token.session.as_ref().is_none_or(session_is_over))
        .take(most)
        .map(|token| (token.id.clone(), token.session.clone()))
        .collect();
    for (token, session) in &over {
        state.actor_tokens.remove(token);
        if let Some(session) = session {
            state.sessions.remove(session);
        }
    }
    count(&over)
}

fn count<T>(removed: &[T]) -> u32 {
    u32::try_from(removed.len()).unwrap_or(u32::MAX)
}
