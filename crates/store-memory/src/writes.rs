//! The writes themselves. What could stop them was seen before, so none of them fails.

use crate::state::State;
use actas_domain::{
    audit::AuditEvent,
    change::{Change, Downfall, SessionSelection, Write},
    ids::{SessionId, UserId},
    session::{Ending, Session},
    time::UnixMillis,
};

/// Carries out one write of the change; the events are those of a set-wise write, in the order of the rows' ids.
pub(crate) fn write(state: &mut State, change: &Change, write: &Write, now: UnixMillis) -> Vec<AuditEvent> {
    match write {
        Write::AddActorToken(token) | Write::MoveActorToken { to: token, .. } => {
            state.actor_tokens.put(token.clone());
        }
        Write::CountActorToken(month) => state.actor_tokens.count(*month),
        Write::AddSignInToken(token) | Write::MoveSignInToken { to: token, .. } => {
            state.sign_in_tokens.put(token.clone());
        }
        Write::AddClient(client) => state.clients.add(client.clone()),
        Write::RotateCookie { client, hash } => state.clients.rotate_cookie(client, *hash),
        Write::AddSession(session) | Write::MoveSession { to: session, .. } => {
            put_session(state, session.clone());
        }
        Write::EndSessions { of, ending } => return end_sessions(state, change, of, *ending, now),
        Write::RevokeTokens { party, downfall } => {
            return revoke_tokens(state, change, party, *downfall, now);
        }
        Write::AddUser(user) => state.users.add(user.clone()),
        Write::ReplaceUser(user) => state.users.replace(user.clone()),
        Write::RemoveUser { user, .. } => state.users.remove(user),
        Write::RecordSignIn { user, at } => state.users.record_sign_in(user, *at),
        Write::SetPasswordFailures { user, failures } => state.users.set_password_failures(user, *failures),
        Write::EndSignIn(client) => state.sign_ins.end(client),
        Write::KeepReturn(kept) => state.sign_ins.keep_return(kept.clone()),
        Write::TakeReturn { client, .. } | Write::DropReturn(client) => state.sign_ins.drop_return(client),
        Write::DropReturns(user) => state.sign_ins.drop_returns(user),
        Write::SetStanding { user, standing } => state.users.set_standing(user, *standing),
        Write::AddSecretKey(key) | Write::RevokeSecretKey(key) => state.keys.put_secret_key(key.clone()),
        Write::AddSigningKey(key) | Write::MoveSigningKey { to: key, .. } => {
            state.keys.put_signing_key(key.clone());
        }
        Write::RemoveSigningKey(id) => state.keys.remove_signing_key(id),
        Write::KeepAnswer(answer) => state.kept_answers.keep(answer.clone()),
        Write::SetInstance(instance) => state.instance = Some(instance.clone()),
    }
    Vec::new()
}

/// The one write that is not part of a change.
pub(crate) fn record_activity(state: &mut State, id: &SessionId, at: UnixMillis, now: UnixMillis) {
    let Some(session) = state.sessions.get(id).filter(|session| session.is_live(at.max(now))) else { return };
    let ordinary_user = (!session.is_impersonated()).then(|| session.user.clone());
    state.sessions.record_activity(id, at);
    if let Some(user) = ordinary_user {
        state.users.record_activity(&user, at);
    }
}

/// Stores a session; its client's time follows.
fn put_session(state: &mut State, session: Session) {
    let session = match state.sessions.get(&session.id) {
        Some(stored) => session.replacing(stored),
        None => session,
    };
    state.clients.sessions_changed(&session.client, session.updated_at);
    state.sessions.put(session);
}

fn end_sessions(
    state: &mut State,
    change: &Change,
    selection: &SessionSelection,
    ending: Ending,
    now: UnixMillis,
) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    for session in state.sessions.active(selection) {
        let (ended, event) = change.session_end(selection, &session, ending, now);
        put_session(state, ended);
        events.push(event);
    }
    events
}

fn revoke_tokens(
    state: &mut State,
    change: &Change,
    party: &UserId,
    downfall: Downfall,
    now: UnixMillis,
) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    for token in state.actor_tokens.pending_of(party) {
        let (revoked, event) = change.actor_token_revocation(party, downfall, &token, now);
        state.actor_tokens.put(revoked);
        events.push(event);
    }
    for token in state.sign_in_tokens.pending_of(party) {
        let (revoked, event) = change.sign_in_token_revocation(downfall, &token, now);
        state.sign_in_tokens.put(revoked);
        events.push(event);
    }
    events
}
