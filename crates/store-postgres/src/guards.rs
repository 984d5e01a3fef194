//! What must hold for a change to land: its guards, and the state that each of its writes may start from.

use crate::state::State;
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use actas_domain::{
    change::{Guard, Write},
    secret_key::SecretKey,
    time::UnixMillis,
};

/// Has all looked for that the guard depends on.
pub(crate) fn want(state: &mut State, guard: &Guard) {
    match guard {
        Guard::AnotherSecretKeyValid(_) => state.keys.want_all_secret(),
        Guard::SecretKeyValid(id) => state.keys.secret.want(id),
        Guard::InGoodStanding { user, .. }
        | Guard::StandingUnchanged { user, .. }
        | Guard::RevisionUnchanged { user, .. } => state.users.want(user),
        Guard::PasswordFailuresUnchanged { user, .. } => state.sign_ins.failures.want(user),
        Guard::QuotaLeft { month, .. } => state.actor_tokens.created_in.want(month),
        Guard::Before(_) => {}
        Guard::CookieUnchanged { client, .. } => state.clients.rows.want(client),
        Guard::NoImpersonation(client) => state.sessions.want_active_of_client(client),
        Guard::SessionLive(id) | Guard::ActivityUnchanged { session: id, .. } => state.sessions.rows.want(id),
        Guard::NoInstance => state.keys.instance.want(&()),
        Guard::NoNextKey => state.keys.want_next_signing(),
    }
}

pub(crate) fn holds(state: &State, guard: &Guard, now: UnixMillis) -> bool {
    match guard {
        Guard::AnotherSecretKeyValid(id) => state.keys.is_another_secret_valid(id),
        Guard::SecretKeyValid(id) => state.keys.secret.get(id).is_some_and(SecretKey::is_valid),
        Guard::InGoodStanding { user, must_be_present } => {
            let standing = state.users.standing(user);
            standing.is_good() && (standing.present || !must_be_present)
        }
        Guard::StandingUnchanged { user, standing } => state.users.standing(user) == *standing,
        Guard::QuotaLeft { month, limit } => state.actor_tokens.created_in(*month) < *limit,
        Guard::Before(end) => now < *end,
        Guard::CookieUnchanged { client, hash } => {
            state.clients.rows.get(client).is_some_and(|client| client.cookie_hash == Some(*hash))
        }
        Guard::NoImpersonation(client) => !state.sessions.impersonates(client, now),
        Guard::SessionLive(id) => state.sessions.rows.get(id).is_some_and(|session| session.is_live(now)),
        Guard::RevisionUnchanged { user, revision } => state.users.revision(user) == Some(*revision),
        Guard::PasswordFailuresUnchanged { user, failures } => {
            state.sign_ins.failures.get(user).copied() == *failures
        }
        Guard::ActivityUnchanged { session, last_active_at } => {
            let stored = state.sessions.rows.get(session);
            stored.is_some_and(|session| session.last_active_at == *last_active_at)
        }
        Guard::NoInstance => state.keys.instance.get(&()).is_none(),
        Guard::NoNextKey => !state.keys.is_next_signing_there(),
    }
}

/// Whether the stored state is the one that the write may start from.
pub(crate) fn may_be_written(state: &State, write: &Write, now: UnixMillis) -> bool {
    match write {
        Write::AddActorToken(token) => state.actor_tokens.rows.get(&token.id).is_none(),
        #[cfg(feature = "mutations")]
        Write::MoveActorToken { .. } if mutation::is(Mutation::TokenMovedFromAnywhere) => true,
        Write::MoveActorToken { to, from } => {
            state.actor_tokens.rows.get(&to.id).is_some_and(|token| token.status == *from)
        }
        Write::AddSignInToken(token) => state.sign_in_tokens.rows.get(&token.id).is_none(),
        Write::MoveSignInToken { to, from } => {
            state.sign_in_tokens.rows.get(&to.id).is_some_and(|token| token.status == *from)
        }
        Write::AddClient(client) => state.clients.rows.get(&client.id).is_none(),
        Write::RotateCookie { client, .. } => state.clients.rows.get(client).is_some(),
        Write::AddSession(session) => state.sessions.rows.get(&session.id).is_none(),
        Write::MoveSession { to, from } => {
            state.sessions.rows.get(&to.id).is_some_and(|session| session.status == *from)
        }
        Write::AddUser(user) => state.users.revision(&user.id).is_none() && state.users.are_free_for(user),
        Write::ReplaceUser(user) => {
            let unchanged =
                state.users.revision(&user.id).is_some_and(|revision| revision + 1 == user.revision);
            unchanged && state.users.are_free_for(user)
        }
        Write::RemoveUser { user, revision } => state.users.revision(user) == Some(*revision),
        Write::TakeReturn { client, session } => state.sign_ins.keeps_return_for(client, session),
        Write::AddSecretKey(key) => state.keys.secret.get(&key.id).is_none(),
        Write::RevokeSecretKey(key) => state.keys.secret.get(&key.id).is_some_and(SecretKey::is_valid),
        Write::AddSigningKey(key) => state.keys.signing.get(&key.id).is_none(),
        Write::MoveSigningKey { to, from } => {
            state.keys.signing.get(&to.id).is_some_and(|key| key.status == *from)
        }
        Write::RemoveSigningKey(id) => state.keys.signing.get(id).is_some(),
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
