//! What is told, and may be changed, around every attempt.

use super::{
    TestClock, builder, request,
    scripted::{ACTOR_TOKEN, Act, Scripted, TRACE, answer, errors, json},
};
use actas_sdk::{ErrorKind, transport::Method};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

type Told = Arc<Mutex<Vec<String>>>;

#[tokio::test]
async fn every_attempt_is_told_in_order() {
    let told = Told::default();
    let (before, after, failed) = (Arc::clone(&told), Arc::clone(&told), Arc::clone(&told));
    let traced = [("x-clerk-trace-id", TRACE), ("content-type", "application/json")];
    let server = Scripted::start([errors(503, &["busy"]), Act::Cut, answer(200, &traced, ACTOR_TOKEN)]).await;
    let client = builder(&server, &TestClock::new())
        .before_request(move |request| {
            assert_eq!((request.method(), request.operation()), (Method::Post, "actor_tokens.create"));
            assert!(request.url().ends_with("/v1/actor_tokens"));
            before.lock().unwrap().push(format!("before {}", request.attempt()));
            Ok(())
        })
        .after_response(move |response| {
            assert_eq!(response.trace_id(), Some(TRACE));
            after.lock().unwrap().push(format!("after {} {}", response.attempt(), response.status()));
        })
        .after_error(move |failure| {
            assert!(failure.repeated_after() > Some(Duration::ZERO));
            failed.lock().unwrap().push(format!("failed {} {:?}", failure.attempt(), failure.error().kind()));
        })
        .build()
        .unwrap();
    client.actor_tokens().create(request()).await.unwrap();
    assert_eq!(
        *told.lock().unwrap(),
        ["before 1", "failed 1 ApiError", "before 2", "failed 2 Transport", "before 3", "after 3 200"]
    );
}

#[tokio::test]
async fn the_last_failure_is_told_as_such() {
    let told = Told::default();
    let failed = Arc::clone(&told);
    let server = Scripted::start([errors(404, &["gone"])]).await;
    let client = builder(&server, &TestClock::new())
        .after_error(move |failure| {
            let told = format!("{:?} {:?}", failure.repeated_after(), failure.error().code());
            failed.lock().unwrap().push(told);
        })
        .build()
        .unwrap();
    client.jwks().get().await.unwrap_err();
    assert_eq!(*told.lock().unwrap(), [r#"None Some("gone")"#]);
}

#[tokio::test]
async fn a_hook_may_set_headers_but_not_the_sdks_own() {
    let server = Scripted::start([json(200, r#"{"keys":[]}"#)]).await;
    let client = builder(&server, &TestClock::new())
        .header("traceparent", "of the client")
        .before_request(|request| {
            assert!(request.set_header("authorization", "Bearer other").unwrap_err().is_request());
            assert!(request.set_header("x", "a\nb").unwrap_err().is_request());
            Ok(request.set_header("traceparent", "of the hook")?)
        })
        .build()
        .unwrap();
    client.jwks().get().await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].header("traceparent"), Some("of the hook"));
    assert_eq!(asked[0].header("authorization"), Some("Bearer sk_test_hunter2"));
}

#[tokio::test]
async fn a_hook_may_refuse() {
    let server = Scripted::start([]).await;
    let client = builder(&server, &TestClock::new())
        .before_request(|_| Err("not on a Sunday".into()))
        .build()
        .unwrap();
    let error = client.jwks().get().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Hook, 0));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "not on a Sunday");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_hook_that_panics_loses_no_answer() {
    let server = Scripted::start([errors(500, &["a"]), json(200, ACTOR_TOKEN)]).await;
    let client = builder(&server, &TestClock::new())
        .after_response(|_| panic!("after a response"))
        .after_error(|_| panic!("after an error"))
        .build()
        .unwrap();
    assert_eq!(client.actor_tokens().create(request()).await.unwrap().id, "act_1");
    let client = builder(&server, &TestClock::new()).before_request(|_| panic!("before")).build().unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert_eq!((error.is_hook(), error.attempts(), error.may_have_taken_effect()), (true, 0, false));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_answer_that_was_given_before_is_told_as_such() {
    let replayed = [("idempotency-replayed", "true"), ("content-type", "application/json")];
    let server = Scripted::start([answer(200, &replayed, ACTOR_TOKEN), json(200, ACTOR_TOKEN)]).await;
    let told = Told::default();
    let after = Arc::clone(&told);
    let client = builder(&server, &TestClock::new())
        .after_response(move |response| after.lock().unwrap().push(response.is_replayed().to_string()))
        .build()
        .unwrap();
    client.actor_tokens().create(request()).await.unwrap();
    client.actor_tokens().create(request()).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["true", "false"]);
}
