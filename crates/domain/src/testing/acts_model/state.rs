//! Whether the store holds what the model holds, and nothing else.

use super::{
    acts::{ACTORS, USERS},
    case::{Case, Verdict, same},
    model::{Entry, SessionRow, SigningKeyRow, TokenRow, UserRow},
    returns::ReturnRow,
};
use crate::{
    actor_token::{ActorToken, find::ActorTokenQuery},
    audit::{
        AuditEntry, Outcome,
        find::{AuditQuery, AuditRange},
    },
    client::Client,
    ids::{SignInTokenId, UserId},
    keys::SigningKey,
    page::{Listed, Page},
    secret::SecretHash,
    session::{Session, find::SessionQuery},
    sign_in_token::SignInToken,
    time::{Month, UnixMillis},
    user::{User, find::UserQuery},
};
use std::collections::BTreeMap;

const ALL: Page = Page { limit: Page::MAX_LIMIT, offset: 0 };

/// `played` is how many entries the record had before the act; those behind it may come in any order where
/// `any_order` says so.
pub(super) async fn compare(case: &Case<'_>, played: usize, any_order: bool) -> Verdict {
    compare_record(case, played, any_order).await?;
    compare_tokens(case).await?;
    compare_users(case).await?;
    compare_sessions(case).await?;
    compare_keys(case).await
}

async fn compare_record(case: &Case<'_>, played: usize, any_order: bool) -> Verdict {
    let entries = entries_behind(case, played as u64).await;
    let first = played as u64 + 1;
    let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
    same("positions", positions, (first..first + entries.len() as u64).collect())?;
    let mut found: Vec<_> = entries.iter().map(Entry::of).collect();
    let mut wanted = case.model.record[played..].to_vec();
    if any_order {
        found.sort();
        wanted.sort();
    }
    same("new entries", found, wanted)
}

async fn compare_tokens(case: &Case<'_>) -> Verdict {
    let (store, model) = (&case.world.store, &case.model);
    let query = ActorTokenQuery { limit: Page::MAX_LIMIT, ..ActorTokenQuery::default() };
    let actor_tokens = store.actor_tokens(&query).await.unwrap();
    let mut found: Vec<_> = actor_tokens.iter().map(TokenRow::of).collect();
    for row in model.tokens.iter().filter(|row| row.actor.is_none()) {
        let id = SignInTokenId::parse(&row.id).unwrap();
        found.extend(store.sign_in_token(&id).await.unwrap().iter().map(TokenRow::of_sign_in));
    }
    same_rows("tokens", found, model.tokens.clone(), |row| row.id.clone())?;
    let count = store.actor_tokens_created_in(Month::of(UnixMillis::from_millis(model.now))).await.unwrap();
    let month = Month::of(UnixMillis::from_millis(model.now)).key();
    same("tokens of the month", count, model.created_in_month.get(&month).copied().unwrap_or(0))
}

async fn compare_users(case: &Case<'_>) -> Verdict {
    let (store, model) = (&case.world.store, &case.model);
    let users = store.users(&UserQuery { page: ALL, ..UserQuery::default() }).await.unwrap();
    let found: BTreeMap<_, _> =
        users.iter().map(|user| (user.id.as_str().to_owned(), UserRow::of(user))).collect();
    same("users", &found, &model.users)?;
    same("the count of users", store.count_users(&UserQuery::default()).await.unwrap(), found.len() as u64)?;
    for id in USERS.iter().chain(&ACTORS) {
        let Some(user) = UserId::parse(id) else { continue };
        let standing = store.standing(&user).await.unwrap();
        same(id, (standing.present, standing.banned, standing.locked), model.standing(id))?;
    }
    for user in &users {
        for identifier in user.identifiers() {
            let owner = store.identifier_owner(&identifier).await.unwrap();
            same("the owner of an identifier", owner.as_ref(), Some(&user.id))?;
        }
    }
    Ok(())
}

async fn compare_sessions(case: &Case<'_>) -> Verdict {
    let (store, model) = (&case.world.store, &case.model);
    let now = UnixMillis::from_millis(model.now);
    let query = SessionQuery { client: None, user: None, status: None, now, page: ALL };
    let Listed { rows, total } = store.sessions(&query).await.unwrap();
    same("the total of sessions", total, model.sessions.len() as u64)?;
    let found: Vec<_> = rows.iter().map(SessionRow::of).collect();
    same_rows("sessions", found, model.sessions.clone(), |row| row.id.clone())?;
    let live = model.sessions.iter().filter(|row| row.is_live(model.now)).count() as u64;
    same("live sessions", store.count_live_sessions(now).await.unwrap(), live)?;
    let Listed { rows, total } = store.clients(ALL).await.unwrap();
    same("the total of clients", total, model.clients.len() as u64)?;
    let of = |client: &Client| (client.id.to_string(), client.updated_at.millis(), client.cookie_hash);
    let found = rows.iter().map(of).collect();
    let hash =
        |cookies: &[crate::secret::SecretText]| cookies.last().map(|text| SecretHash::of(text.reveal()));
    let wanted = model.clients.iter().map(|row| (row.id.clone(), row.updated, hash(&row.cookies))).collect();
    same_rows("clients", found, wanted, |(id, _, _)| id.clone())?;
    let mut returns = Vec::new();
    for client in &rows {
        returns.extend(store.kept_return(&client.id).await.unwrap().as_ref().map(ReturnRow::of));
    }
    same_rows("kept returns", returns, model.returns.clone(), |row| row.client.clone())
}

