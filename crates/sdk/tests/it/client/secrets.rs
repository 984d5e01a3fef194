//! What no `Debug`, no error and no hook shows.

use super::{
    KEY, TestClock, builder, request,
    scripted::{ACTOR_TOKEN, Act, Scripted, answer, json},
};
use actas_sdk::{
    CallOptions, Client, RawJson, Server,
    users::{CreateUser, UserMetadata},
};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

/// All secrets of these tests have one of these words in them.
const SECRET_WORDS: [&str; 2] = ["hunter2", "ticket-of-bob"];

fn assert_hidden(what: &str, text: &str) {
    for word in SECRET_WORDS {
        assert!(!text.contains(word), "{what} shows a secret: {text}");
    }
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

#[tokio::test]
async fn clients_and_what_makes_them() {
    let server = Scripted::start([]).await;
    let options =
        CallOptions::new().idempotency_key("hunter2").unwrap().header("x-secret", "hunter2").unwrap();
    assert_hidden("options", &shown(&options));
    let builder = builder(&server, &TestClock::new()).header("x-secret", "hunter2");
    assert_hidden("the builder", &shown(&builder));
    let client = builder.build().unwrap().with(options);
    assert_hidden("the client", &shown(&client));
    assert_hidden("a resource", &shown(&client.users()));
    assert_hidden("pages", &shown(&client.users().pages(Default::default())));
    assert_hidden("a call", &shown(&client.users().get("u")));
    let refused = Client::builder().bearer("hunter2\n").build().unwrap_err();
    assert_hidden("a key that is none", &format!("{refused} {}", shown(&refused)));
}

#[tokio::test]
async fn answers() {
    let sign_in_token = r#"{"id":"sit_1","status":"pending","user_id":"u","token":"hunter2","url":"hunter2","created_at":1,"updated_at":1}"#;
    let token = r#"{"object":"token","jwt":"hunter2"}"#;
    let user = r#"{"id":"u","private_metadata":{"key":"hunter2"},"created_at":1,"updated_at":1}"#;
    let script = [json(200, ACTOR_TOKEN), json(200, sign_in_token), json(200, token), json(200, user)];
    let server = Scripted::start(script).await;
    let client = super::client(&server);
    let created = client.actor_tokens().create(request()).await.unwrap();
    assert_eq!(created.ticket(), Some("ticket-of-bob"));
    assert_hidden("an actor token", &shown(&created));
    let whole = serde_json::to_string(&created).unwrap();
    assert!(whole.contains(r#""token":"ticket-of-bob""#), "as JSON it is whole");
    let request = actas_sdk::sign_in_tokens::CreateSignInToken::new("u");
    assert_hidden("a sign-in token", &shown(&client.sign_in_tokens().create(request).await.unwrap()));
    let token = client.sessions().token("s").await.unwrap();
    assert_eq!(token.jwt(), "hunter2");
    assert_hidden("a session token", &shown(&token));
    let user = client.users().get("u").await.unwrap();
    assert_eq!(user.private_metadata().map(RawJson::as_str), Some(r#"{"key":"hunter2"}"#));
    assert_hidden("a user", &shown(&user));
}

#[tokio::test]
async fn requests() {
    let user = CreateUser::new().password("hunter2").password_digest("hunter2", "bcrypt");
    assert_hidden("a new user", &shown(&user));
    let metadata = UserMetadata::new().private_metadata(RawJson::parse("\"hunter2\"").unwrap());
    assert_hidden("metadata", &shown(&metadata));
}

#[tokio::test]
async fn errors() {
    let type_error = ACTOR_TOKEN.replace("1700000000000", "\"ticket-of-bob\"");
    let word_of_another_type = ACTOR_TOKEN.replace("\"pending\"", "{\"a\":\"ticket-of-bob\"}");
    let html = answer(200, &[("content-type", "text/html")], "ticket-of-bob");
    let refused = json(400, r#"{"ticket":"ticket-of-bob"}"#);
    let redirected = answer(302, &[("location", "https://a.example/?ticket-of-bob")], "");
    let cut = Act::Say(b"ticket-of-bob\r\n\r\n".to_vec());
    for act in [
        json(200, &type_error),
        json(200, &word_of_another_type),
        json(200, "ticket-of-bob"),
        html,
        refused,
        redirected,
        cut,
    ] {
        let server = Scripted::start([act]).await;
        let other = Server::other(&server.url()).unwrap();
        let client = builder(&server, &TestClock::new()).server(other).build().unwrap();
        let error = client.actor_tokens().create(request()).await.unwrap_err();
        let mut text = format!("{error} {}", shown(&error));
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            text += &format!(" {inner} {}", shown(&inner));
            source = inner.source();
        }
        assert_hidden("an error", &text);
    }
}

#[tokio::test]
async fn hooks() {
    let told = Arc::new(Mutex::new(String::new()));
    let (before, after, failed) = (Arc::clone(&told), Arc::clone(&told), Arc::clone(&told));
    let server = Scripted::start([json(500, "ticket-of-bob"), json(200, ACTOR_TOKEN)]).await;
    let client = builder(&server, &TestClock::new())
        .header("x-secret", "hunter2")
        .before_request(move |request| {
            before.lock().unwrap().push_str(&shown(request));
            Ok(())
        })
        .after_response(move |response| after.lock().unwrap().push_str(&shown(response)))
        .after_error(move |error| failed.lock().unwrap().push_str(&shown(error)))
        .build()
        .unwrap();
    let client = client.with(CallOptions::new().idempotency_key("hunter2").unwrap());
    client.actor_tokens().create(request()).await.unwrap();
    let told = told.lock().unwrap();
    assert!(told.contains("actor_tokens.create"));
    assert_hidden("a hook", &told);
    assert!(!told.contains(KEY));
}
