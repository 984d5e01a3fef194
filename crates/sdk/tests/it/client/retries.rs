//! What is repeated, how often, after how long, and with which `Idempotency-Key`.

use super::{
    KEY, TestClock, builder, client, client_of_other, request,
    scripted::{ACTOR_TOKEN, Act, Asked, Scripted, answer, errors, json},
};
use actas_sdk::{CallOptions, RetryPolicy, users::UpdateUser};
use std::time::Duration;

fn keys(asked: &[Asked]) -> Vec<Option<&str>> {
    asked.iter().map(|asked| asked.header("idempotency-key")).collect()
}

#[tokio::test]
async fn a_post_to_an_actas_is_repeated_with_one_key() {
    let cut_in_the_body =
        Act::Say(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{".to_vec());
    let script =
        [Act::Cut, cut_in_the_body, errors(500, &["a"]), errors(503, &["b"]), json(200, ACTOR_TOKEN)];
    let server = Scripted::start(script).await;
    let clock = TestClock::new();
    let created = builder(&server, &clock).build().unwrap().actor_tokens().create(request()).await.unwrap();
    assert_eq!(created.ticket(), Some("ticket-of-bob"));
    let asked = server.asked();
    assert_eq!(asked.len(), 5);
    let key = asked[0].header("idempotency-key").unwrap();
    assert_eq!((key.len(), keys(&asked)), (32, vec![Some(key); 5]));
    assert!(asked.iter().all(|again| again.body == asked[0].body && again.line == asked[0].line));
    let waits: Vec<u128> = clock.waits().iter().map(Duration::as_millis).collect();
    for (wait, longest) in waits.iter().zip([250, 500, 1_000, 2_000]) {
        assert!((longest / 2..=longest).contains(wait), "{waits:?}");
    }
    assert_eq!(waits.len(), 4);
}

#[tokio::test]
async fn revoke_has_a_key_too_and_each_call_its_own() {
    let server = Scripted::start([json(200, ACTOR_TOKEN), json(200, ACTOR_TOKEN)]).await;
    let client = client(&server);
    client.actor_tokens().revoke("act_1").await.unwrap();
    client.actor_tokens().revoke("act_1").await.unwrap();
    let asked = server.asked();
    let keys = keys(&asked);
    assert!(keys[0].is_some() && keys[1].is_some() && keys[0] != keys[1], "{keys:?}");
}

#[tokio::test]
async fn a_post_to_another_server_is_not_repeated_when_it_may_have_arrived() {
    for act in [Act::Cut, errors(500, &["a"]), errors(503, &["a"])] {
        let server = Scripted::start([act]).await;
        let error = client_of_other(&server).actor_tokens().create(request()).await.unwrap_err();
        assert_eq!(error.attempts(), 1, "{error:?}");
        assert_eq!(keys(&server.asked()), [None]);
    }
}

#[tokio::test]
async fn a_post_to_another_server_is_repeated_after_429() {
    let server = Scripted::start([errors(429, &["too_many_requests"]), json(200, ACTOR_TOKEN)]).await;
    client_of_other(&server).actor_tokens().create(request()).await.unwrap();
    assert_eq!(keys(&server.asked()), [None, None]);
}

#[tokio::test]
async fn a_connection_that_is_refused_is_tried_again_by_any_method() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let clock = TestClock::new();
    let server = actas_sdk::Server::other(&format!("http://{address}")).unwrap();
    let client =
        actas_sdk::Client::builder().bearer(KEY).server(server).clock(clock.clone()).build().unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert_eq!((error.is_connect(), error.attempts(), clock.waits().len()), (true, 5, 4));
    let error = client.users().update("user_bob", UpdateUser::new()).await.unwrap_err();
    assert_eq!((error.is_connect(), error.attempts()), (true, 5));
    assert!(error.to_string().ends_with("(after 5 attempts)"), "{error}");
}

#[tokio::test]
async fn get_put_and_delete_are_repeated_and_patch_is_not() {
    let user = r#"{"id":"user_bob","created_at":1,"updated_at":2}"#;
    let script = || [Act::Cut, errors(502, &["a"]), json(200, user)];
    let server = Scripted::start(script()).await;
    client_of_other(&server).users().get("user_bob").await.unwrap();
    let server = Scripted::start(script()).await;
    client_of_other(&server).users().replace_metadata("user_bob", Default::default()).await.unwrap();
    let server = Scripted::start(script()).await;
    client_of_other(&server).users().delete("user_bob").await.unwrap();
    assert_eq!(keys(&server.asked()), [None; 3]);
    for act in [Act::Cut, errors(500, &["a"])] {
        let server = Scripted::start([act]).await;
        let error = client(&server).users().update("user_bob", UpdateUser::new()).await.unwrap_err();
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test]
async fn refusals_are_final() {
    for status in [400, 401, 402, 403, 404, 409, 422] {
        let server = Scripted::start([errors(status, &["a"])]).await;
        let error = client(&server).jwks().get().await.unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Some(status), 1));
    }
}

