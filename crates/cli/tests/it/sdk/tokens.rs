//! Actor tokens, sign-in tokens, and what the record tells of them.

use super::Instance;
use actas_sdk::{
    CallOptions, Error, ErrorKind, RawJson,
    actor_tokens::{Actor, ActorTokenStatus, CreateActorToken, ListActorTokens},
    audit_entries::{AuditOutcome, CallerKind, ListAuditEntries},
    sign_in_tokens::{CreateSignInToken, SignInTokenStatus},
    users::CreateUser,
};
use std::time::Duration;

async fn a_user(instance: &Instance) -> String {
    instance.client.users().create(CreateUser::new().first_name("Bob")).await.unwrap().id
}

fn refusal(error: &Error) -> (ErrorKind, Option<u16>, Option<&str>) {
    (error.kind(), error.status(), error.code())
}

#[tokio::test]
async fn an_actor_token_from_its_making_to_its_session() {
    let instance = Instance::start();
    let (bob, tokens) = (a_user(&instance).await, instance.client.actor_tokens());
    let actor = Actor::new("cli:alice@example.com")
        .member("iss", "https://support.example.com")
        .unwrap()
        .member("z", RawJson::parse("1.50").unwrap())
        .unwrap();
    let request = CreateActorToken::new(&bob, actor.clone())
        .expires_in(Duration::from_secs(600))
        .session_max_duration(Duration::from_secs(900))
        .reason("case 4711");
    let created = tokens.create(request).await.unwrap();
    assert_eq!((&created.status, created.actor.as_json()), (&ActorTokenStatus::Pending, actor.as_json()));
    let ticket = created.ticket().unwrap();
    assert!(created.url().unwrap().ends_with(ticket));

    let details = tokens.get(&created.id).await.unwrap();
    assert_eq!(
        (details.reason.as_deref(), details.session_max_duration_in_seconds),
        (Some("case 4711"), 900)
    );
    assert_eq!(details.expires_at.unix_millis() - details.created_at.unix_millis(), 600_000);
    instance.redeem(ticket);
    let details = tokens.get(&created.id).await.unwrap();
    assert_eq!(details.status, ActorTokenStatus::Accepted);
    let session = instance.client.sessions().get(details.session_id.unwrap()).await.unwrap();
    assert_eq!((session.user_id, session.actor), (bob, Some(actor)));

    let error = tokens.revoke(&created.id).await.unwrap_err();
    assert_eq!(
        refusal(&error),
        (ErrorKind::ClerkErrors, Some(400), Some("actor_token_cannot_be_revoked_code"))
    );
    let error = tokens.revoke("act_none").await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::ClerkErrors, Some(404), Some("resource_not_found")));
    assert!(tokens.get("act_none").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn what_create_refuses() {
    let instance = Instance::start();
    let (bob, tokens) = (a_user(&instance).await, instance.client.actor_tokens());
    let alice = || Actor::new("user_alice");
    let error = tokens.create(CreateActorToken::new(&bob, alice()).expires_in_seconds(0)).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::ClerkErrors, Some(422), Some("form_param_value_invalid")));
    assert_eq!(error.errors()[0].parameter().as_deref(), Some("expires_in_seconds"));
    let error = tokens.create(CreateActorToken::new(&bob, Actor::new(""))).await.unwrap_err();
    assert_eq!(error.errors()[0].parameter().as_deref(), Some("actor.sub"));
    // 404 is none of the statuses that the reference names for create.
    let error = tokens.create(CreateActorToken::new("user_nobody", alice())).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::ApiError, Some(404), Some("resource_not_found")));
}

