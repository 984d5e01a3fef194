//! Whether a call that failed may have taken effect, which is a property of all its attempts.

use super::{
    KEY, TestClock, builder, client, client_of_other,
    own_transport::{Own, builder as own_builder, good},
    request,
    scripted::{ACTOR_TOKEN, Act, Scripted, TRACE, answer, errors, json},
};
use actas_sdk::{
    CallOptions, Client, Error, ErrorKind, RetryPolicy, Server,
    transport::{HttpResponse, TransportError},
};
use std::{error::Error as _, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt as _, sync::Notify};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The first attempt was delivered, the others found nobody.
#[tokio::test]
async fn an_attempt_that_was_delivered_is_not_forgotten() {
    let own = Own::new(&[
        || Err(TransportError::interrupted("reset")),
        || Err(TransportError::not_sent("refused")),
    ]);
    let client = own_builder(&own).retry(RetryPolicy::default().max_attempts(2)).build().unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert!(error.is_transport() && error.may_have_taken_effect() && !error.is_connect(), "{error:?}");

    let refused = || Err(TransportError::not_sent("refused"));
    let own = Own::new(&[refused, refused]);
    let client = own_builder(&own).retry(RetryPolicy::default().max_attempts(2)).build().unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_taken_effect(), "{error:?}");
}

/// So it is where the last attempt did not come as far as a request.
#[tokio::test]
async fn a_key_that_is_gone_does_not_make_it_certain() {
    let server = Scripted::start([errors(500, &["a"])]).await;
    let given = std::sync::atomic::AtomicBool::new(false);
    let builder = builder(&server, &TestClock::new()).bearer_from(move || {
        let is_first = !given.swap(true, std::sync::atomic::Ordering::Relaxed);
        if is_first { Ok(KEY.to_owned()) } else { Err("the vault is sealed") }
    });
    let error = builder.build().unwrap().actor_tokens().create(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Bearer, 1));
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
async fn a_refusal_is_certain_and_a_fault_is_not() {
    for (act, expected) in [
        (errors(400, &["a"]), false),
        (errors(422, &["a"]), false),
        (errors(500, &["a"]), true),
        (Act::Cut, true),
        (json(200, "no"), true),
        (answer(302, &[("location", "/")], ""), true),
    ] {
        let server = Scripted::start([act]).await;
        let error = client_of_other(&server).actor_tokens().create(request()).await.unwrap_err();
        assert_eq!(error.may_have_taken_effect(), expected, "{error:?}");
    }
}

/// Nobody repeats what was refused for certain when hardly any time is left.
#[tokio::test]
async fn a_certain_failure_does_not_become_a_timeout() {
    let server = Scripted::start([answer(429, &[("retry-after", "9")], "")]).await;
    let clock = TestClock::with_limits(Duration::from_millis(9_500), None);
    let client = builder(&server, &clock).timeout(seconds(10)).build().unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert!(error.is_rate_limited() && !error.may_have_taken_effect(), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_last_timeout_tells_what_was_before() {
    let server = Scripted::start([errors(503, &["busy"]), Act::SayAndHang(Vec::new())]).await;
    let clock = TestClock::with_limits(seconds(15), Some(server.hangs()));
    let policy = RetryPolicy::default().max_attempts(2);
    let error = builder(&server, &clock).retry(policy).build().unwrap().jwks().get().await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_taken_effect());
    assert_eq!((error.status(), error.trace_id()), (Some(503), Some(TRACE)));
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!((source.kind(), source.code()), (ErrorKind::ApiError, Some("busy")));
    assert!(error.to_string().contains("; before that the server answered 503"), "{error}");
}

#[tokio::test]
async fn without_a_key_in_time_nothing_was_sent() {
    let passes = Arc::new(Notify::new());
    passes.notify_one();
    let client = Client::builder()
        .bearer_from_async(std::future::pending::<Result<String, Error>>)
        .clock(TestClock::with_limits(seconds(15), Some(passes)))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_taken_effect(), "{error:?}");
    assert_eq!(error.attempts(), 0);
}

