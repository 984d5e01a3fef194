//! Keys that are fetched by HTTP, with a client and by a URL.

use super::forge::{MovableClock, NOW, Signer, good_claims, jwks};
use actas_sdk::{Client, RetryPolicy, Server, verify::Verifier};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Answers every request with the same and keeps what it was asked.
struct Answering {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn answering(status: &'static str, body: String) -> Answering {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut bytes = [0; 1024];
                let length = connection.read(&mut bytes).await.unwrap();
                request.extend_from_slice(&bytes[..length]);
                if length == 0 {
                    break;
                }
            }
            kept.lock().unwrap().push(String::from_utf8(request).unwrap().to_ascii_lowercase());
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            // The other side may have gone.
            let _ = connection.write_all((head + &body).as_bytes()).await;
        }
    });
    Answering { url, asked }
}

fn client(url: &str) -> Client {
    let builder = Client::builder().bearer("sk_test_secret").server(Server::actas(url).unwrap());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

#[tokio::test]
async fn a_client_asks_its_backend_api_under_its_key() {
    let server = answering("200 OK", jwks(&[Signer::known()])).await;
    let verifier = Verifier::builder()
        .client(&client(&server.url))
        .clock(MovableClock::at_seconds(NOW))
        .build()
        .unwrap();
    for _ in 0..3 {
        verifier.verify(&Signer::known().token(&good_claims())).await.unwrap();
    }
    let asked = server.asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("get /v1/jwks http/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("authorization: bearer sk_test_secret\r\n"), "{}", asked[0]);
}

#[tokio::test]
async fn published_keys_are_asked_for_without_a_key() {
    let server = answering("200 OK", jwks(&[Signer::known()])).await;
    let url = format!("{}/.well-known/jwks.json", server.url);
    let verifier = Verifier::builder().jwks_url(&url).clock(MovableClock::at_seconds(NOW)).build().unwrap();
    verifier.verify(&Signer::known().token(&good_claims())).await.unwrap();
    let asked = server.asked.lock().unwrap();
    assert!(asked[0].starts_with("get /.well-known/jwks.json http/1.1\r\n"), "{}", asked[0]);
    assert!(!asked[0].contains("authorization"), "{}", asked[0]);
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_the_key() {
    let refusal = r#"{"errors":[{"message":"m","long_message":"l","code":"clerk_key_invalid"}]}"#;
    let refusing = answering("401 Unauthorized", refusal.to_owned()).await;
    let strange = answering("200 OK", "<html>".to_owned()).await;
    let huge = answering("200 OK", format!("{{\"keys\":[{}]}}", " ".repeat(300 * 1_024))).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let urls = [refusing.url, strange.url, huge.url, format!("http://{closed}")];
    for url in &urls {
        for builder in [Verifier::builder().client(&client(url)), Verifier::builder().jwks_url(url)] {
            let verifier = builder.build().unwrap();
            let error = verifier.refresh_keys().await.unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(
                error.is_keys_unavailable() && cause.starts_with("the JWKS cannot be fetched"),
                "{cause}"
            );
            let shown = format!("{error:?} {cause}");
            assert!(!shown.contains("sk_test_secret"), "{shown}");
        }
    }
}

#[test]
fn keys_are_not_fetched_where_others_can_put_theirs_in() {
    for url in
        ["http://clerk.example.com/.well-known/jwks.json", "clerk.example.com", "ftp://127.0.0.1/x", ""]
    {
        assert!(Verifier::builder().jwks_url(url).build().unwrap_err().is_configuration(), "{url}");
    }
    for url in ["https://clerk.example.com/.well-known/jwks.json", "http://127.0.0.1:1/jwks"] {
        assert!(Verifier::builder().jwks_url(url).build().is_ok(), "{url}");
    }
}
