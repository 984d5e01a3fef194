//! What must hold for a change to land: its guards, and the state that each of its writes may start from.

use crate::state::State;
use actas_domain::{
    change::{Guard, Write},
    keys::SigningKeyStatus,
    secret_key::SecretKey,
    session::Session,
    time::UnixMillis,
};

pub(crate) fn holds(state: &State, guard: &Guard, now: UnixMillis) -> bool {
    match guard {
        Guard::AnotherSecretKeyValid(id) => {
            state.keys.secret_keys().iter().any(|key| key.id != *id && key.is_valid())
        }
        Guard::SecretKeyValid(id) => state.keys.secret_key(id).is_some_and(SecretKey::is_valid),
        Guard::InGoodStanding { user, must_be_present } => {
            let standing = state.users.standing(user);
            standing.is_good() && (standing.present || !must_be_present)
        }
        Guard::StandingUnchanged { user, standing } => state.users.standing(user) == *standing,
        Guard::QuotaLeft { month, limit } => state.actor_tokens.created_in(*month) < *limit,
        Guard::Before(end) => now < *end,
        Guard::CookieUnchanged { client, hash } => {
            state.clients.get(client).is_some_and(|client| client.cookie_hash == Some(*hash))
        }
        Guard::NoImpersonation(client) => {
            let impersonates = |session: &Session| session.is_impersonated() && session.is_live(now);
            !state.sessions.of_client(client).any(impersonates)
        }
        Guard::SessionLive(id) => state.sessions.get(id).is_some_and(|session| session.is_live(now)),
        Guard::RevisionUnchanged { user, revision } => {
            state.users.get(user).is_some_and(|stored| stored.revision == *revision)
        }
        Guard::PasswordFailuresUnchanged { user, failures } => {
            state.users.get(user).and_then(|stored| stored.password_failures) == *failures
        }
        Guard::ActivityUnchanged { session, last_active_at } => {
            state.sessions.get(session).is_some_and(|session| session.last_active_at == *last_active_at)
        }
        Guard::NoInstance => state.instance.is_none(),
        Guard::NoNextKey => !state.keys.signing_keys().iter().any(|key| key.status == SigningKeyStatus::Next),
    }
}

/// Whether the stored state is the one that the write may start from.
pub(crate) fn may_be_written(state: &State, write: &Write, now: UnixMillis) -> bool {
    match write {
        Write::AddActorToken(token) => state.actor_tokens.get(&token.id).is_none(),
        Write::MoveActorToken { to, from } => {
            state.actor_tokens.get(&to.id).is_some_and(|token| token.status == *from)
        }
        Write::AddSignInToken(token) => state.sign_in_tokens.get(&token.id).is_none(),
        Write::MoveSignInToken { to, from } => {
            state.sign_in_tokens.get(&to.id).is_some_and(|token| token.status == *from)
        }
        Write::AddClient(client) => state.clients.get(&client.id).is_none(),
        Write::RotateCookie { client, .. } => state.clients.get(client).is_some(),
        Write::AddSession(session) => state.sessions.get(&session.id).is_none(),
        Write::MoveSession { to, from } => {
            state.sessions.get(&to.id).is_some_and(|session| session.status == *from)
        }
        Write::AddUser(user) => state.users.get(&user.id).is_none() && state.users.are_free_for(user),
        Write::ReplaceUser(user) => {
            let unchanged =
                state.users.get(&user.id).is_some_and(|stored| stored.revision + 1 == user.revision);
            unchanged && state.users.are_free_for(user)
        }
        Write::RemoveUser { user, revision } => {
            state.users.get(user).is_some_and(|stored| stored.revision == *revision)
        }
        Write::TakeReturn { client, session } => state.sign_ins.keeps_return_for(client, session),
        Write::AddSecretKey(key) => state.keys.secret_key(&key.id).is_none(),
        Write::RevokeSecretKey(key) => state.keys.secret_key(&key.id).is_some_and(SecretKey::is_valid),
        Write::AddSigningKey(key) => state.keys.signing_key(&key.id).is_none(),
        Write::MoveSigningKey { to, from } => {
            state.keys.signing_key(&to.id).is_some_and(|key| key.status == *from)
        }
        Write::RemoveSigningKey(id) => state.keys.signing_key(id).is_some(),
        Write::KeepAnswer(answer) => state.kept_answers.is_free(&answer.key_hash, now),
        Write::CountActorToken(_)
        | Write::EndSessions { .. }
        | Write::RevokeTokens { .. }
        | Write::RecordSignIn { .. }
        | Write::SetPasswordFailures { .. }
        | Write::EndSignIn(_)
        | Write::KeepReturn(_)
        | Write::DropReturn(_)
        | Write::DropReturns(_)
        | Write::SetStanding { .. }
        | Write::SetInstance(_) => true,
    }
}