/// The handshake never comes to its end: a connection that is not there when the attempt's time is over was not used.
#[tokio::test]
async fn a_connection_that_takes_too_long_was_not_used() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let accepting = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let client = Client::builder()
        .bearer(KEY)
        .server(Server::actas(&url).unwrap())
        .attempt_timeout(Duration::from_millis(400))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_taken_effect(), "{error:?}");
    accepting.abort();
}

#[tokio::test]
async fn a_server_without_tls_is_asked_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answering = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    let server = Server::actas(&url).unwrap();
    let client = Client::builder().bearer(KEY).server(server).clock(TestClock::new()).build().unwrap();
    let error = client.jwks().get().await.unwrap_err();
    assert_eq!((error.is_connect(), error.attempts()), (true, 1), "{error:?}");
    answering.abort();
}

#[tokio::test]
async fn a_transport_may_say_that_no_attempt_would_do_better() {
    let own = Own::new(&[|| Err(TransportError::permanent("not trusted"))]);
    let error = own_builder(&own).build().unwrap().jwks().get().await.unwrap_err();
    assert_eq!((error.is_connect(), error.attempts(), own.attempts()), (true, 1, 1));
}

/// What is longer than any request may be.
#[tokio::test]
async fn a_request_that_cannot_be_made_is_not_tried_again() {
    let client = Client::builder().bearer(KEY).clock(TestClock::new()).build().unwrap();
    let long = "x".repeat(70_000);
    let error = client.users().get(long).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Request, 0), "{error:?}");
    assert!(!error.may_have_taken_effect());
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_one() {
    let server = Scripted::start([Act::Cut, errors(404, &["resource_not_found"])]).await;
    let deleted = client(&server).users().delete("user_bob").await.unwrap();
    assert_eq!((deleted.id.as_deref(), deleted.deleted), (Some("user_bob"), true));
    for before in [None, Some(errors(429, &["slow"]))] {
        let script = before.into_iter().chain([errors(404, &["resource_not_found"])]);
        let server = Scripted::start(script).await;
        let error = client(&server).users().delete("user_bob").await.unwrap_err();
        assert!(error.is_not_found() && !error.may_have_taken_effect(), "{error:?}");
    }
    let server = Scripted::start([Act::Cut, answer(404, &[], "<html>")]).await;
    assert!(client(&server).users().delete("user_bob").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_asked_for_again() {
    let cut =
        Act::Say(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{".to_vec());
    let server = Scripted::start([cut, json(200, ACTOR_TOKEN)]).await;
    client(&server).actor_tokens().create(request()).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn clerks_own_service_is_not_relied_on() {
    let own = Own::new(&[|| Err(TransportError::interrupted("reset")), good]);
    let clerk = Server::actas("https://API.clerk.com./v1/").unwrap();
    let client = own_builder(&own).server(clerk).build().unwrap();
    assert!(client.actor_tokens().create(request()).await.unwrap_err().may_have_taken_effect());
    assert_eq!((own.attempts(), own.header(0, "idempotency-key")), (1, None));
}

#[tokio::test]
async fn a_callers_key_serves_one_call() {
    let user = || {
        let body = br#"{"id":"user_bob","created_at":1,"updated_at":2}"#.to_vec();
        Ok(HttpResponse::new(200).header("content-type", "application/json").body(body))
    };
    let own = Own::new(&[user, user, user]);
    let client = own_builder(&own).build().unwrap();
    let options = CallOptions::new().idempotency_key("case-4711").unwrap();
    let keyed = client.with(options.clone());
    keyed.users().get("user_bob").await.unwrap();
    keyed.users().ban("user_bob").await.unwrap();
    let error = keyed.with(CallOptions::new().timeout(seconds(9))).users().ban("user_bob").await.unwrap_err();
    assert_eq!((error.kind(), error.operation(), own.attempts()), (ErrorKind::Request, Some("users.ban"), 2));
    assert!(!format!("{error:?}").contains("case-4711"));
    client.with(options).users().ban("user_bob").await.unwrap();
    let keys = [0, 1, 2].map(|sent| own.header(sent, "idempotency-key"));
    assert_eq!(keys, [None, Some("case-4711".to_owned()), Some("case-4711".to_owned())]);
}
