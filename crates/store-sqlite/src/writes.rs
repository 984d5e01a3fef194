//! The writes themselves. Each checks in its own statement that it starts from the state it names, so that no
//! condition is read twice; one that does not hold undoes the whole change.

use crate::{
    actor_tokens, clients, fault::Fault, kept_answers, keys, sessions, sign_in_tokens, sign_ins, users,
};
#[cfg(feature = "mutations")]
use actas_domain::mutation::{self, Mutation};
use actas_domain::{
    actor_token::ActorTokenStatus,
    audit::AuditEvent,
    change::{Change, Downfall, SessionSelection, Write},
    ids::UserId,
    session::{Ending, SessionStatus},
    sign_in_token::SignInTokenStatus,
    time::UnixMillis,
};
use rusqlite::Connection;

/// Carries out one write of the change; `false` when its condition does not hold. The events of a set-wise write
/// are added to `derived`, in the order of the rows' ids.
pub(crate) fn write(
    connection: &Connection,
    change: &Change,
    write: &Write,
    now: UnixMillis,
    derived: &mut Vec<AuditEvent>,
) -> Result<bool, Fault> {
    match write {
        Write::AddActorToken(token) => added(actor_tokens::add(connection, token)),
        #[cfg(feature = "mutations")]
        Write::MoveActorToken { to, .. } if mutation::is(Mutation::TokenMovedFromAnywhere) => {
            let moved = ActorTokenStatus::ALL.iter().map(|from| actor_tokens::move_to(connection, to, *from));
            moved.reduce(|one, other| Ok(one? || other?)).unwrap_or(Ok(false))
        }
        Write::MoveActorToken { to, from } => actor_tokens::move_to(connection, to, *from),
        Write::CountActorToken(month) => done(actor_tokens::count(connection, *month)),
        Write::AddSignInToken(token) => added(sign_in_tokens::add(connection, token)),
        Write::MoveSignInToken { to, from } => sign_in_tokens::replace(connection, to, *from),
        Write::AddClient(client) => added(clients::add(connection, client)),
        Write::RotateCookie { client, hash } => clients::rotate_cookie(connection, client, hash),
        Write::AddSession(session) => added(sessions::add(connection, session)),
        Write::MoveSession { to, from } => sessions::move_to(connection, to, *from),
        Write::EndSessions { of, ending } => {
            done(end_sessions(connection, change, of, *ending, now, derived))
        }
        Write::RevokeTokens { party, downfall } => {
            done(revoke_tokens(connection, change, party, *downfall, now, derived))
        }
        Write::AddUser(user) => users::add(connection, user),
        Write::ReplaceUser(user) => users::replace(connection, user),
        Write::RemoveUser { user, revision } => users::remove(connection, user, *revision),
        Write::RecordSignIn { user, at } => done(users::record_sign_in(connection, user, *at)),
        Write::SetPasswordFailures { user, failures } => {
            done(sign_ins::set_failures(connection, user, *failures))
        }
        Write::EndSignIn(client) => done(sign_ins::end(connection, client)),
        Write::KeepReturn(kept) => done(sign_ins::keep_return(connection, kept)),
        Write::TakeReturn { client, session } => sign_ins::take_return(connection, client, session),
        Write::DropReturn(client) => done(sign_ins::drop_return(connection, client)),
        Write::DropReturns(user) => done(sign_ins::drop_returns(connection, user)),
        Write::SetStanding { user, standing } => done(users::set_standing(connection, user, *standing)),
        Write::AddSecretKey(key) => added(keys::add_secret_key(connection, key)),
        Write::RevokeSecretKey(key) => keys::revoke_secret_key(connection, key),
        Write::AddSigningKey(key) => added(keys::add_signing_key(connection, key)),
        Write::MoveSigningKey { to, from } => keys::replace_signing_key(connection, to, *from),
        Write::RemoveSigningKey(id) => keys::remove_signing_key(connection, id),
        Write::KeepAnswer(answer) => kept_answers::keep(connection, answer, now),
        Write::SetInstance(instance) => done(keys::set_instance(connection, instance)),
    }
}

/// A write without a condition.
fn done(outcome: Result<(), Fault>) -> Result<bool, Fault> {
    outcome.map(|()| true)
}

/// A write whose condition is that the key is free.
fn added(outcome: Result<(), Fault>) -> Result<bool, Fault> {
    match outcome {
        Ok(()) => Ok(true),
        Err(fault) if fault.is_key_taken() => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn end_sessions(
    connection: &Connection,
    change: &Change,
    selection: &SessionSelection,
    ending: Ending,
    now: UnixMillis,
    derived: &mut Vec<AuditEvent>,
) -> Result<(), Fault> {
    for session in sessions::active(connection, selection)? {
        let (ended, event) = change.session_end(selection, &session, ending, now);
        sessions::move_to(connection, &ended, SessionStatus::Active)?;
        derived.push(event);
    }
    Ok(())
}

fn revoke_tokens(
    connection: &Connection,
    change: &Change,
    party: &UserId,
    downfall: Downfall,
    now: UnixMillis,
    derived: &mut Vec<AuditEvent>,
) -> Result<(), Fault> {
    for token in actor_tokens::pending_of_party(connection, party)? {
        let (revoked, event) = change.actor_token_revocation(party, downfall, &token, now);
        actor_tokens::move_to(connection, &revoked, ActorTokenStatus::Pending)?;
        derived.push(event);
    }
    for token in sign_in_tokens::pending_of_user(connection, party)? {
        let (revoked, event) = change.sign_in_token_revocation(downfall, &token, now);
        sign_in_tokens::replace(connection, &revoked, SignInTokenStatus::Pending)?;
        derived.push(event);
    }
    Ok(())
}
