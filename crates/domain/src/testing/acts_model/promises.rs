//! The promises, of the rows and the record themselves, without regard to what the model expects.

use super::{
    case::{Case, Verdict, same},
    state::entries_behind,
};
use crate::{
    actor_token::{ActorTokenStatus, find::ActorTokenQuery},
    audit::{Action, AuditEntry, Outcome},
    ids::SessionId,
    page::Page,
    session::{Session, SessionStatus, find::SessionQuery},
    time::UnixMillis,
};
use proptest::test_runner::TestCaseError;
use std::collections::{HashMap, HashSet};

const ALL: Page = Page { limit: Page::MAX_LIMIT, offset: 0 };

pub(super) async fn check(case: &Case<'_>) -> Verdict {
    let store = &case.world.store;
    let now = UnixMillis::from_millis(case.model.now);
    let query = SessionQuery { client: None, user: None, status: None, now, page: ALL };
    let sessions = store.sessions(&query).await.unwrap().rows;
    let entries = entries_behind(case, 0).await;
    one_session_for_each_ticket(case, &sessions).await?;
    one_entry_for_each_state(case, &sessions, &entries)?;
    no_live_session_of_the_fallen(case, &sessions, now).await?;
    no_chains(&sessions, now)?;
    no_secret_is_kept(case, &sessions, &entries).await
}

/// Promise 1. An accepted token has its session, and no session has the token of another.
async fn one_session_for_each_ticket(case: &Case<'_>, sessions: &[Session]) -> Verdict {
    let query = ActorTokenQuery { limit: Page::MAX_LIMIT, ..ActorTokenQuery::default() };
    let tokens = case.world.store.actor_tokens(&query).await.unwrap();
    for session in sessions.iter().filter(|session| session.actor_token.is_some()) {
        let has_token = tokens.iter().any(|token| session.actor_token.as_ref() == Some(&token.id));
        same("the token of a session is kept with it", has_token, true)?;
    }
    for token in tokens {
        let of_token = sessions.iter().filter(|session| session.actor_token.as_ref() == Some(&token.id));
        let ids: Vec<_> = of_token.map(|session| &session.id).collect();
        let is_accepted = token.status == ActorTokenStatus::Accepted;
        same("the sessions of a token", ids, token.session.iter().collect())?;
        same("a session only of an accepted token", token.session.is_some(), is_accepted)?;
    }
    Ok(())
}

/// Promise 5. A session has one beginning in the record and, once over, one end, also when it was purged; a token has
/// one of each at most.
fn one_entry_for_each_state(case: &Case<'_>, sessions: &[Session], entries: &[AuditEntry]) -> Verdict {
    let mut beginnings: HashMap<&SessionId, usize> = HashMap::new();
    let mut ends: HashMap<&SessionId, Vec<Action>> = HashMap::new();
    let mut token_states = HashSet::new();
    for AuditEntry { event, .. } in entries.iter().filter(|entry| entry.event.outcome == Outcome::Done) {
        let token = (&event.actor_token, &event.sign_in_token);
        match event.action {
            Action::ActorTokenCreated | Action::SignInTokenCreated => {
                same("a token is created once", token_states.insert((token, "begins")), true)?;
            }
            Action::ActorTokenRevoked | Action::SignInTokenRevoked => {
                same("a token ends once", token_states.insert((token, "ends")), true)?;
            }
            Action::ActorTokenAccepted | Action::SignInTokenAccepted => {
                same("a token ends once", token_states.insert((token, "ends")), true)?;
                *beginnings.entry(event.session.as_ref().unwrap()).or_default() += 1;
            }
            Action::SessionCreated => *beginnings.entry(event.session.as_ref().unwrap()).or_default() += 1,
            action => {
                if SessionStatus::ALL.iter().any(|status| status.ending_action() == Some(action)) {
                    ends.entry(event.session.as_ref().unwrap()).or_default().push(action);
                }
            }
        }
    }
    let purged = &case.model.purged_sessions;
    same("sessions that begin in the record", beginnings.len(), sessions.len() + purged.len())?;
    for session in sessions {
        same("beginnings of a session", beginnings.get(&session.id).copied(), Some(1))?;
        let wanted = session.status.ending_action().map(|action| vec![action]);
        same("ends of a session", ends.remove(&session.id), wanted)?;
    }
    for (session, of_session) in &ends {
        same("what ended and is not there was purged", purged.contains(session.as_str()), true)?;
        same("ends of a purged session", of_session.len(), 1)?;
    }
    same("every purged session had ended", ends.len(), purged.len())
}

/// Promise 7. Neither its subject nor a directory's actor of a live session is deleted, banned or locked.
async fn no_live_session_of_the_fallen(case: &Case<'_>, sessions: &[Session], now: UnixMillis) -> Verdict {
    for session in sessions.iter().filter(|session| session.is_live(now)) {
        let subject = case.world.store.standing(&session.user).await.unwrap();
        same("a live session's subject is in good standing", subject.is_good(), true)?;
        same("a live session's subject is there", subject.present || !case.model.rules.managed, true)?;
        let Some(actor) = session.actor.as_ref().and_then(crate::actor::Actor::directory_id) else {
            continue;
        };
        let actor = case.world.store.standing(&actor).await.unwrap();
        same("a live session's actor is in good standing", actor.is_good(), true)?;
    }
    Ok(())
}

/// Promise 7. A client has one live session, so that an impersonation stands alone.
fn no_chains(sessions: &[Session], now: UnixMillis) -> Verdict {
    let mut clients = HashSet::new();
    for session in sessions.iter().filter(|session| session.is_live(now)) {
        same("one live session on a client", clients.insert(&session.client), true)?;
    }
    Ok(())
}

/// Promise 6. No ticket, cookie or key is in anything that the store answers.
async fn no_secret_is_kept(case: &Case<'_>, sessions: &[Session], entries: &[AuditEntry]) -> Verdict {
    let store = &case.world.store;
    let tokens = ActorTokenQuery { limit: Page::MAX_LIMIT, ..ActorTokenQuery::default() };
    let shown = format!(
        "{sessions:?} {entries:?} {:?} {:?} {:?}",
        store.actor_tokens(&tokens).await.unwrap(),
        store.clients(ALL).await.unwrap(),
        store.secret_keys().await.unwrap(),
    );
    let cookies = case.model.clients.iter().flat_map(|client| &client.cookies);
    let keys = case.model.secret_keys.iter().map(|key| &key.text);
    let tokens = case.session_tokens.iter().map(|token| &token.text);
    for secret in case.tickets.iter().chain(cookies).chain(keys).chain(tokens) {
        if shown.contains(secret.reveal()) {
            return Err(TestCaseError::fail("a secret is kept in the clear"));
        }
    }
    Ok(())
}
