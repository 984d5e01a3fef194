//! `/v1/sessions/{id}/tokens` and `verify`, and the templates that Actas does not have (contract: Backend API §7).

use crate::harness::Instance;
use actas_domain::{
    caller::Context,
    keys::ring::KeyRing,
    ports::Clock,
    refusal_throttle::RefusalThrottle,
    session::{
        claims::ClaimsVersion,
        issue_token::{self, TokenRequest},
    },
    testing::CountingEntropy,
    time::UnixMillis,
    world::World,
};
use actas_server::ApiVersion;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

async fn instance_with_session() -> (Instance, String) {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let session = instance.add_session("someone").await["id"].as_str().unwrap().to_owned();
    (instance, session)
}

fn claims(jwt: &Value) -> Value {
    let part = jwt.as_str().unwrap().split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("claims")
}

#[tokio::test]
async fn a_token_lasts_as_long_as_asked_for_but_not_past_the_session() {
    let (instance, session) = instance_with_session().await;
    let path = format!("/v1/sessions/{session}/tokens");
    let week = 604_800;
    let cases = [
        (json!({}), 60),
        (Value::Null, 60),
        (json!({ "expires_in_seconds": null, "surprise": [] }), 60),
        (json!({ "expires_in_seconds": 30 }), 30),
        (json!({ "expires_in_seconds": 315_360_000 }), week),
    ];
    for (body, seconds) in cases {
        let token = instance.post(&path, body.clone()).await.ok();
        let claims = claims(&token["jwt"]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), seconds, "{body}");
        assert_eq!((&claims["sid"], &claims["sub"]), (&json!(session), &json!("someone")));
        assert!(claims.get("azp").is_none() && claims.get("act").is_none());
    }
    assert_snapshot!(instance.call("POST", &path).send().await, @r#"
    200 {
      "jwt": "[jwt]",
      "object": "token"
    }
    "#);
}

/// A clock that is ten seconds later each time that somebody looks at it.
struct Hurried(AtomicI64);

impl Clock for Hurried {
    fn now(&self) -> UnixMillis {
        UnixMillis::from_seconds(self.0.fetch_add(10, Ordering::SeqCst))
    }
}

/// A process that stood still between reading the session and signing does not know whether it has ended since.
#[tokio::test]
async fn a_token_is_of_the_moment_at_which_its_session_was_read() {
    let (instance, session) = instance_with_session().await;
    let world = &instance.app.world;
    let read_at = world.now().seconds();
    let world = World {
        store: Arc::clone(&world.store),
        clock: Arc::new(Hurried(AtomicI64::new(read_at))),
        entropy: Arc::new(CountingEntropy::default()),
        vault: Arc::clone(&world.vault),
        passwords: Arc::clone(&world.passwords),
        settings: world.settings.clone(),
        key_ring: KeyRing::default(),
        refusals: RefusalThrottle::default(),
    };
    let request = TokenRequest { authorized_party: None, lifetime_seconds: None, version: ClaimsVersion::V2 };
    let token = issue_token::for_backend(&world, &Context::operator(), &session, &request).await.unwrap();
    let claims = claims(&json!(token.reveal()));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(read_at), &json!(read_at + 60)));
    assert!(world.now().seconds() > read_at + 10);
}

#[tokio::test]
async fn the_claims_follow_the_version() {
    let (instance, session) = instance_with_session().await;
    for version in ApiVersion::ALL {
        let call = instance.call("POST", &format!("/v1/sessions/{session}/tokens")).version(version.as_str());
        let claims = claims(&call.send().await.ok()["jwt"]);
        let v2 = version >= ApiVersion::V2025_04_10;
        assert_eq!(claims.get("v"), v2.then_some(&json!(2)), "{version:?}");
        assert_eq!(claims.get("sts").is_some(), v2, "{version:?}");
    }
}

