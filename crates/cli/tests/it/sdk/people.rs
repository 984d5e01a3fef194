//! Users, their sessions and their clients.

use super::Instance;
use actas_sdk::{
    ErrorKind, RawJson,
    clients::ListClients,
    sessions::{ListSessions, SessionStatus},
    users::{CreateUser, ListUsers, UpdateUser, UserMetadata},
};
use std::time::Duration;

fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

fn full_user() -> CreateUser {
    CreateUser::new()
        .external_id("crm-1")
        .first_name("Ada")
        .last_name("Lovelace")
        .username("ada_1")
        .email_address("ada@example.com")
        .reserved_email_address("ada@later.example.com")
        .phone_number("+15555550100")
        .web3_wallet("0x1111111111111111111111111111111111111111")
        .password_digest("$2a$10$WPfTpYSTAFtR4bUFo7r9NOq7j1IhrxNOBqbC7lJvyCtRpc0oY29VO", "bcrypt")
        .public_metadata(raw(r#"{"z":1.50,"a":123456789012345678901234567890}"#))
        .private_metadata(raw(r#"{"notes":[]}"#))
        .unsafe_metadata(raw("{}"))
        .create_organizations_limit(3)
        .created_at("2020-02-29T12:00:00Z")
        .skip_password_checks(true)
        .skip_legal_checks(true)
}

#[tokio::test]
async fn a_users_life() {
    let instance = Instance::start();
    let users = instance.client.users();
    let ada = users.create(full_user()).await.unwrap();
    assert_eq!(
        (ada.email_address(), ada.full_name().as_deref()),
        (Some("ada@example.com"), Some("Ada Lovelace"))
    );
    let kept = ada.public_metadata().map(RawJson::as_str);
    assert_eq!(kept, Some(r#"{"z":1.50,"a":123456789012345678901234567890}"#));
    assert!(ada.email_addresses[1].reserved && ada.password_enabled);
    assert_eq!(ada.created_at.unix_millis(), 1_582_977_600_000);
    assert_eq!(users.get(&ada.id).await.unwrap(), ada);

    let changed =
        UpdateUser::new().first_name(Some("Augusta")).last_name(None).password("Correct-Horse-7-Battery");
    let changed = users.update(&ada.id, changed).await.unwrap();
    assert_eq!((changed.full_name().as_deref(), changed.password_enabled), (Some("Augusta"), true));
    let more = UserMetadata::new().public_metadata(raw(r#"{"a":null,"b":2}"#));
    let merged = users.merge_metadata(&ada.id, more).await.unwrap();
    assert_eq!(merged.public_metadata().unwrap().as_str(), r#"{"z":1.50,"b":2}"#);
    let other = UserMetadata::new().private_metadata(raw(r#"{"only":true}"#));
    let replaced = users.replace_metadata(&ada.id, other).await.unwrap();
    assert_eq!(replaced.private_metadata().unwrap().as_str(), r#"{"only":true}"#);

    assert!(users.ban(&ada.id).await.unwrap().banned);
    assert!(!users.unban(&ada.id).await.unwrap().banned);
    assert!(users.lock(&ada.id).await.unwrap().locked);
    assert!(!users.unlock(&ada.id).await.unwrap().locked);
    let deleted = users.delete(&ada.id).await.unwrap();
    assert_eq!((deleted.id.as_deref(), deleted.deleted), (Some(ada.id.as_str()), true));
    let error = users.get(&ada.id).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::ClerkErrors, Some("resource_not_found")));
    assert!(error.is_not_found());
}

#[tokio::test]
async fn what_is_refused_names_its_parameter() {
    let instance = Instance::start();
    let users = instance.client.users();
    users.create(CreateUser::new().email_address("one@example.com")).await.unwrap();
    let error = users.create(CreateUser::new().email_address("one@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::ClerkErrors, Some(422)));
    assert_eq!(error.code(), Some("form_identifier_exists"));
    assert_eq!(error.errors()[0].parameter().as_deref(), Some("email_address"));
    assert_eq!(error.trace_id().map(str::len), Some(32));
    let error = users.list(ListUsers::new().limit(501)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::ClerkErrors, Some("form_param_value_too_large")));
}

#[tokio::test]
async fn lists_of_users() {
    let instance = Instance::start();
    let users = instance.client.users();
    for number in 0..7 {
        let user = CreateUser::new().first_name("Row").username(format!("row_{number}"));
        users.create(user).await.unwrap();
    }
    let rows = ListUsers::new().name_query("Row");
    assert_eq!(users.count(rows.clone()).await.unwrap(), 7);
    let found = users.list(ListUsers::new().username("row_3").username("row_5").order_by("+username")).await;
    let found: Vec<_> = found.unwrap().into_iter().filter_map(|user| user.username).collect();
    assert_eq!(found, ["row_3", "row_5"]);
    for query in [rows.clone(), rows.order_by("username")] {
        let mut names = Vec::new();
        let mut pages = users.pages(query.limit(3));
        while let Some(page) = pages.next().await.unwrap() {
            names.extend(page.into_iter().filter_map(|user| user.username));
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 7, "each once: {names:?}");
    }
    let nobody = ListUsers::new()
        .email_address("x@example.com")
        .phone_number("+15555550199")
        .external_id("none")
        .query("none")
        .banned(true)
        .created_at_after(actas_sdk::Timestamp::from_unix_millis(1));
    assert_eq!(users.list(nobody).await.unwrap(), []);
}

#[tokio::test]
async fn sessions_and_their_tokens() {
    let instance = Instance::start();
    let (users, sessions) = (instance.client.users(), instance.client.sessions());
    let user = users.create(CreateUser::new().first_name("Sam")).await.unwrap();
    let made = sessions.create(&user.id).await.unwrap();
    assert_eq!((made.status.clone(), made.user_id.as_str()), (SessionStatus::Active, user.id.as_str()));
    assert_eq!((sessions.get(&made.id).await.unwrap(), made.actor.clone()), (made.clone(), None));
    let query = ListSessions::new().user_id(&user.id).status(SessionStatus::Active);
    assert_eq!(sessions.list(query.clone()).await.unwrap(), std::slice::from_ref(&made));
    let page = sessions.list_with_total(query.clone()).await.unwrap();
    assert_eq!((page.data, page.total_count), (vec![made.clone()], 1));
    let mut pages = sessions.pages(query.limit(1));
    assert_eq!(pages.next().await.unwrap().map(|rows| rows.len()), Some(1));
    assert_eq!(pages.next().await.unwrap().map(|rows| rows.len()), Some(0));

    let token = sessions.token(&made.id).await.unwrap();
    let longer = sessions.token_with_lifetime(&made.id, Duration::from_secs(600)).await.unwrap();
    assert!(token.jwt().starts_with("ey") && token != longer);
    assert_eq!(sessions.verify(&made.id, token.jwt()).await.unwrap().id, made.id);
    let error = sessions.verify(&made.id, "no token").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::ClerkErrors, Some(400)));
    let error = sessions.token_from_template(&made.id, "hasura").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    assert_eq!(sessions.revoke(&made.id).await.unwrap().status, SessionStatus::Revoked);
    assert!(sessions.get("sess_none").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn clients_and_their_sessions() {
    let instance = Instance::start();
    let (clients, sessions) = (instance.client.clients(), instance.client.sessions());
    let user = instance.client.users().create(CreateUser::new().first_name("Kim")).await.unwrap();
    let session = sessions.create(&user.id).await.unwrap();
    let id = session.client_id.clone().unwrap();
    let shown = clients.get(&id).await.unwrap();
    assert_eq!(
        (shown.session_ids.as_slice(), shown.sessions.as_slice()),
        ([session.id.clone()].as_slice(), [session].as_slice())
    );
    assert_eq!(clients.list(ListClients::new()).await.unwrap(), std::slice::from_ref(&shown));
    let mut pages = clients.pages(ListClients::new().limit(1));
    assert_eq!(pages.next().await.unwrap(), Some(vec![shown]));
    let error = clients.verify("no cookie").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::ClerkErrors, Some(400)));
}