#[tokio::test]
async fn retry_after_in_seconds_and_as_a_date() {
    let in_seconds = answer(429, &[("retry-after", "7")], "");
    let by_the_answers_date =
        [("date", "Tue, 29 Feb 2028 23:59:53 GMT"), ("retry-after", "Wed, 01 Mar 2028 00:00:00 GMT")];
    // The clock of these tests stands at 08:49:37.
    let by_our_date = answer(503, &[("retry-after", "Sun, 06 Nov 1994 08:49:44 GMT")], "");
    for act in [in_seconds, answer(429, &by_the_answers_date, ""), by_our_date] {
        let server = Scripted::start([act, json(200, r#"{"keys":[]}"#)]).await;
        let clock = TestClock::new();
        builder(&server, &clock).build().unwrap().jwks().get().await.unwrap();
        let waits = clock.waits();
        let in_range = waits[0] >= Duration::from_secs(7) && waits[0] <= Duration::from_millis(7_250);
        assert!(waits.len() == 1 && in_range, "{waits:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_calls_time_is_not_begun() {
    let server = Scripted::start([answer(429, &[("retry-after", "3600")], "")]).await;
    let clock = TestClock::new();
    let error = builder(&server, &clock).build().unwrap().jwks().get().await.unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3_600)));
    assert_eq!((error.attempts(), clock.waits().len(), clock.now()), (1, 0, Duration::ZERO));
}

#[tokio::test]
async fn attempts_are_bounded_by_the_policy() {
    let script = || (0..9).map(|_| errors(500, &["a"]));
    let server = Scripted::start(script()).await;
    let client = client(&server);
    let error = client.jwks().get().await.unwrap_err();
    assert_eq!((error.attempts(), server.asked().len()), (5, 5));

    let server = Scripted::start(script()).await;
    let policy = RetryPolicy::default().max_attempts(3);
    let of_builder = builder(&server, &TestClock::new()).retry(policy).build().unwrap();
    assert_eq!(of_builder.jwks().get().await.unwrap_err().attempts(), 3);
    let of_call = of_builder.with(CallOptions::new().retry(RetryPolicy::none()));
    assert_eq!(of_call.jwks().get().await.unwrap_err().attempts(), 1);
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_key_of_the_callers_own() {
    let server = Scripted::start([json(200, ACTOR_TOKEN), json(200, ACTOR_TOKEN), Act::Cut]).await;
    let options = || CallOptions::new().idempotency_key("order-4711").unwrap();
    client(&server).with(options()).actor_tokens().create(request()).await.unwrap();
    // It is sent to any server, but only an Actas is relied on.
    let of_other = client_of_other(&server);
    of_other.with(options()).actor_tokens().create(request()).await.unwrap();
    let again = of_other.with(options());
    assert_eq!(again.actor_tokens().create(request()).await.unwrap_err().attempts(), 1);
    assert_eq!(keys(&server.asked()), [Some("order-4711"); 3]);
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    for key in ["", "a b", "a\n", "ü", &"x".repeat(256)] {
        assert!(CallOptions::new().idempotency_key(key).unwrap_err().is_request(), "{key:?}");
    }
    assert!(CallOptions::new().idempotency_key(&"x".repeat(255)).is_ok());
}