#[tokio::test]
async fn each_failure_is_named() {
    let (instance, session) = instance_with_session().await;
    let path = format!("/v1/sessions/{session}/tokens");
    let mut lines = Vec::new();
    for seconds in [json!(29), json!(315_360_001), json!(-1), json!("60"), json!(60.5)] {
        let answer = instance.post(&path, json!({ "expires_in_seconds": seconds })).await;
        lines.push(answer.to_string());
    }
    lines.push(instance.post(&format!("{path}/hasura"), Value::Null).await.to_string());
    lines.push(instance.post("/v1/sessions/sess_x/tokens/hasura", Value::Null).await.to_string());
    instance.post(&format!("/v1/sessions/{session}/revoke"), Value::Null).await.ok();
    lines.push(instance.post(&path, Value::Null).await.to_string());
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid | {"param_name":"expires_in_seconds"}
    422 form_param_value_too_large | Value too large | The value of expires_in_seconds can't be greater than 315360000 | {"param_name":"expires_in_seconds"}
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid | {"param_name":"expires_in_seconds"}
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid. Received string, must be of type integer.
    422 form_param_value_invalid | is invalid | expires_in_seconds is invalid. Received number, must be of type integer.
    404 resource_not_found | JWT template not found | No JWT template exists with name: hasura
    404 resource_not_found | Session not found | No session was found with id sess_x
    401 authentication_invalid | Invalid authentication | Unable to authenticate the request, you need to supply an active session
    "#);
}

#[tokio::test]
async fn no_token_is_made_past_the_end_by_time() {
    let (instance, session) = instance_with_session().await;
    instance.clock.advance_seconds(604_800);
    let answer = instance.post(&format!("/v1/sessions/{session}/tokens"), Value::Null).await;
    assert_eq!(answer.code(), "authentication_invalid");
}

#[tokio::test]
async fn verification_is_of_old_versions() {
    let (instance, session) = instance_with_session().await;
    let token = instance.post(&format!("/v1/sessions/{session}/tokens"), Value::Null).await.ok();
    let path = format!("/v1/sessions/{session}/verify");
    let body = json!({ "token": token["jwt"] });
    for version in ApiVersion::ALL {
        let answer = instance.call("POST", &path).version(version.as_str()).json(&body).send().await;
        if version <= ApiVersion::V2024_10_01 {
            assert_eq!(answer.ok()["id"], session, "{version:?}");
        } else {
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (410, "operation_deprecated"));
        }
    }
    assert_snapshot!(instance.post(&path, body).await, @"410 operation_deprecated | endpoint is deprecated and pending removal | endpoint is deprecated and pending removal");
}

#[tokio::test]
async fn verification_believes_only_a_live_token_of_that_session() {
    let (instance, session) = instance_with_session().await;
    let other = instance.add_session("someone").await["id"].as_str().unwrap().to_owned();
    let of = |session: &str| format!("/v1/sessions/{session}/verify");
    let verify =
        |path: String, body: Value| instance.call("POST", &path).version("2021-02-05").json(&body).send();
    let jwt = instance.post(&format!("/v1/sessions/{session}/tokens"), Value::Null).await.ok()["jwt"].clone();
    let (signed, signature) = jwt.as_str().unwrap().rsplit_once('.').unwrap();
    let forged =
        format!("{signed}.{}{}", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    let mut lines = vec![
        verify(of(&other), json!({ "token": jwt })).await.to_string(),
        verify(of(&session), json!({ "token": forged })).await.to_string(),
        verify(of(&session), json!({})).await.to_string(),
        verify(of(&session), json!({ "token": jwt, "surprise": 1 })).await.to_string(),
        verify(of("sess_x"), json!({ "token": jwt })).await.to_string(),
    ];
    instance.clock.advance_seconds(60);
    lines.push(verify(of(&session), json!({ "token": jwt })).await.to_string());
    assert_snapshot!(lines.join("\n"), @r#"
    400 invalid_session_token | Invalid session token | The token provided could not be successfully verified
    400 invalid_session_token | Invalid session token | The token provided could not be successfully verified
    400 invalid_session_token | Invalid session token | The token provided could not be successfully verified
    422 form_param_unknown | is unknown | surprise is not a valid parameter for this request. | {"param_name":"surprise"}
    404 resource_not_found | Session not found | No session was found with id sess_x
    400 invalid_session_token | Invalid session token | The token provided could not be successfully verified
    "#);
}
