//! The session tokens that the Frontend API hands out, read by an independent eye.

use super::{
    actor_token, actor_token_with,
    browser::{APP, Browser},
    instance, instance_with, ordinary_ticket, ticket,
};
use crate::harness::Instance;
use actas_domain::testing::rows::START;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).expect("base64url")
}

/// The claims, unverified.
pub(super) fn claims(jwt: &str) -> Value {
    serde_json::from_slice(&decoded(jwt.split('.').nth(1).expect("claims"))).expect("JSON")
}

/// The claims' text, if the signature is good under the published key that the header names.
async fn verified_claims(instance: &Instance, jwt: &str) -> Result<String, String> {
    let [header, claims, signature] = jwt.split('.').collect::<Vec<_>>()[..] else {
        return Err("not three parts".to_owned());
    };
    let head: Value = serde_json::from_slice(&decoded(header)).expect("JSON");
    assert_eq!((&head["alg"], &head["typ"]), (&json!("RS256"), &json!("JWT")));
    let keys = instance.anonymous("GET", "/.well-known/jwks.json").send().await.ok();
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == head["kid"]);
    let key = key.ok_or("an unknown key")?;
    let member = |name: &str| decoded(key[name].as_str().expect("a member of the key"));
    let components = RsaPublicKeyComponents { n: member("n"), e: member("e") };
    let message = format!("{header}.{claims}");
    components
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decoded(signature))
        .map_err(|_| "a wrong signature".to_owned())?;
    Ok(String::from_utf8(decoded(claims)).expect("UTF-8"))
}

async fn token(browser: &mut Browser<'_>, session: &str) -> String {
    let answer =
        browser.post(&format!("/v1/client/sessions/{session}/tokens"), "organization_id=").await.ok();
    assert_eq!(answer["object"], "token");
    assert_eq!(answer.as_object().map(|members| members.len()), Some(2), "the answer is bare");
    answer["jwt"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_token_verifies_and_says_who_acts_to_the_letter() {
    let instance = instance().await;
    let actor =
        r#"{"z":1.0,"sub":"admin","n":9007199254740993,"é":"\u00e9","nested":{"b":[1e2,null],"a":-0}}"#;
    let body = format!("{{\"user_id\":\"subject\",\"actor\":{actor}}}");
    let call = instance.call("POST", "/v1/actor_tokens").header("content-type", "application/json");
    let created = call.body(body).send().await.ok();
    let mut browser = Browser::new(&instance);
    let answer = browser.redeem(&ticket(&created)).await;
    assert!(answer.text().contains(&format!("\"actor\":{actor}")), "{}", answer.text());
    let first = answer.ok()["client"]["sessions"][0]["last_active_token"]["jwt"].clone();
    let session = answer.ok()["response"]["created_session_id"].as_str().unwrap().to_owned();
    let second = token(&mut browser, &session).await;
    for jwt in [first.as_str().unwrap(), &second] {
        let claims = verified_claims(&instance, jwt).await.unwrap();
        assert!(claims.ends_with(&format!(",\"act\":{actor}}}")), "{claims}");
    }
    assert_ne!(claims(first.as_str().unwrap())["jti"], claims(&second)["jti"]);
}

#[tokio::test]
async fn one_changed_character_is_seen() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let jwt = token(&mut browser, &session).await;
    let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
    let claims = String::from_utf8(decoded(&parts[1])).unwrap().replace("\"subject\"", "\"subjecT\"");
    parts[1] = URL_SAFE_NO_PAD.encode(claims);
    assert_eq!(verified_claims(&instance, &parts.join(".")).await.unwrap_err(), "a wrong signature");
}

#[tokio::test]
async fn the_claims_of_an_impersonation() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let mut claims = claims(&token(&mut browser, &session).await);
    assert_eq!(claims["sid"], session.as_str());
    assert_eq!(claims["jti"].as_str().map(str::len), Some(27));
    claims["sid"] = "[sess]".into();
    claims["jti"] = "[jti]".into();
    insta::assert_snapshot!(claims, @r#"{"act":{"sub":"admin"},"azp":"https://app.example.test","exp":1773489660,"fva":[-1,-1],"iat":1773489600,"iss":"https://actas.example.test","jti":"[jti]","nbf":1773489590,"sid":"[sess]","sts":"active","sub":"subject","v":2}"#);
}

#[tokio::test]
async fn an_ordinary_session_has_no_act() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ordinary_ticket(&instance).await).await;
    let claims = claims(&token(&mut browser, &session).await);
    assert_eq!(claims.get("act"), None);
    assert_eq!(claims["fva"], json!([0, -1]));
}

