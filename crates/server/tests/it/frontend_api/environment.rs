//! `GET` and `PATCH /v1/environment`.

use super::{browser::Browser, development_instance, instance_with};
use actas_domain::settings::InstanceKind;

#[tokio::test]
async fn both_verbs_answer_the_same_bare_object() {
    let instance = development_instance().await;
    let mut browser = Browser::new(&instance);
    let answer = browser.get("/v1/environment").await;
    let mut json = answer.ok();
    let ticket = json["user_settings"]["attributes"]["ticket"].clone();
    let names: Vec<_> = json["user_settings"]["attributes"].as_object().unwrap().keys().cloned().collect();
    json["user_settings"]["attributes"] = names.into();
    insta::assert_snapshot!(format!("{json:#}\n{ticket}"), @r#"
    {
      "auth_config": {
        "object": "auth_config",
        "single_session_mode": true
      },
      "display_config": {
        "after_sign_in_url": "https://app.example.test/",
        "after_sign_out_all_url": "https://app.example.test/sign-in",
        "after_sign_out_one_url": "https://app.example.test/sign-in",
        "after_switch_session_url": "https://app.example.test/",
        "application_name": "Actas",
        "branded": false,
        "home_url": "https://app.example.test/",
        "instance_environment_type": "development",
        "object": "display_config",
        "preferred_sign_in_strategy": "password",
        "show_devmode_warning": false,
        "sign_in_url": "https://app.example.test/sign-in"
      },
      "maintenance_mode": false,
      "user_settings": {
        "attributes": [
          "authenticator_app",
          "backup_code",
          "email_address",
          "first_name",
          "last_name",
          "passkey",
          "password",
          "phone_number",
          "ticket",
          "username",
          "web3_wallet"
        ],
        "sign_up": {
          "mode": "restricted"
        }
      }
    }
    {"enabled":true,"first_factors":[],"immutable":false,"required":false,"second_factors":[],"used_for_first_factor":false,"used_for_second_factor":false,"verifications":[],"verify_at_sign_up":false}
    "#);
    for path in ["/v1/environment?_method=PATCH", "/v1/environment?a=b&_method=PATCH"] {
        assert_eq!(browser.post(path, "").await.ok(), answer.ok());
    }
    assert_eq!(browser.call("PATCH", "/v1/environment").send().await.ok(), answer.ok());
    assert_eq!(browser.post("/v1/environment", "").await.status, 404);
}

#[tokio::test]
async fn a_production_instance_without_an_app_says_so() {
    let instance = instance_with(|plan| {
        plan.settings.instance_kind = InstanceKind::Production;
        plan.http.sign_in_url = None;
    })
    .await;
    let answer = instance.anonymous("GET", "/v1/environment").send().await.ok();
    let display = &answer["display_config"];
    assert_eq!(display["instance_environment_type"], "production");
    assert_eq!((&display["sign_in_url"], &display["home_url"]), (&"".into(), &"".into()));
}

#[tokio::test]
async fn nothing_is_said_of_captchas_or_loaders() {
    let instance = development_instance().await;
    let text = instance.anonymous("GET", "/v1/environment").send().await;
    for word in ["captcha", "protect_config"] {
        assert!(!text.text().contains(word), "{word}");
    }
}
