//! The writes themselves, in memory: all of a batch are stored together. What could stop them was seen before, so none
//! of them fails.

use crate::state::State;
use actas_domain::{
    audit::AuditEvent,
    change::{Change, Downfall, SessionSelection, Write},
    ids::{SessionId, UserId},
    session::{Ending, Session},
    sign_in::failures::PasswordFailures,
    time::UnixMillis,
};

/// Has all looked for that the write changes, or that its condition depends on.
pub(crate) fn want(state: &mut State, write: &Write) {
    match write {
        Write::AddActorToken(token) | Write::MoveActorToken { to: token, .. } => {
            state.actor_tokens.rows.want(&token.id);
        }
        Write::CountActorToken(month) => state.actor_tokens.created_in.want(month),
        Write::AddSignInToken(token) | Write::MoveSignInToken { to: token, .. } => {
            state.sign_in_tokens.rows.want(&token.id);
        }
        Write::AddClient(client) => state.clients.rows.want(&client.id),
        Write::RotateCookie { client, .. } => state.clients.rows.want(client),
        Write::AddSession(session) | Write::MoveSession { to: session, .. } => {
            state.sessions.rows.want(&session.id);
            state.clients.rows.want(&session.client);
            // Somebody in the same batch may report activity of this session, which moves its user's.
            state.users.want(&session.user);
        }
        Write::EndSessions { of, .. } => state.sessions.want_active(of),
        Write::RevokeTokens { party, .. } => {
            state.actor_tokens.want_pending_of(party);
            state.sign_in_tokens.want_pending_of(party);
        }
        Write::AddUser(user) | Write::ReplaceUser(user) => {
            state.users.want_to_store(user);
            state.sign_ins.failures.want(&user.id);
        }
        Write::RemoveUser { user, .. } => {
            state.users.want_to_remove(user);
            state.sign_ins.failures.want(user);
        }
        Write::RecordSignIn { user, .. } | Write::SetStanding { user, .. } => state.users.want(user),
        Write::SetPasswordFailures { user, .. } => {
            state.users.want(user);
            state.sign_ins.failures.want(user);
        }
        // Whatever is stored, the same is written.
        Write::EndSignIn(_) => {}
        Write::KeepReturn(kept) => state.sign_ins.returns.want(&kept.client),
        Write::TakeReturn { client, .. } | Write::DropReturn(client) => state.sign_ins.returns.want(client),
        Write::DropReturns(user) => state.sign_ins.want_returns_of(user),
        Write::AddSecretKey(key) | Write::RevokeSecretKey(key) => state.keys.secret.want(&key.id),
        Write::AddSigningKey(key) | Write::MoveSigningKey { to: key, .. } => state.keys.signing.want(&key.id),
        Write::RemoveSigningKey(id) => state.keys.signing.want(id),
        Write::KeepAnswer(answer) => state.kept_answers.want(&answer.key_hash),
        Write::SetInstance(_) => state.keys.instance.want(&()),
    }
}

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
        Write::AddClient(client) => state.clients.put(client.clone()),
        Write::RotateCookie { client, hash } => state.clients.rotate_cookie(client, *hash),
        Write::AddSession(session) | Write::MoveSession { to: session, .. } => {
            put_session(state, session.clone());
        }
        Write::EndSessions { of, ending } => return end_sessions(state, change, of, *ending, now),
        Write::RevokeTokens { party, downfall } => {
            return revoke_tokens(state, change, party, *downfall, now);
        }
        Write::AddUser(user) => {
            state.users.add(user.clone());
            set_failures(state, &user.id, user.password_failures);
        }
        Write::ReplaceUser(user) => state.users.replace(user.clone()),
        Write::RemoveUser { user, .. } => {
            state.users.remove(user);
            state.sign_ins.failures.remove(user);
        }
        Write::RecordSignIn { user, at } => state.users.record_sign_in(user, *at),
        Write::SetPasswordFailures { user, failures } => {
            if state.users.standing(user).present {
                set_failures(state, user, *failures);
            }
        }
        Write::EndSignIn(client) => state.sign_ins.end(client),
        Write::KeepReturn(kept) => state.sign_ins.keep_return(kept.clone()),
        Write::TakeReturn { client, .. } | Write::DropReturn(client) => state.sign_ins.drop_return(client),
        Write::DropReturns(user) => state.sign_ins.drop_returns(user),
        Write::SetStanding { user, standing } => state.users.set_standing(user, *standing),
        Write::AddSecretKey(key) | Write::RevokeSecretKey(key) => {
            state.keys.secret.put(key.id.clone(), key.clone());
        }
        Write::AddSigningKey(key) | Write::MoveSigningKey { to: key, .. } => {
            state.keys.signing.put(key.id.clone(), key.clone());
        }
        Write::RemoveSigningKey(id) => state.keys.signing.remove(id),
        Write::KeepAnswer(answer) => state.kept_answers.keep(answer.clone()),
        Write::SetInstance(instance) => state.keys.instance.put((), instance.clone()),
    }
    Vec::new()
}

/// Has all looked for that [`record_activity`] depends on.
pub(crate) fn want_activity(state: &mut State, id: &SessionId) {
    state.sessions.rows.want(id);
    state.users.want_of_session(id);
}

/// The one write that is not part of a change.
pub(crate) fn record_activity(state: &mut State, id: &SessionId, at: UnixMillis, now: UnixMillis) {
    let session = state.sessions.rows.get(id).filter(|session| session.is_live(at.max(now)));
    let Some(session) = session.cloned() else { return };
    if !session.is_impersonated() {
        state.users.record_activity(&session.user, at);
    }
    if session.last_active_at < at {
        state.sessions.put(Session { last_active_at: at, ..session });
    }
}

fn set_failures(state: &mut State, user: &UserId, failures: Option<PasswordFailures>) {
    match failures {
        Some(failures) => state.sign_ins.failures.put(user.clone(), failures),
        None => state.sign_ins.failures.remove(user),
    }
}

/// Stores a session; its client's time follows.
fn put_session(state: &mut State, session: Session) {
    let session = match state.sessions.rows.peek(&session.id) {
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
