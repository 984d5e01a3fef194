//! `GET /v1/instance` and `GET /v1/jwks` (contract: Backend API §7 and §8).

use crate::harness::Instance;
use actas_domain::{caller::Context, keys::rotate, settings::InstanceKind};
use insta::assert_snapshot;

#[tokio::test]
async fn the_instance_says_what_it_is() {
    let instance = Instance::start().await;
    assert_snapshot!(instance.get("/v1/instance").await, @r#"
    200 {
      "environment_type": "development",
      "id": "[ins]",
      "object": "instance",
      "publishable_key": "pk_test_YWN0YXMuY2xlcmsuYWNjb3VudHMuZGV2JA"
    }
    "#);
    let production = |plan: &mut crate::harness::Plan| plan.settings.instance_kind = InstanceKind::Production;
    let instance = Instance::start_with(production).await;
    assert_eq!(instance.get("/v1/instance").await.ok()["environment_type"], "production");
}

#[tokio::test]
async fn the_key_set_has_the_current_key_and_the_next() {
    let instance = Instance::start().await;
    assert_snapshot!(instance.get("/v1/jwks").await, @r#"
    200 {
      "keys": [
        {
          "alg": "RS256",
          "e": "AQAB",
          "kid": "[ins]",
          "kty": "RSA",
          "n": "[modulus]",
          "use": "sig"
        },
        {
          "alg": "RS256",
          "e": "AQAB",
          "kid": "[ins]",
          "kty": "RSA",
          "n": "[modulus]",
          "use": "sig"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_retired_key_stays_in_the_set_while_its_tokens_live() {
    let instance = Instance::start().await;
    let world = &instance.app.world;
    let before = instance.get("/v1/jwks").await.ok();
    rotate::rotate(world, &Context::operator(), rotate::Haste::AtOnce).await.expect("the keys rotate");
    let after = instance.get("/v1/jwks").await.ok();
    let kids = |set: &serde_json::Value| -> Vec<String> {
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kids(&after).len(), 3);
    assert!(kids(&before).iter().all(|kid| kids(&after).contains(kid)));
    instance.clock.advance_seconds(world.settings.longest_session_seconds() + 3_600);
    assert_eq!(kids(&instance.get("/v1/jwks").await.ok()).len(), 2);
}