#[tokio::test]
async fn lists_of_actor_tokens() {
    let instance = Instance::start();
    let (bob, tokens) = (a_user(&instance).await, instance.client.actor_tokens());
    let mut made = Vec::new();
    for number in 0..5 {
        let request = CreateActorToken::new(&bob, Actor::new(format!("actor {}", number % 2)));
        let token = tokens.create(request).await.unwrap();
        made.push((token.created_at, token.id));
    }
    let first = made[0].1.clone();
    assert_eq!(tokens.revoke(&first).await.unwrap().status, ActorTokenStatus::Revoked);
    // Of those of one millisecond the id decides.
    made.sort();
    let made: Vec<String> = made.into_iter().rev().map(|(_, id)| id).collect();
    let mut found = Vec::new();
    let mut pages = tokens.pages(ListActorTokens::new().user_id(&bob).limit(2));
    while let Some(page) = pages.next().await.unwrap() {
        found.extend(page.data.into_iter().map(|token| token.id));
    }
    assert_eq!(found, made);
    let revoked = ListActorTokens::new().status(ActorTokenStatus::Revoked).actor_sub("actor 0");
    let page = tokens.list(revoked).await.unwrap();
    assert_eq!((page.data.len(), page.has_more, page.data[0].id.as_str()), (1, false, first.as_str()));
    assert!(page.data[0].revoked_because.is_some());
}

#[tokio::test]
async fn sign_in_tokens() {
    let instance = Instance::start();
    let (bob, tokens) = (a_user(&instance).await, instance.client.sign_in_tokens());
    let created =
        tokens.create(CreateSignInToken::new(&bob).expires_in(Duration::from_secs(60))).await.unwrap();
    assert!(created.url().unwrap().ends_with(created.ticket().unwrap()));
    assert_eq!(tokens.revoke(&created.id).await.unwrap().status, SignInTokenStatus::Revoked);
    let error = tokens.revoke(&created.id).await.unwrap_err();
    assert_eq!(
        refusal(&error),
        (ErrorKind::ClerkErrors, Some(400), Some("sign_in_token_cannot_be_revoked_code"))
    );
    let error = tokens.create(CreateSignInToken::new("user_nobody")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_not_found()), (ErrorKind::ClerkErrors, true));
}

#[tokio::test]
async fn the_record() {
    let instance = Instance::start();
    let (bob, entries) = (a_user(&instance).await, instance.client.audit_entries());
    let request = CreateActorToken::new(&bob, Actor::new("user_alice")).reason("case 4711");
    let created = instance.client.actor_tokens().create(request).await.unwrap();
    let query = ListAuditEntries::new().actor_token_id(&created.id).action("actor_token.created");
    let page =
        entries.list(query.user_id(&bob).actor_sub("user_alice").outcome(AuditOutcome::Done)).await.unwrap();
    let entry = &page.data[0];
    assert_eq!((page.data.len(), page.has_more), (1, false));
    assert_eq!((&entry.caller.kind, entry.reason.as_deref()), (&CallerKind::SecretKey, Some("case 4711")));

    let positions = async |query: ListAuditEntries| {
        let mut positions = Vec::new();
        let mut pages = entries.pages(query.limit(2));
        while let Some(page) = pages.next().await.unwrap() {
            positions.extend(page.data.into_iter().map(|entry| entry.position));
        }
        positions
    };
    let forward = positions(ListAuditEntries::new().after(0)).await;
    let mut backward = positions(ListAuditEntries::new()).await;
    backward.reverse();
    assert_eq!(forward, (1..=entry.position).collect::<Vec<_>>());
    assert_eq!(forward, backward);
    let error = entries.list(ListAuditEntries::new().action("no.action")).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::ClerkErrors, Some(422)));
}

/// Two calls of one key and body act once, and have one answer.
#[tokio::test]
async fn one_idempotency_key_acts_once() {
    let instance = Instance::start();
    let bob = a_user(&instance).await;
    let keyed =
        || instance.client.with(CallOptions::new().idempotency_key("case-4711").unwrap()).actor_tokens();
    let request = || CreateActorToken::new(&bob, Actor::new("user_alice"));
    let first = keyed().create(request()).await.unwrap();
    let again = keyed().create(request()).await.unwrap();
    assert_eq!((&first, first.ticket()), (&again, again.ticket()));
    let error = keyed().create(request().reason("another body")).await.unwrap_err();
    assert_eq!(refusal(&error), (ErrorKind::ClerkErrors, Some(422), Some("idempotency_key_reused")));
    assert_eq!(error.attempts(), 1);
}
