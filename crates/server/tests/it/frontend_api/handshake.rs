//! `GET /v1/client/handshake` on a production instance: who is known by the cookie, and the way back by a cookie.

use super::{
    actor_token,
    browser::{APP, Browser, UAT_SUFFIXED, set_cookies},
    instance, instance_with, session_status, ticket,
};
use crate::harness::{Answer, Instance};
use actas_domain::settings::InstanceKind;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

pub(super) const HANDSHAKE: &str =
    "/v1/client/handshake?redirect_url=https%3A%2F%2Fapp.example.test%2Fa%3Fb%3Dc&format=";

/// The cookies that the app's server is told to set, as it fetches them under its secret key.
pub(super) async fn payload(instance: &Instance, nonce: &str) -> Vec<String> {
    let answer = instance.get(&format!("/v1/clients/handshake_payload?nonce={nonce}")).await.ok();
    directives(&answer["directives"])
}

pub(super) fn directives(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

pub(super) fn decoded(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The value of the first cookie of that name.
pub(super) fn value_of<'a>(cookies: &'a [String], name: &str) -> &'a str {
    let cookie = cookies.iter().find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='));
    cookie.unwrap_or_else(|| panic!("no {name} in {cookies:?}")).split_once(';').unwrap().0
}

/// One a line, session tokens checked for their form and left out.
pub(super) fn shown(cookies: &[String]) -> String {
    let line = |cookie: &String| {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        match pair.split_once('=').unwrap() {
            (name, jwt) if jwt.split('.').count() == 3 => format!("{name}=[jwt];{attributes}"),
            (name, secret) if super::browser::is_client_secret(secret) => {
                format!("{name}=[secret];{attributes}")
            }
            _ => cookie.clone(),
        }
    };
    cookies.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn shake(browser: &mut Browser<'_>, form: &str) -> Answer {
    let call = browser.navigation("GET", &format!("{HANDSHAKE}{form}"));
    browser.send(call).await
}

#[tokio::test]
async fn a_nonce_leads_back_in_a_cookie_and_is_good_once() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.clock.advance_seconds(5);
    let answer = shake(&mut browser, "nonce").await;
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), Some("https://app.example.test/a?b=c"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let cookies: Vec<_> = set_cookies(&answer).into_iter().map(str::to_owned).collect();
    let nonce = value_of(&cookies, "__clerk_handshake_nonce").to_owned();
    assert_eq!(cookies.len(), 1);
    assert_eq!(
        cookies[0],
        format!("__clerk_handshake_nonce={nonce}; Path=/; Max-Age=30; HttpOnly; SameSite=Lax; Secure")
    );

    let fetched = payload(&instance, &nonce).await;
    insta::assert_snapshot!(shown(&fetched), @"
    __client_uat=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __client_uat_wO6xBncp=1773489600; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __session=[jwt]; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __session_wO6xBncp=[jwt]; Path=/; Max-Age=31536000; SameSite=Lax; Secure
    __clerk_handshake_nonce=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure
    ");
    let claims = decoded(value_of(&fetched, "__session"));
    assert_eq!((&claims["sid"], &claims["azp"]), (&id.into(), &APP.into()));
    assert_eq!((&claims["sub"], &claims["act"]["sub"]), (&"subject".into(), &"admin".into()));
    assert!(claims["iat"].as_i64() >= value_of(&fetched, UAT_SUFFIXED).parse().ok());

    let again = instance.get(&format!("/v1/clients/handshake_payload?nonce={nonce}")).await;
    insta::assert_snapshot!(again, @"400 invalid_handshake | invalid handshake | The handshake request is invalid: its nonce is unknown, was used already, or is too old");
}

#[tokio::test]
async fn a_nonce_is_for_backends_and_for_its_time() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    shake(&mut browser, "nonce").await;
    let path = format!("/v1/clients/handshake_payload?nonce={}", browser.cookies["__clerk_handshake_nonce"]);
    assert_eq!(instance.anonymous("GET", &path).send().await.status, 401);
    instance.clock.advance_seconds(30);
    assert_eq!(instance.get(&path).await.code(), "invalid_handshake");
    assert_eq!(instance.get("/v1/clients/handshake_payload").await.code(), "missing_query_parameter");
    assert_eq!(instance.get("/v1/clients/handshake_payload?nonce=garbage").await.code(), "invalid_handshake");
}

#[tokio::test]
async fn a_token_carries_the_same_and_verifies_under_the_key_set() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    for form in ["token", ""] {
        let answer = shake(&mut browser, form).await;
        assert_eq!(answer.header("location"), Some("https://app.example.test/a?b=c"));
        let token = &browser.cookies["__clerk_handshake"];
        let body = decoded(token);
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["handshake"]);
        let cookies = directives(&body["handshake"]);
        assert_eq!(
            cookies.last().unwrap(),
            "__clerk_handshake=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(shown(&cookies).contains("__session=[jwt]; Path=/;"), "{cookies:?}");
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let keys = instance.get("/v1/jwks").await.ok();
        assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"]));
    }
}

