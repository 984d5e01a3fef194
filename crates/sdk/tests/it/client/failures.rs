//! Each way in which a call fails, and how the error tells it.

use super::{
    KEY, client, client_of_other, request,
    scripted::{ACTOR_TOKEN, Act, Scripted, TRACE, answer, errors, json},
};
use actas_sdk::{Client, Error, ErrorKind, RetryPolicy, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The error of one create that is not repeated.
async fn create(act: Act) -> Error {
    let server = Scripted::start([act]).await;
    let error = client_of_other(&server).actor_tokens().create(request()).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
    assert_eq!(error.operation(), Some("actor_tokens.create"));
    assert_eq!(error.attempts(), 1);
    error
}

async fn revoke(act: Act) -> Error {
    let server = Scripted::start([act]).await;
    client_of_other(&server).actor_tokens().revoke("act_1").await.unwrap_err()
}

#[tokio::test]
async fn the_typed_statuses_of_create_are_400_402_and_422() {
    for status in [400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 418, 422, 500, 501, 503] {
        let error = create(errors(status, &["some_code"])).await;
        let typed = matches!(status, 400 | 402 | 422);
        let expected = if typed { ErrorKind::ClerkErrors } else { ErrorKind::ApiError };
        assert_eq!((error.kind(), error.status()), (expected, Some(status)));
        assert_eq!((error.code(), error.trace_id()), (Some("some_code"), Some(TRACE)));
        assert!(error.is_api());
        assert_eq!(error.is_not_found(), status == 404);
        assert_eq!(error.is_unauthorized(), status == 401);
        assert_eq!(error.is_server_error(), status >= 500);
    }
}

#[tokio::test]
async fn the_typed_statuses_of_revoke_are_400_and_404() {
    for status in [400, 401, 402, 404, 422, 500] {
        let error = revoke(errors(status, &["some_code"])).await;
        let expected = if matches!(status, 400 | 404) { ErrorKind::ClerkErrors } else { ErrorKind::ApiError };
        assert_eq!((error.kind(), error.status()), (expected, Some(status)));
    }
}

#[tokio::test]
async fn several_errors_with_all_that_they_tell() {
    let body = r#"{"errors":[
        {"message":"is missing","long_message":"user_id must be included.","code":"form_param_missing","meta":{"param_name":"user_id"}},
        {"message":"is unknown","long_message":null,"code":"form_param_unknown","meta":{"param_name":"x","n":1.50}},
        {"message":"only that","code":"c","new_member":[1]}
    ],"meta":{"any":"thing"},"clerk_trace_id":"t1"}"#;
    let error = create(json(422, body)).await;
    let [first, second, third] = error.errors() else { panic!("{error:?}") };
    assert_eq!((first.code(), first.message()), ("form_param_missing", "is missing"));
    assert_eq!(first.long_message(), "user_id must be included.");
    assert_eq!(first.parameter().as_deref(), Some("user_id"));
    assert_eq!(
        (second.long_message(), second.meta_json()),
        ("is unknown", Some(r#"{"param_name":"x","n":1.50}"#))
    );
    assert_eq!((third.long_message(), third.parameter(), third.meta_json()), ("only that", None, None));
    assert_eq!(error.raw_body(), Some(body.as_bytes()));
    assert_eq!(
        error.to_string(),
        "actor_tokens.create: the server answered 422: user_id must be included. [form_param_missing]; is unknown \
         [form_param_unknown, x]; only that [c] (trace t1)"
    );
}

#[tokio::test]
async fn a_refusal_that_is_none_of_the_apis() {
    let page = answer(402, &[("content-type", "text/html")], "<html>Payment</html>");
    for act in [page, json(402, "{"), json(402, "[]"), json(402, r#"{"errors":[]}"#), json(402, "")] {
        let error = create(act).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::ApiError, Some(402)));
        assert!(error.errors().is_empty() && error.code().is_none() && error.trace_id().is_none());
    }
    let traced = answer(500, &[("x-clerk-trace-id", TRACE), ("content-type", "text/plain")], "oops");
    let error = create(traced).await;
    assert_eq!((error.trace_id(), error.raw_body()), (Some(TRACE), Some("oops".as_bytes())));
}

