//! Keys that are fetched by HTTP, with a client and by a URL.

use super::forge::{MovableClock, NOW, Signer, good_claims, jwks};
use actas_sdk::{
    Client, RetryPolicy, Server,
    verify::{Verifier, VerifyErrorKind},
};
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

async fn answering(status: &str, body: String) -> Answering {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let (kept, status) = (Arc::clone(&asked), status.to_owned());
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
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let urls = [refusing.url, strange.url, format!("http://{closed}")];
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

/// Each way to fetch what the server answers, and the outcome of a good token then.
async fn outcomes(body: &str) -> [Result<(), VerifyErrorKind>; 2] {
    let server = answering("200 OK", body.to_owned()).await;
    let token = Signer::known().token(&good_claims());
    let ways = [Verifier::builder().client(&client(&server.url)), Verifier::builder().jwks_url(&server.url)];
    let mut outcomes = [Ok(()); 2];
    for (outcome, builder) in outcomes.iter_mut().zip(ways) {
        let verifier = builder.clock(MovableClock::at_seconds(NOW)).build().unwrap();
        *outcome = verifier.verify(&token).await.map(drop).map_err(|error| error.kind());
    }
    outcomes
}

#[tokio::test]
async fn a_fetched_set_is_judged_to_the_letter() {
    let key = Signer::known().jwk();
    let with = |more: &str| format!("{},{more}}}", &key[..key.len() - 1]);
    let set = |keys: &str| format!(r#"{{"keys":[{keys}]}}"#);
    for odd in [r#"{"kid":1}"#, "{}", "1", r#"{"kty":1,"kid":"other"}"#] {
        assert_eq!(outcomes(&set(&format!("{odd},{key}"))).await, [Ok(()); 2], "{odd}");
    }
    for more in [r#""d":"AQAB""#, r#""d":null"#, r#""key_ops":["sign"]"#, r#""key_ops":["verify","verify"]"#]
    {
        assert_eq!(outcomes(&set(&with(more))).await, [Err(VerifyErrorKind::UnknownKey); 2], "{more}");
    }
    let twice = set(&with(r#""alg":"RS256""#));
    assert_eq!(outcomes(&twice).await, [Err(VerifyErrorKind::KeysUnavailable); 2], "a member twice");
    let padded = |bytes: usize| format!(r#"{{"keys":[{key}],"x":"{}"}}"#, "x".repeat(bytes));
    assert_eq!(outcomes(&padded(200 * 1_024)).await, [Ok(()); 2]);
    assert_eq!(outcomes(&padded(256 * 1_024)).await, [Err(VerifyErrorKind::KeysUnavailable); 2], "too large");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = answering("200 OK", jwks(&[Signer::known()])).await;
    let leading =
        answering(&format!("302 Found\r\nLocation: {}/v1/jwks", elsewhere.url), String::new()).await;
    for builder in
        [Verifier::builder().client(&client(&leading.url)), Verifier::builder().jwks_url(&leading.url)]
    {
        assert!(builder.build().unwrap().refresh_keys().await.unwrap_err().is_keys_unavailable());
    }
    assert!(elsewhere.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_query_is_sent_along() {
    let server = answering("200 OK", jwks(&[Signer::known()])).await;
    let verifier = Verifier::builder().jwks_url(&format!("{}/keys?of=ins_1", server.url)).build().unwrap();
    verifier.refresh_keys().await.unwrap();
    let asked = server.asked.lock().unwrap();
    assert!(asked[0].starts_with("get /keys?of=ins_1 http/1.1\r\n"), "{}", asked[0]);
}

#[test]
fn keys_are_not_fetched_where_others_can_put_theirs_in() {
    for (url, mistake) in [
        ("http://clerk.example.com/.well-known/jwks.json", "`jwks_url_allow_http`"),
        ("clerk.example.com", "is none"),
        ("ftp://127.0.0.1/x", "neither http nor https"),
        ("https://user:hunter2@clerk.example.com/jwks", "user name"),
        ("https://clerk.example.com/jwks#x", "fragment"),
        ("", "is none"),
    ] {
        let error = Verifier::builder().jwks_url(url).build().unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(mistake), "{url}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    for url in ["https://clerk.example.com/.well-known/jwks.json", "http://127.0.0.1:1/jwks"] {
        assert!(Verifier::builder().jwks_url(url).build().is_ok(), "{url}");
    }
    let plain = "http://keys.internal.example/jwks";
    assert!(Verifier::builder().jwks_url_allow_http(plain).build().is_ok());
    assert!(Verifier::builder().jwks_url_allow_http("ftp://127.0.0.1/x").build().is_err());
}
