//! Limits of time: of an attempt, of the whole call, of whatever is waited for.

use super::{
    KEY, TestClock, builder, request,
    scripted::{ACTOR_TOKEN, Act, Scripted, errors, json},
};
use actas_sdk::{CallOptions, Client, Error, ErrorKind, Server};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

const NOTHING: &[u8] = b"";
const HALF_A_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nconte";
const HALF_A_BODY: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_and_asked_for_again() {
    for said in [NOTHING, HALF_A_HEAD, HALF_A_BODY] {
        let server = Scripted::start([Act::SayAndHang(said.to_vec()), json(200, ACTOR_TOKEN)]).await;
        let clock = TestClock::with_limits(seconds(15), Some(server.hangs()));
        let client = builder(&server, &clock).attempt_timeout(seconds(20)).build().unwrap();
        client.actor_tokens().create(request()).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked[0].header("idempotency-key"), asked[1].header("idempotency-key"));
        assert_eq!(clock.now(), seconds(20) + clock.waits()[0]);
    }
}

#[tokio::test]
async fn a_post_to_another_server_that_took_too_long_is_not_repeated() {
    let server = Scripted::start([Act::SayAndHang(Vec::new())]).await;
    let clock = TestClock::with_limits(seconds(15), Some(server.hangs()));
    let other = Server::other(&server.url()).unwrap();
    let client = builder(&server, &clock).server(other).build().unwrap();
    let error = client.actor_tokens().create(request()).await.unwrap_err();
    assert!(error.is_timeout() && error.kind() == ErrorKind::Timeout, "{error:?}");
    assert_eq!(error.to_string(), "actor_tokens.create: the answer took longer than 20s");
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn the_calls_time_bounds_all_attempts_together() {
    let server = Scripted::start((0..9).map(|_| Act::SayAndHang(Vec::new()))).await;
    let clock = TestClock::with_limits(seconds(1), Some(server.hangs()));
    let client = builder(&server, &clock).attempt_timeout(seconds(10)).timeout(seconds(25)).build().unwrap();
    let error = client.jwks().get().await.unwrap_err();
    assert_eq!(error.to_string(), "jwks.get: the call took longer than 25s (after 3 attempts)");
    assert_eq!(clock.now(), seconds(25), "to the moment");
}

#[tokio::test]
async fn one_call_may_have_limits_of_its_own() {
    let server = Scripted::start([Act::SayAndHang(Vec::new())]).await;
    let clock = TestClock::with_limits(seconds(2), Some(server.hangs()));
    let client = builder(&server, &clock).build().unwrap();
    let hurried = client.with(CallOptions::new().timeout(seconds(3)));
    let error = hurried.jwks().get().await.unwrap_err();
    assert_eq!(error.to_string(), "jwks.get: the call took longer than 3s");
    let server = Scripted::start([Act::SayAndHang(Vec::new())]).await;
    let clock = TestClock::with_limits(seconds(2), Some(server.hangs()));
    let client = builder(&server, &clock).build().unwrap();
    let options = CallOptions::new().attempt_timeout(seconds(4)).retry(actas_sdk::RetryPolicy::none());
    let error = client.with(options).jwks().get().await.unwrap_err();
    assert_eq!(error.to_string(), "jwks.get: the answer took longer than 4s");
}

#[tokio::test]
async fn a_function_that_yields_no_key_in_time() {
    let passes = Arc::new(Notify::new());
    passes.notify_one();
    let client = Client::builder()
        .bearer_from_async(std::future::pending::<Result<String, Error>>)
        .clock(TestClock::with_limits(seconds(15), Some(passes)))
        .retry(actas_sdk::RetryPolicy::none())
        .build()
        .unwrap();
    assert!(client.jwks().get().await.unwrap_err().is_timeout());
}

/// With the machine's own clock, and the waits that are there by default: this one takes a quarter of a second.
#[tokio::test]
async fn the_machines_own_clock() {
    let server = Scripted::start([errors(500, &["a"]), json(200, r#"{"keys":[]}"#)]).await;
    let actas = Server::actas(&server.url()).unwrap();
    let client = Client::builder().bearer(KEY).server(actas).build().unwrap();
    let begun = std::time::Instant::now();
    client.jwks().get().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(125));
}