/// One odd item, or an odd id, takes nothing else away.
#[tokio::test]
async fn a_refusal_with_something_odd_in_it() {
    let body = r#"{"errors":["odd",{"code":"a","message":null,"long_message":5},{"code":null,"message":"b\u001b[2J\nc"},7],
        "clerk_trace_id":"t1"}"#;
    let error = create(json(400, body)).await;
    let items: Vec<_> = error.errors().iter().map(|item| (item.code(), item.long_message())).collect();
    assert_eq!(items, [("a", ""), ("", "b\u{1b}[2J\nc")]);
    assert_eq!((error.kind(), error.trace_id()), (ErrorKind::ClerkErrors, Some("t1")));
    assert!(!error.to_string().contains(char::is_control), "{error}");
    let error = create(json(400, r#"{"errors":[{"code":"a"}],"clerk_trace_id":5}"#)).await;
    assert_eq!((error.code(), error.trace_id()), (Some("a"), None));
    let error = create(json(400, r#"{"errors":{},"clerk_trace_id":"t1"}"#)).await;
    assert_eq!((error.code(), error.trace_id()), (None, Some("t1")));
}

#[tokio::test]
async fn a_success_that_cannot_be_understood_has_its_trace_id() {
    for (status, location) in [(200, "/"), (302, "/"), (600, "/")] {
        let headers =
            [("x-clerk-trace-id", TRACE), ("location", location), ("content-type", "application/json")];
        let error = create(answer(status, &headers, "[1]")).await;
        assert_eq!((error.trace_id(), error.status()), (Some(TRACE), Some(status)));
    }
}

#[tokio::test]
async fn a_connection_that_is_refused() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let server = Server::other(&format!("http://{address}")).unwrap();
    let client = Client::builder().bearer("sk").server(server).retry(RetryPolicy::none()).build().unwrap();
    let error = client.jwks().get().await.unwrap_err();
    assert!(error.is_connect() && error.is_transport() && !error.is_api(), "{error:?}");
    assert!(
        error.to_string().starts_with("jwks.get: no connection to the server: Connection refused"),
        "{error}"
    );
}

/// What is meant for https is not sent to a server that does not speak it.
#[tokio::test]
async fn a_server_that_does_not_speak_tls_gets_no_key() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let listening = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = vec![0; 4_096];
        let length = stream.read(&mut first).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        first.truncate(length);
        first
    });
    let server = Server::other(&url).unwrap();
    let client = Client::builder().bearer(KEY).server(server).retry(RetryPolicy::none()).build().unwrap();
    let error = client.jwks().get().await.unwrap_err();
    assert!(error.is_connect(), "nothing was sent: {error:?}");
    let first = listening.await.unwrap();
    assert_eq!(first[0], 0x16, "a handshake");
    assert!(!first.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
}

#[tokio::test]
async fn a_connection_that_is_cut() {
    let before = Act::Cut;
    let in_the_head = Act::Say(b"HTTP/1.1 200 OK\r\ncontent-".to_vec());
    let body = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{ACTOR_TOKEN}"
    );
    let in_the_body = Act::Say(body.into_bytes());
    let chunk =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n";
    let in_the_chunks = Act::Say(chunk.as_bytes().to_vec());
    for act in [before, in_the_head, in_the_body, in_the_chunks] {
        let error = create(act).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::Transport, None));
        assert!(error.is_transport() && !error.is_connect(), "it may have taken effect: {error:?}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn an_answer_that_is_no_http() {
    let error = create(Act::Say(b"220 smtp.example ready\r\n\r\n".to_vec())).await;
    assert_eq!(error.kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn a_success_that_cannot_be_understood() {
    let json_type = [("content-type", "application/json")];
    for (act, says) in [
        (answer(200, &json_type, ""), "it is empty"),
        (answer(200, &json_type, "{"), "the JSON ends too early"),
        (answer(200, &json_type, "no"), "no JSON"),
        (answer(200, &json_type, "[1]"), "a value of another type than expected"),
        (answer(200, &json_type, r#"{"id":"act_1"}"#), "missing field `status`"),
        (answer(200, &[("content-type", "text/html")], "<html>"), "not of the type application/json"),
        (answer(200, &[], ACTOR_TOKEN), "not of the type application/json"),
        (answer(204, &[], ""), "it is empty"),
    ] {
        let error = create(act).await;
        assert!(error.is_decode() && !error.is_api(), "{error:?}");
        assert!(error.to_string().contains(says), "{error} {says}");
        assert!(error.raw_body().is_some());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Scripted::start([]).await;
    for status in [301, 302, 303, 307, 308] {
        let error = create(answer(status, &[("location", &elsewhere.url())], "")).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::Redirect, Some(status)));
        assert!(error.is_redirect());
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_long() {
    let announced =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000000000\r\n\r\n{";
    for act in [Act::Endless, Act::SayAndHang(announced.as_bytes().to_vec())] {
        let server = Scripted::start([act]).await;
        let client = super::builder(&server, &super::TestClock::new()).response_limit_bytes(10_000);
        let error = client.build().unwrap().jwks().get().await.unwrap_err();
        assert!(error.is_decode(), "{error:?}");
        assert!(error.to_string().contains("longer than 10000 bytes"), "{error}");
        assert_eq!(error.status(), Some(200));
        assert_eq!((error.attempts(), server.asked().len()), (1, 1), "it is not asked for again");
    }
}

#[tokio::test]
async fn an_answer_that_is_just_short_enough() {
    let whole = r#"{"keys":[]}"#;
    let in_chunks = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"key\r\n6\r\ns\":[]}\r\n0\r\n\r\n";
    for act in [json(200, whole), Act::Say(in_chunks.as_bytes().to_vec())] {
        for (limit, fits) in [(whole.len(), true), (whole.len() - 1, false)] {
            let server = Scripted::start([act.clone()]).await;
            let client = super::builder(&server, &super::TestClock::new()).response_limit_bytes(limit);
            let outcome = client.build().unwrap().jwks().get().await;
            assert_eq!(outcome.is_ok(), fits, "{limit}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_status_that_the_api_does_not_have() {
    let error = create(json(600, "{}")).await;
    assert!(error.is_decode(), "{error:?}");
    assert_eq!(error.status(), Some(600));
}

#[tokio::test]
async fn a_key_that_was_used_for_another_request_is_final() {
    let server = Scripted::start([errors(422, &["idempotency_key_reused"])]).await;
    let error = client(&server).actor_tokens().create(request()).await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("idempotency_key_reused"), 1));
}
