//! Building a client, and where its key comes from.

use super::{
    KEY, TestClock, builder,
    scripted::{Scripted, json},
};
use actas_sdk::{Client, Error, ErrorKind, Server};

#[test]
fn the_default_server_is_clerks() {
    let client = Client::builder().bearer(KEY).build().unwrap();
    assert_eq!(client.server().url(), "https://api.clerk.com/v1");
    assert!(!client.server().is_actas());
}

#[test]
fn what_cannot_be_built() {
    let refused = |builder: actas_sdk::ClientBuilder| {
        let error = builder.build().unwrap_err();
        assert!(error.is_builder() && error.attempts() == 0);
        error.to_string()
    };
    assert!(refused(Client::builder()).contains("there is no key"));
    assert!(refused(Client::builder().bearer("")).contains("the key is empty"));
    assert!(refused(Client::builder().bearer("sk_test\n")).contains("a line break"));
    assert!(refused(Client::builder().bearer(KEY).user_agent("a\r\nb")).contains("user agent"));
    assert!(refused(Client::builder().bearer(KEY).api_version("")).contains("API version"));
    assert!(refused(Client::builder().bearer(KEY).header("x y", "1")).contains("no name of a header"));
    let open = Server::actas("http://actas.example.com").unwrap();
    assert!(refused(Client::builder().bearer(KEY).server(open.clone())).contains("not https"));
    assert!(Client::builder().bearer(KEY).server(open.allow_http()).build().is_ok());
}

#[test]
fn a_client_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let client = Client::builder().bearer(KEY).build().unwrap();
    shared(&client);
    shared(&client.users());
    sent(&client.users().get("u"));
}

#[tokio::test]
async fn a_function_may_yield_the_key_after_a_while() {
    let server = Scripted::start([json(200, r#"{"keys":[]}"#)]).await;
    let client = builder(&server, &TestClock::new())
        .bearer_from_async(|| async {
            tokio::task::yield_now().await;
            Ok::<_, Error>("sk_from_vault".to_owned())
        })
        .build()
        .unwrap();
    client.jwks().get().await.unwrap();
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer sk_from_vault"));
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    let server = Scripted::start([]).await;
    let failing = builder(&server, &TestClock::new()).bearer_from(|| Err("the vault is sealed"));
    let useless = builder(&server, &TestClock::new()).bearer_from(|| Ok::<_, Error>("two words".to_owned()));
    for (builder, why) in [(failing, "the vault is sealed"), (useless, "the key has a space")] {
        let error = builder.build().unwrap().jwks().get().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Bearer, 0));
        assert!(std::error::Error::source(&error).unwrap().to_string().contains(why));
    }
    assert!(server.asked().is_empty());
}