#[tokio::test]
async fn who_is_signed_out_is_told_so() {
    let instance = instance().await;
    let mut strangers = Browser::new(&instance);
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.post(&format!("/v1/sessions/{id}/revoke"), serde_json::json!({})).await.ok();
    strangers.cookies.insert("__client".to_owned(), "garbage".to_owned());
    for who in [&mut strangers, &mut browser] {
        assert_eq!(shake(who, "nonce").await.status, 307);
        let cookies = payload(&instance, &who.cookies["__clerk_handshake_nonce"]).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(&cookies), @"
            __client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __client_uat_wO6xBncp=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure
            __session=; Path=/; Max-Age=0; SameSite=Lax; Secure
            __session_wO6xBncp=; Path=/; Max-Age=0; SameSite=Lax; Secure
            __clerk_handshake_nonce=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure
            ");
        }
    }
    assert_eq!(
        instance.get("/v1/clients").await.ok().as_array().unwrap().len(),
        1,
        "nobody was made a client"
    );
}

#[tokio::test]
async fn it_counts_as_activity() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let id = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    for _ in 0..2 {
        instance.clock.advance_seconds(590);
        shake(&mut browser, "nonce").await;
    }
    assert_eq!(session_status(&instance, &id).await, "active");
    instance.clock.advance_seconds(600);
    shake(&mut browser, "nonce").await;
    let cookies = payload(&instance, &browser.cookies["__clerk_handshake_nonce"]).await;
    assert_eq!(value_of(&cookies, "__client_uat"), "0");
}

#[tokio::test]
async fn it_leads_to_the_instances_own_apps_and_nowhere_else() {
    let instance = instance_with(|plan| {
        plan.http.allowed_origins = vec!["http://localhost:3000".to_owned()];
    })
    .await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    for allowed in ["https://app.example.test", "https://actas.example.test/x", "http://localhost:3000/?q"] {
        let path = format!("/v1/client/handshake?format=nonce&redirect_url={allowed}");
        assert_eq!(browser.navigation("GET", &path).send().await.status, 307, "{allowed}");
    }
    for refused in [
        "https://evil.example",
        "http://app.example.test",
        "https://app.example.test:8443",
        "https://app.example.test.evil.example",
        "https://app.example.test@evil.example",
        "https://user@app.example.test",
        "http://localhost:3001",
        "//app.example.test",
        "/a",
        "javascript:alert(1)",
        "https:",
        "",
    ] {
        let path = format!("/v1/client/handshake?format=nonce&redirect_url={refused}");
        let answer = browser.navigation("GET", &path).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (422, "invalid_redirect_url"),
            "{refused}"
        );
        assert_eq!((answer.header("location"), set_cookies(&answer).len()), (None, 0));
    }
    let get = async |path: &str| browser.navigation("GET", path).send().await;
    insta::assert_snapshot!(get("/v1/client/handshake?redirect_url=https://evil.example").await, @"422 invalid_redirect_url | Redirect url invalid | The provided redirect url leads to an origin that is not allowed: name it in allowed_origins or sign_in_url");
    insta::assert_snapshot!(get("/v1/client/handshake?redirect_url=evil").await, @"422 invalid_redirect_url | Redirect url invalid | The provided redirect url is not in a valid format");
    insta::assert_snapshot!(get("/v1/client/handshake").await, @"400 missing_query_parameter | Missing query parameter | The query parameter 'redirect_url' is missing from the request. Please consult the API documentation for more information.");
    insta::assert_snapshot!(get(&format!("{HANDSHAKE}other")).await, @"400 invalid_handshake | invalid handshake | The handshake request is invalid: format must be nonce or token");
}

#[tokio::test]
async fn secure_follows_the_apps_scheme_and_a_domain_makes_siblings_share() {
    let instance = instance_with(|plan| {
        plan.http.allowed_origins = vec!["http://app.example.test".to_owned()];
        plan.http.cookie_domain = Some("example.test".to_owned());
    })
    .await;
    let browser = Browser::new(&instance);
    let path = "/v1/client/handshake?format=nonce&redirect_url=http://app.example.test";
    let answer = browser.navigation("GET", path).send().await;
    let cookies: Vec<_> = set_cookies(&answer).into_iter().map(str::to_owned).collect();
    let nonce = value_of(&cookies, "__clerk_handshake_nonce").to_owned();
    assert_eq!(
        cookies,
        [format!(
            "__clerk_handshake_nonce={nonce}; Path=/; Domain=example.test; Max-Age=30; HttpOnly; SameSite=Lax"
        )]
    );
    insta::assert_snapshot!(shown(&payload(&instance, &nonce).await), @"
    __client_uat=0; Path=/; Domain=example.test; Max-Age=31536000; SameSite=Lax
    __client_uat_wO6xBncp=0; Path=/; Domain=example.test; Max-Age=31536000; SameSite=Lax
    __session=; Path=/; Max-Age=0; SameSite=Lax
    __session_wO6xBncp=; Path=/; Max-Age=0; SameSite=Lax
    __clerk_handshake_nonce=; Path=/; Domain=example.test; Max-Age=0; HttpOnly; SameSite=Lax
    ");
}

#[tokio::test]
async fn a_token_that_no_cookie_can_hold_gives_way_to_a_nonce() {
    let instance = instance_with(|plan| plan.settings.instance_kind = InstanceKind::Production).await;
    let mut browser = Browser::new(&instance);
    let actor = serde_json::json!({ "actor": { "sub": "admin", "filler": "x".repeat(900) } });
    let token = super::actor_token_with(&instance, actor).await;
    browser.sign_in(&ticket(&token)).await;
    shake(&mut browser, "token").await;
    assert_eq!(browser.cookies.get("__clerk_handshake"), None);
    let cookies = payload(&instance, &browser.cookies["__clerk_handshake_nonce"]).await;
    assert!(cookies.last().unwrap().starts_with("__clerk_handshake_nonce=;"), "{cookies:?}");
}