#[tokio::test]
async fn no_token_outlives_its_session() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    let maximum = actor_token_with(&instance, json!({ "session_max_duration_in_seconds": 90 })).await;
    let answer = browser.redeem(&ticket(&maximum)).await.ok();
    let session = answer["response"]["created_session_id"].as_str().unwrap().to_owned();
    let end = answer["client"]["sessions"][0]["expire_at"].as_i64().unwrap() / 1_000;
    let remaining = |jwt: &str| end - claims(jwt)["exp"].as_i64().unwrap();
    assert_eq!(remaining(&token(&mut browser, &session).await), 30);
    instance.clock.advance_seconds(40);
    assert_eq!(remaining(&token(&mut browser, &session).await), 0);
    instance.clock.advance_seconds(49);
    assert_eq!(remaining(&token(&mut browser, &session).await), 0);
    instance.clock.advance_seconds(1);
    let answer = browser.post(&format!("/v1/client/sessions/{session}/tokens"), "").await;
    insta::assert_snapshot!(answer, @"401 authentication_invalid | Invalid authentication | Unable to authenticate the request, you need to supply an active session");
}

#[tokio::test]
async fn a_token_that_was_only_looked_up_ends_with_the_idle_time() {
    let instance = instance().await;
    let mut browser = Browser::new(&instance);
    browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    instance.clock.advance_seconds(580);
    let client = browser.get("/v1/client").await.ok();
    let claims = claims(client["response"]["sessions"][0]["last_active_token"]["jwt"].as_str().unwrap());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 20);
}

#[tokio::test]
async fn azp_is_the_origin_of_an_allowed_app_and_of_no_other() {
    let instance = instance_with(|plan| {
        plan.http.allowed_origins = vec!["https://other.example.test".to_owned()];
    })
    .await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let cookie = format!("__client={}", browser.cookies["__client"]);
    let azp = async |headers: &[(&str, &str)]| {
        let path = format!("/v1/client/sessions/{session}/tokens");
        let call = instance.anonymous("POST", &path).header("cookie", &cookie);
        let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        claims(call.send().await.ok()["jwt"].as_str().unwrap())["azp"].clone()
    };
    let other = "https://other.example.test";
    assert_eq!(azp(&[("origin", APP)]).await, APP);
    assert_eq!(azp(&[("origin", other), ("referer", "https://app.example.test/")]).await, other);
    assert_eq!(azp(&[("referer", "https://app.example.test/orders?id=1")]).await, APP);
    let key = ("clerk-secret-key", instance.secret_key.reveal());
    let proxy = ("clerk-proxy-url", "https://other.example.test/__clerk");
    assert_eq!(azp(&[key, proxy]).await, other);
    assert_eq!(azp(&[proxy]).await, json!(null), "anybody can write a header");
    assert_eq!(azp(&[("referer", "https://evil.example.test/")]).await, json!(null));
    let unknown_proxy =
        [key, ("clerk-proxy-url", "https://evil.example.test/"), ("referer", "https://app.example.test/")];
    assert_eq!(azp(&unknown_proxy).await, APP);
    assert_eq!(azp(&[("referer", "data:text/html,x")]).await, json!(null));
    assert_eq!(azp(&[]).await, json!(null));
}

#[tokio::test]
async fn where_sessions_idle_out_sooner_than_tokens_only_a_forced_renewal_is_activity() {
    let instance = instance_with(|plan| plan.settings.impersonated_idle_seconds = 20).await;
    let mut browser = Browser::new(&instance);
    let session = browser.sign_in(&ticket(&actor_token(&instance).await)).await;
    let path = format!("/v1/client/sessions/{session}/tokens");
    let mut exp = async |path: &str| {
        let token = browser.post(path, "tab_state=focused").await.ok();
        claims(token["jwt"].as_str().unwrap())["exp"].as_i64().unwrap() - START.seconds()
    };
    instance.clock.advance_seconds(3);
    assert_eq!(exp(&path).await, 20, "a script's timer");
    let forced = format!("{path}?debug=skip_cache");
    instance.clock.advance_seconds(1);
    assert_eq!(exp(&forced).await, 24);
    instance.clock.advance_seconds(1);
    assert_eq!(exp(&forced).await, 25, "nothing lags");
    instance.clock.advance_seconds(19);
    assert_eq!(exp(&path).await, 25);
    instance.clock.advance_seconds(1);
    assert_eq!(browser.post(&forced, "").await.code(), "authentication_invalid");
}
