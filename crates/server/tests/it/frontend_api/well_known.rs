//! `GET /.well-known/jwks.json`.

use super::instance;

#[tokio::test]
async fn the_keys_are_for_everybody() {
    let instance = instance().await;
    let answer = instance.anonymous("GET", "/.well-known/jwks.json").send().await;
    insta::assert_snapshot!(answer, @r#"
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
    assert_eq!(answer.json(), instance.get("/v1/jwks").await.ok());
    let call = instance.anonymous("GET", "/.well-known/jwks.json").header("origin", "https://any.example");
    for answer in [answer, call.send().await] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    }
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_for_longer_than_anybody_may_cache() {
    let instance = instance().await;
    let answer = instance.anonymous("GET", "/.well-known/jwks.json").send().await;
    let cached = answer.header("cache-control").unwrap().rsplit('=').next().unwrap().parse::<i64>().unwrap();
    assert!(cached < actas_domain::settings::Settings::NEXT_KEY_MIN_PUBLISHED_SECONDS);
    assert_eq!(instance.anonymous("POST", "/.well-known/jwks.json").send().await.status, 404);
}
