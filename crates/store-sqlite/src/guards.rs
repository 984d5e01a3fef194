//! What must hold for a change to land, read inside its transaction.

use crate::{actor_tokens, clients, fault::Fault, keys, sessions, sign_ins, users};
use actas_domain::{change::Guard, sign_in::failures::Guessed, time::UnixMillis};
use rusqlite::Connection;

pub(crate) fn holds(connection: &Connection, guard: &Guard, now: UnixMillis) -> Result<bool, Fault> {
    match guard {
        Guard::AnotherSecretKeyValid(id) => keys::is_another_secret_key_valid(connection, id),
        Guard::SecretKeyValid(id) => keys::is_valid_secret_key(connection, id),
        Guard::InGoodStanding { user, must_be_present } => {
            let standing = users::standing(connection, user)?;
            Ok(standing.is_good() && (standing.present || !must_be_present))
        }
        Guard::StandingUnchanged { user, standing } => Ok(users::standing(connection, user)? == *standing),
        Guard::QuotaLeft { month, limit } => Ok(actor_tokens::created_in(connection, *month)? < *limit),
        Guard::Before(end) => Ok(now < *end),
        Guard::CookieUnchanged { client, hash } => clients::holds_cookie(connection, client, hash),
        Guard::NoImpersonation(client) => Ok(!sessions::impersonates(connection, client, now)?),
        Guard::SessionLive(id) => {
            Ok(sessions::find(connection, id)?.is_some_and(|session| session.is_live(now)))
        }
        Guard::RevisionUnchanged { user, revision } => {
            Ok(users::revision(connection, user)? == Some(*revision))
        }
        Guard::PasswordFailuresUnchanged { user, failures } => {
            Ok(sign_ins::failures(connection, &Guessed::User(user.clone()))? == *failures)
        }
        Guard::ActivityUnchanged { session, last_active_at } => {
            let stored = sessions::find(connection, session)?;
            Ok(stored.is_some_and(|session| session.last_active_at == *last_active_at))
        }
        Guard::NoInstance => Ok(keys::instance(connection)?.is_none()),
        Guard::NoNextKey => Ok(!keys::is_next_signing_key_there(connection)?),
    }
}
