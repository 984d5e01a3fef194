//! What is sent: line, headers and body of each method.

use super::{
    KEY, TestClock, builder, client, request,
    scripted::{ACTOR_TOKEN, Asked, Scripted, json},
};
use actas_sdk::{
    CallOptions, Client, Error, RawJson, Server, Timestamp,
    actor_tokens::{Actor, ActorTokenStatus, CreateActorToken, ListActorTokens},
    audit_entries::{AuditOutcome, ListAuditEntries},
    clients::ListClients,
    sessions::{ListSessions, SessionStatus},
    sign_in_tokens::CreateSignInToken,
    users::{CreateUser, ListUsers, UpdateUser, UserMetadata},
};
use std::time::Duration;

/// What one call sends; what it makes of the answer does not matter.
async fn sent<T, F>(call: impl FnOnce(Client) -> F) -> Asked
where
    F: Future<Output = Result<T, Error>>,
{
    let server = Scripted::start([json(200, "{}")]).await;
    let _ = call(client(&server)).await;
    server.asked()[0].clone()
}

async fn line_and_body<T, F>(call: impl FnOnce(Client) -> F) -> (String, String)
where
    F: Future<Output = Result<T, Error>>,
{
    let asked = sent(call).await;
    let line = asked.line.strip_suffix(" HTTP/1.1").unwrap().to_owned();
    assert_eq!(asked.header("content-type").is_some(), !asked.body.is_empty(), "{line}");
    (line, String::from_utf8(asked.body).unwrap())
}

/// Asserts what is sent for a call.
macro_rules! sends {
    ($call:expr, $line:literal) => {
        sends!($call, $line, "");
    };
    ($call:expr, $line:literal, $body:literal) => {
        assert_eq!(line_and_body($call).await, ($line.to_owned(), $body.to_owned()));
    };
}

