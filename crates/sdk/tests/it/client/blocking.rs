//! The client for code that is not asynchronous.

use super::{
    KEY, TestClock, builder, request,
    scripted::{ACTOR_TOKEN, Act, Scripted, errors, json},
};
use actas_sdk::{
    CallOptions, ErrorKind, blocking,
    transport::{BoxFuture, HttpRequest, HttpResponse, TransportError},
    users::ListUsers,
};
use std::sync::OnceLock;
use tokio::runtime::Runtime;

fn started(script: Vec<Act>) -> (Runtime, Scripted) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Scripted::start(script));
    (runtime, server)
}

#[test]
fn its_methods_wait() {
    let (_runtime, server) =
        started(vec![Act::Cut, json(200, ACTOR_TOKEN), errors(404, &["resource_not_found"])]);
    let client: blocking::Client = builder(&server, &TestClock::new()).build_blocking().unwrap();
    let created = client.actor_tokens().create(request()).unwrap();
    assert_eq!((created.ticket(), server.asked().len()), (Some("ticket-of-bob"), 2));
    let options = CallOptions::new().header("x-one", "1").unwrap();
    let error = client.with(options).actor_tokens().revoke("act_2").unwrap_err();
    assert_eq!((error.kind(), error.is_not_found()), (ErrorKind::ClerkErrors, true));
    assert_eq!(server.asked()[2].header("x-one"), Some("1"));
    assert!(!format!("{client:?}").contains(KEY));
}

#[test]
fn a_hook_that_panics_ends_the_call_and_not_the_client() {
    let (_runtime, server) = started(vec![json(200, r#"{"keys":[]}"#)]);
    let client = builder(&server, &TestClock::new())
        .before_request(|request| {
            assert_ne!(request.operation(), "instance.get");
            Ok(())
        })
        .build_blocking()
        .unwrap();
    assert!(client.instance().get().unwrap_err().to_string().contains("panicked"));
    assert!(client.jwks().get().is_ok());
}

#[test]
fn its_pages_are_an_iterator() {
    let user = |id: &str| format!(r#"{{"id":"{id}","created_at":1,"updated_at":1}}"#);
    let (_runtime, server) = started(vec![
        json(200, &format!("[{}]", user("b"))),
        json(200, &format!("[{}]", user("a"))),
        json(200, "[]"),
    ]);
    let client = builder(&server, &TestClock::new()).build_blocking().unwrap();
    let mut ids = Vec::new();
    for users in client.users().pages(ListUsers::new().limit(1)) {
        ids.extend(users.unwrap().into_iter().map(|user| user.id));
    }
    assert_eq!(ids, ["b", "a"]);
}

#[test]
fn many_threads_share_one() {
    let (_runtime, server) = started((0..40).map(|_| json(200, r#"{"keys":[]}"#)).collect());
    let client = builder(&server, &TestClock::new()).build_blocking().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    client.jwks().get().unwrap();
                }
            });
        }
    });
    assert_eq!(server.asked().len(), 40);
}

#[test]
fn an_error_is_the_last_of_its_pages() {
    let (_runtime, server) = started((0..9).map(|_| errors(404, &["a"])).collect());
    let client = builder(&server, &TestClock::new()).build_blocking().unwrap();
    let pages: Vec<_> = client.users().pages(ListUsers::new()).take(5).collect();
    assert!(pages.len() == 1 && pages[0].is_err());
}

/// A client that is called from its own hook or its key's function would wait for itself.
#[test]
fn it_does_not_wait_for_itself() {
    static CLIENT: OnceLock<blocking::Client> = OnceLock::new();
    static OF_KEY: OnceLock<blocking::Client> = OnceLock::new();
    let (_runtime, server) = started(vec![json(200, r#"{"keys":[]}"#)]);
    let client = builder(&server, &TestClock::new())
        .before_request(|_| Err(CLIENT.get().unwrap().jwks().get().unwrap_err().into()));
    let error = CLIENT.get_or_init(|| client.build_blocking().unwrap()).jwks().get().unwrap_err();
    assert!(error.is_hook() && error.to_string().contains("from its own hooks"), "{error}");
    let client = builder(&server, &TestClock::new())
        .bearer_from(|| Err::<String, _>(OF_KEY.get().unwrap().jwks().get().unwrap_err()));
    let error = OF_KEY.get_or_init(|| client.build_blocking().unwrap()).jwks().get().unwrap_err();
    assert!(error.is_bearer() && error.to_string().contains("from its own hooks"), "{error}");
    assert!(server.asked().is_empty());
}

/// A key's function that blocks holds up no other call: the two wait for each other.
#[test]
fn a_function_that_yields_the_key_may_block() {
    let (_runtime, server) = started(vec![json(200, r#"{"keys":[]}"#), json(200, r#"{"keys":[]}"#)]);
    let both = std::sync::Barrier::new(2);
    let client = builder(&server, &TestClock::new()).bearer_from(move || {
        both.wait();
        Ok::<_, actas_sdk::Error>(KEY.to_owned())
    });
    let client = client.build_blocking().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| client.jwks().get().unwrap());
        }
    });
}

/// It may have sent the request.
#[test]
fn a_transport_that_panics_leaves_it_open() {
    struct Panicking;
    impl actas_sdk::transport::Transport for Panicking {
        fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            Box::pin(async { panic!("in the transport") })
        }
    }
    let client = actas_sdk::Client::builder().bearer(KEY).transport(Panicking).build_blocking().unwrap();
    let error = client.jwks().get().unwrap_err();
    assert!(error.is_transport() && error.may_have_taken_effect() && !error.is_connect(), "{error:?}");
}

/// It holds the thread up, but neither panics nor stands still; nor does dropping it there.
#[tokio::test(flavor = "multi_thread")]
async fn it_may_be_used_in_asynchronous_code() {
    let server = Scripted::start([json(200, r#"{"keys":[]}"#)]).await;
    let client = builder(&server, &TestClock::new()).build_blocking().unwrap();
    assert!(client.jwks().get().unwrap().keys.is_empty());
}