async fn compare_keys(case: &Case<'_>) -> Verdict {
    let (store, model) = (&case.world.store, &case.model);
    let keys = store.secret_keys().await.unwrap();
    let found = keys.iter().map(|key| (key.id.to_string(), key.revoked_at.map(UnixMillis::millis))).collect();
    let wanted = model.secret_keys.iter().map(|key| (key.id.clone(), key.revoked)).collect();
    same_rows("secret keys", found, wanted, |(id, _): &(String, _)| id.clone())?;
    let keys = store.signing_keys().await.unwrap();
    let found = keys.iter().map(SigningKeyRow::of).collect();
    same_rows("signing keys", found, model.signing_keys.clone(), |key| key.id.clone())
}

/// All entries behind a position.
pub(super) async fn entries_behind(case: &Case<'_>, after: u64) -> Vec<AuditEntry> {
    let range = AuditRange::Forward { after };
    let query = AuditQuery { range, limit: u32::MAX, ..AuditQuery::default() };
    case.world.store.audit_entries(&query).await.unwrap()
}

/// Compares without regard to order, and names only the rows that differ.
fn same_rows<T: PartialEq + std::fmt::Debug>(
    what: &str,
    mut found: Vec<T>,
    mut wanted: Vec<T>,
    id: impl Fn(&T) -> String,
) -> Verdict {
    found.sort_by_key(&id);
    wanted.sort_by_key(&id);
    if let Some((found, wanted)) = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted) {
        return same(what, found, wanted);
    }
    same(what, found.len(), wanted.len())
}

impl TokenRow {
    fn of(token: &ActorToken) -> Self {
        Self {
            id: token.id.to_string(),
            status: token.status.as_str(),
            subject: token.subject.as_str().to_owned(),
            actor: Some((token.actor.sub().to_owned(), token.actor.as_json().to_owned())),
            reason: token.reason.clone(),
            session_seconds: token.session_max_duration_seconds,
            updated: token.updated_at.millis(),
            expires: token.expires_at.millis(),
            session: token.session.as_ref().map(ToString::to_string),
            cause: token.revoked_because.map(crate::audit::Cause::as_str),
        }
    }

    fn of_sign_in(token: &SignInToken) -> Self {
        Self {
            id: token.id.to_string(),
            status: token.status.as_str(),
            subject: token.user.as_str().to_owned(),
            actor: None,
            reason: None,
            session_seconds: super::model::ORDINARY_SECONDS,
            updated: token.updated_at.millis(),
            expires: token.expires_at.millis(),
            session: token.session.as_ref().map(ToString::to_string),
            cause: token.revoked_because.map(crate::audit::Cause::as_str),
        }
    }
}

impl UserRow {
    fn of(user: &User) -> Self {
        Self {
            banned: user.banned,
            locked: user.locked,
            username: user.username.clone(),
            first_name: user.first_name.clone(),
            metadata: user.public_metadata.as_str().to_owned(),
            has_password: user.password.is_some(),
            updated: user.updated_at.millis(),
            last_sign_in: user.last_sign_in_at.map(UnixMillis::millis),
            last_active: user.last_active_at.map(UnixMillis::millis),
        }
    }
}

impl SessionRow {
    pub(super) fn of(session: &Session) -> Self {
        let actor = session.actor.as_ref();
        Self {
            id: session.id.to_string(),
            status: session.status.as_str(),
            user: session.user.as_str().to_owned(),
            actor: actor.map(|actor| (actor.sub().to_owned(), actor.as_json().to_owned())),
            token: session.actor_token.as_ref().map(ToString::to_string),
            client: session.client.to_string(),
            updated: session.updated_at.millis(),
            last_active: session.last_active_at.millis(),
            expires: session.expire_at.millis(),
            idle_seconds: session.idle_seconds,
        }
    }
}

impl SigningKeyRow {
    pub(super) fn of(key: &SigningKey) -> Self {
        Self {
            id: key.id.to_string(),
            status: key.status.as_str(),
            created: key.created_at.millis(),
            needed_until: key.needed_until.map(UnixMillis::millis),
        }
    }
}

impl Entry {
    pub(super) fn of(entry: &AuditEntry) -> Self {
        let event = &entry.event;
        let caller = &event.context.caller;
        Self {
            at: event.at.millis(),
            action: event.action.as_str(),
            denied: match &event.outcome {
                Outcome::Done => None,
                Outcome::Denied { code } => Some(code.to_string()),
            },
            cause: event.cause.map(crate::audit::Cause::as_str),
            caller: format!("{}:{}", caller.kind(), caller.id().unwrap_or("-")),
            subject: event.subject.as_ref().map(|id| id.as_str().to_owned()),
            actor_sub: event.actor_sub.as_deref().map(str::to_owned),
            actor_token: event.actor_token.as_ref().map(ToString::to_string),
            sign_in_token: event.sign_in_token.as_ref().map(ToString::to_string),
            session: event.session.as_ref().map(ToString::to_string),
            client: event.client.as_ref().map(ToString::to_string),
            secret_key: event.secret_key.as_ref().map(ToString::to_string),
            signing_key: event.signing_key.as_ref().map(ToString::to_string),
            reason: event.reason.clone(),
        }
    }
}
