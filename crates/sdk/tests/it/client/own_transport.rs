//! An HTTP client of the caller's own.

use super::{KEY, TestClock, request, scripted::ACTOR_TOKEN};
use actas_sdk::{
    Client, ClientBuilder, RetryPolicy, Server,
    transport::{BoxFuture, HttpRequest, HttpResponse, Method, Transport, TransportError},
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::sync::{Arc, Mutex};

pub(super) type Reply = fn() -> Result<HttpResponse, TransportError>;

/// Answers by a script, and remembers what was to be sent.
#[derive(Clone)]
pub(super) struct Own {
    replies: Arc<Mutex<Vec<Reply>>>,
    sent: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Own {
    pub(super) fn new(replies: &[Reply]) -> Self {
        let replies = replies.iter().rev().copied().collect();
        Self { replies: Arc::new(Mutex::new(replies)), sent: Arc::default() }
    }

    pub(super) fn attempts(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// A header of a request, counted from 0.
    pub(super) fn header(&self, sent: usize, name: &str) -> Option<String> {
        let requests = self.sent.lock().unwrap();
        let found = requests[sent].headers().iter().find(|header| header.name() == name);
        found.map(|header| header.value().to_owned())
    }
}

impl Transport for Own {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.sent.lock().unwrap().push(request);
        let reply = self.replies.lock().unwrap().pop().unwrap();
        Box::pin(async move { reply() })
    }
}

pub(super) fn builder(own: &Own) -> ClientBuilder {
    let server = Server::actas("https://actas.example.com").unwrap();
    Client::builder().bearer(KEY).server(server).transport(own.clone()).clock(TestClock::new())
}

pub(super) fn good() -> Result<HttpResponse, TransportError> {
    Ok(HttpResponse::new(200)
        .header("Content-Type", "application/json; charset=utf-8")
        .body(ACTOR_TOKEN.into()))
}

#[tokio::test]
async fn it_gets_the_whole_request() {
    let own = Own::new(&[good]);
    let created =
        builder(&own).response_limit_bytes(77).build().unwrap().actor_tokens().create(request()).await;
    assert_eq!(created.unwrap().id, "act_1");
    let sent = own.sent.lock().unwrap();
    let request = &sent[0];
    assert_eq!((request.method(), request.method().as_str()), (Method::Post, "POST"));
    assert_eq!(request.url(), "https://actas.example.com/v1/actor_tokens");
    assert_eq!(request.body(), Some(br#"{"user_id":"user_bob","actor":{"sub":"user_alice"}}"#.as_slice()));
    assert_eq!(request.response_limit_bytes(), 77);
    let secret: Vec<&str> =
        request.headers().iter().filter(|header| header.is_secret()).map(|header| header.name()).collect();
    assert_eq!(secret, ["idempotency-key", "authorization"]);
    let shown = format!("{request:?} {:?}", good().unwrap());
    assert!(
        !shown.contains("hunter2") && !shown.contains("user_alice") && !shown.contains("ticket-of-bob"),
        "{shown}"
    );
}

#[tokio::test]
async fn it_tells_how_far_a_request_came() {
    let own = Own::new(&[
        || Err(TransportError::not_sent("no route")),
        || Err(TransportError::interrupted("reset")),
        good,
    ]);
    builder(&own).build().unwrap().actor_tokens().create(request()).await.unwrap();
    assert_eq!(own.attempts(), 3);

    let own = Own::new(&[
        || Err(TransportError::not_sent("no route")),
        || Err(TransportError::interrupted("reset")),
    ]);
    let other = Server::other("https://other.example.com").unwrap();
    let error =
        builder(&own).server(other).build().unwrap().actor_tokens().create(request()).await.unwrap_err();
    assert_eq!((error.attempts(), error.is_connect(), error.is_transport()), (2, false, true));

    let own = Own::new(&[|| Err(TransportError::too_large(5))]);
    let error = builder(&own).build().unwrap().jwks().get().await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("longer than 5 bytes"), "{error}");
}

/// What a server may answer: bits of good answers and of refusals among anything else.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let bits = select(vec![
        ACTOR_TOKEN,
        r#"{"errors":["#,
        r#"{"code":"a","meta":"#,
        "null",
        "]",
        "}",
        "\u{feff}",
        "1e999",
    ]);
    let text = vec(prop_oneof![bits.prop_map(str::to_owned), ".{0,5}"], 0..6)
        .prop_map(|bits| bits.concat().into_bytes());
    prop_oneof![text, vec(any::<u8>(), 0..64)]
}

proptest! {
    /// Whatever is answered is an answer or an error, and no error shows what was answered.
    #[test]
    fn any_answer_is_an_answer_or_an_error(status in 100..1_000_u16, is_json: bool, body in body(), date in ".{0,20}") {
        let content_type = if is_json { "application/json" } else { "text/plain" };
        let response = HttpResponse::new(status)
            .header("content-type", content_type)
            .header("retry-after", date)
            .body(body.clone());
        let answering = Answering(response);
        let client = Client::builder().bearer(KEY).transport(answering).clock(TestClock::new()).retry(RetryPolicy::none());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(client.build().unwrap().actor_tokens().create(request()));
        if let Err(error) = outcome {
            let shown = format!("{error:?}");
            prop_assert!(!shown.contains("ticket-of-bob"), "{}", shown);
            prop_assert_eq!(error.is_api(), (400..600).contains(&status));
        } else {
            prop_assert!((200..300).contains(&status) && is_json);
        }
    }
}

struct Answering(HttpResponse);

impl Transport for Answering {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}
