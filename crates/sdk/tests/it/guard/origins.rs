//! Cookies that another site's page makes the browser send.

use super::{app, ask, bearer, cookie, layer, own_token, verifier};
use crate::verify::forge::APP;

async fn status(method: &str, path: &str, lines: &[(&str, &str)]) -> u16 {
    let mut headers = vec![cookie(&own_token())];
    headers.extend(lines.iter().map(|(name, value)| (*name, (*value).to_owned())));
    ask(app(layer(verifier())), method, path, &headers).await.status.as_u16()
}

#[tokio::test]
async fn a_cookie_counts_for_the_apps_own_pages() {
    assert_eq!(status("POST", "/me", &[("origin", APP), ("sec-fetch-site", "same-site")]).await, 200);
    assert_eq!(status("POST", "/me", &[("origin", APP)]).await, 200);
    assert_eq!(status("POST", "/me", &[("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(status("POST", "/me", &[]).await, 200);
}

#[tokio::test]
async fn a_cookie_does_not_count_for_others() {
    let evil = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(status(method, "/me", &evil).await, 400, "{method}");
        assert_eq!(status(method, "/me", &evil[..1]).await, 400, "{method}");
        assert_eq!(status(method, "/me", &evil[1..]).await, 400, "{method}");
    }
    assert_eq!(status("POST", "/me", &[("origin", "null")]).await, 400);
    // The host that is asked, but without encryption.
    assert_eq!(status("POST", "/me", &[("origin", "http://app.example.com")]).await, 400);
    assert_eq!(status("GET", "/me", &evil).await, 200, "what only looks is for CORS to keep");
    let socket = [evil[0], evil[1], ("upgrade", "websocket")];
    assert_eq!(status("GET", "/me", &socket).await, 400);
    let headers = [cookie(&own_token()), ("origin", "https://evil.example".to_owned())];
    let sessions = layer(verifier());
    let answer = ask(app(sessions.clone()), "POST", "/me", &headers).await;
    assert_eq!(answer.code(), "origin_invalid");
    assert_eq!(ask(app(sessions), "POST", "/", &headers).await.body, "nobody");
}

#[tokio::test]
async fn a_bearer_counts_for_everybody_who_has_it() {
    let headers = [bearer(&own_token()), ("origin", "https://evil.example".to_owned())];
    assert_eq!(ask(app(layer(verifier())), "POST", "/me", &headers).await.status, 200);
}