#[tokio::test]
async fn headers() {
    let asked = sent(|client| client.actor_tokens().create(request())).await;
    assert_eq!(asked.header("authorization"), Some("Bearer sk_test_hunter2"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("accept"), Some("application/json"));
    assert_eq!(asked.header("clerk-api-version"), Some("2026-05-12"));
    let user_agent = format!("actas-sdk-rust/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(asked.header("user-agent"), Some(user_agent.as_str()));
}

#[tokio::test]
async fn headers_of_the_callers_own() {
    let server = Scripted::start([json(200, "{}"), json(200, "{}")]).await;
    let client = builder(&server, &TestClock::new())
        .user_agent("my-app/1")
        .api_version("2024-10-01")
        .header("x-one", "1")
        .header("x-two", "2")
        .build()
        .unwrap();
    let _ = client.jwks().get().await;
    let options = CallOptions::new().header("X-Two", "two").unwrap().header("x-three", "3").unwrap();
    let _ =
        client.with(options).with(CallOptions::new().header("x-three", "three").unwrap()).jwks().get().await;
    let asked = server.asked();
    let of = |index: usize, name| asked[index].header(name);
    assert_eq!((of(0, "user-agent"), of(0, "clerk-api-version")), (Some("my-app/1"), Some("2024-10-01")));
    assert_eq!((of(0, "x-one"), of(0, "x-two"), of(0, "x-three")), (Some("1"), Some("2"), None));
    assert_eq!((of(1, "x-one"), of(1, "x-two"), of(1, "x-three")), (Some("1"), Some("two"), Some("three")));
}

#[tokio::test]
async fn headers_that_the_sdk_sets_cannot_be_set() {
    for name in [
        "authorization",
        "Authorization",
        "host",
        "content-length",
        "idempotency-key",
        "content-type",
        "expect",
    ] {
        assert!(CallOptions::new().header(name, "x").unwrap_err().is_request(), "{name}");
        assert!(Client::builder().bearer(KEY).header(name, "x").build().unwrap_err().is_builder(), "{name}");
    }
}

#[tokio::test]
async fn the_key_is_asked_for_before_each_attempt() {
    let server = Scripted::start([json(500, "{}"), json(200, r#"{"keys":[]}"#)]).await;
    let number = std::sync::atomic::AtomicU32::new(0);
    let next =
        move || Ok::<_, Error>(format!("key-{}", number.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
    let client = builder(&server, &TestClock::new()).bearer_from(next).build().unwrap();
    client.jwks().get().await.unwrap();
    let keys: Vec<_> =
        server.asked().iter().map(|asked| asked.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(keys, ["Bearer key-0", "Bearer key-1"]);
}

#[tokio::test]
async fn actor_tokens() {
    sends!(
        |client| client.actor_tokens().create(request()),
        "POST /v1/actor_tokens",
        r#"{"user_id":"user_bob","actor":{"sub":"user_alice"}}"#
    );
    let actor = Actor::new("user_alice").member("n", RawJson::parse("1.10").unwrap()).unwrap();
    let full = CreateActorToken::new("user_bob", actor)
        .expires_in(Duration::from_millis(600_999))
        .session_max_duration(Duration::from_secs(1_800))
        .reason("ticket \"4711\"");
    sends!(
        |client| client.actor_tokens().create(full),
        "POST /v1/actor_tokens",
        r#"{"user_id":"user_bob","actor":{"sub":"user_alice","n":1.10},"expires_in_seconds":600,"session_max_duration_in_seconds":1800,"reason":"ticket \"4711\""}"#
    );
    sends!(
        |client| client.actor_tokens().revoke("act_1/../x"),
        "POST /v1/actor_tokens/act_1%2F..%2Fx/revoke"
    );
    sends!(|client| client.actor_tokens().get("act_1"), "GET /v1/actor_tokens/act_1");
    sends!(|client| client.actor_tokens().list(ListActorTokens::new()), "GET /v1/actor_tokens");
    let query = ListActorTokens::new()
        .status(ActorTokenStatus::Pending)
        .user_id("u")
        .actor_sub("a b&c")
        .created_after(Timestamp::from_unix_millis(1))
        .created_before(Timestamp::from_unix_millis(2))
        .limit(3)
        .starting_after("act_4");
    sends!(
        |client| client.actor_tokens().list(query),
        "GET /v1/actor_tokens?status=pending&user_id=u&actor_sub=a+b%26c&created_after=1&created_before=2&limit=3&starting_after=act_4"
    );
}

#[tokio::test]
async fn sign_in_tokens() {
    let request = CreateSignInToken::new("u").expires_in(Duration::from_secs(60)).organization_id("org_1");
    sends!(
        |client| client.sign_in_tokens().create(request),
        "POST /v1/sign_in_tokens",
        r#"{"user_id":"u","org_id":"org_1","expires_in_seconds":60}"#
    );
    sends!(|client| client.sign_in_tokens().revoke("sit_1"), "POST /v1/sign_in_tokens/sit_1/revoke");
}

#[tokio::test]
async fn users() {
    sends!(
        |client| client.users().create(CreateUser::new().first_name("Bob")),
        "POST /v1/users",
        r#"{"first_name":"Bob"}"#
    );
    sends!(|client| client.users().get("u"), "GET /v1/users/u");
    let query = || {
        ListUsers::new()
            .email_address("a@a")
            .email_address("b@b")
            .query("x")
            .order_by("-created_at")
            .limit(5)
            .offset(10)
    };
    sends!(
        |client| client.users().list(query()),
        "GET /v1/users?email_address=a%40a&email_address=b%40b&query=x&order_by=-created_at&limit=5&offset=10"
    );
    sends!(
        |client| client.users().count(query()),
        "GET /v1/users/count?email_address=a%40a&email_address=b%40b&query=x"
    );
    sends!(
        |client| client.users().update("u", UpdateUser::new().username(None)),
        "PATCH /v1/users/u",
        r#"{"username":null}"#
    );
    let metadata = || UserMetadata::new().public_metadata(RawJson::parse(r#"{"a":1}"#).unwrap());
    sends!(
        |client| client.users().merge_metadata("u", metadata()),
        "PATCH /v1/users/u/metadata",
        r#"{"public_metadata":{"a":1}}"#
    );
    sends!(
        |client| client.users().replace_metadata("u", metadata()),
        "PUT /v1/users/u/metadata",
        r#"{"public_metadata":{"a":1}}"#
    );
    sends!(|client| client.users().delete("u"), "DELETE /v1/users/u");
    sends!(|client| client.users().ban("u"), "POST /v1/users/u/ban");
    sends!(|client| client.users().unban("u"), "POST /v1/users/u/unban");
    sends!(|client| client.users().lock("u"), "POST /v1/users/u/lock");
    sends!(|client| client.users().unlock("u"), "POST /v1/users/u/unlock");
}

#[tokio::test]
async fn sessions() {
    sends!(|client| client.sessions().create("u"), "POST /v1/sessions", r#"{"user_id":"u"}"#);
    let query = || ListSessions::new().user_id("u").client_id("c").status(SessionStatus::Active).limit(1);
    sends!(
        |client| client.sessions().list(query()),
        "GET /v1/sessions?user_id=u&client_id=c&status=active&limit=1"
    );
    sends!(
        |client| client.sessions().list_with_total(query().offset(2)),
        "GET /v1/sessions?user_id=u&client_id=c&status=active&limit=1&offset=2&paginated=true"
    );
    sends!(|client| client.sessions().get("s"), "GET /v1/sessions/s");
    sends!(|client| client.sessions().revoke("s"), "POST /v1/sessions/s/revoke");
    sends!(|client| client.sessions().token("s"), "POST /v1/sessions/s/tokens");
    sends!(
        |client| client.sessions().token_with_lifetime("s", Duration::from_secs(90)),
        "POST /v1/sessions/s/tokens",
        r#"{"expires_in_seconds":90}"#
    );
    sends!(|client| client.sessions().token_from_template("s", "t/t"), "POST /v1/sessions/s/tokens/t%2Ft");
    let asked = sent(|client| client.sessions().verify("s", "jwt")).await;
    assert_eq!(asked.line, "POST /v1/sessions/s/verify HTTP/1.1");
    assert_eq!(asked.header("clerk-api-version"), Some("2024-10-01"), "the last one that has it");
    assert_eq!(asked.body, br#"{"token":"jwt"}"#);
}

#[tokio::test]
async fn the_others() {
    sends!(|client| client.jwks().get(), "GET /v1/jwks");
    sends!(|client| client.instance().get(), "GET /v1/instance");
    sends!(
        |client| client.clients().list(ListClients::new().limit(2).offset(4)),
        "GET /v1/clients?limit=2&offset=4"
    );
    sends!(|client| client.clients().get("c"), "GET /v1/clients/c");
    sends!(|client| client.clients().verify("cookie"), "POST /v1/clients/verify", r#"{"token":"cookie"}"#);
    let query = ListAuditEntries::new()
        .user_id("u")
        .actor_sub("a")
        .actor_token_id("act")
        .session_id("s")
        .action("actor_token.created")
        .outcome(AuditOutcome::Denied)
        .at_after(Timestamp::from_unix_millis(1))
        .at_before(Timestamp::from_unix_millis(2))
        .before(9)
        .after(0)
        .limit(500);
    sends!(
        |client| client.audit_entries().list(query),
        "GET /v1/audit_entries?user_id=u&actor_sub=a&actor_token_id=act&session_id=s&action=actor_token.created&outcome=denied&at_after=1&at_before=2&after=0&limit=500"
    );
    sends!(
        |client| client.audit_entries().list(ListAuditEntries::new().after(1).before(3)),
        "GET /v1/audit_entries?before=3"
    );
}

/// No URL has such a segment: it would be left out, and something else would be called.
#[tokio::test]
async fn an_id_that_is_none_is_not_sent() {
    let server = Scripted::start([]).await;
    for id in ["", ".", ".."] {
        let error = client(&server).users().delete(id).await.unwrap_err();
        assert!(error.is_request() && error.attempts() == 0, "{error:?}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_server_under_a_path() {
    let server = Scripted::start([json(200, ACTOR_TOKEN)]).await;
    let under = Server::actas(&format!("{}/auth/", server.url())).unwrap();
    let client = builder(&server, &TestClock::new()).server(under).build().unwrap();
    client.actor_tokens().revoke("act_1").await.unwrap();
    assert_eq!(server.asked()[0].line, "POST /auth/v1/actor_tokens/act_1/revoke HTTP/1.1");
}

#[tokio::test]
async fn an_id_that_is_another_path_is_refused_unsent() {
    let server = Scripted::start([]).await;
    for id in ["count", "import"] {
        let error = client(&server).users().get(id).await.unwrap_err();
        assert_eq!((error.is_request(), error.operation()), (true, Some("users.get")), "{id}");
    }
    assert!(server.asked().is_empty());
}
