//! `/v1/users`: create, show and delete (contract: Backend API §6).

use crate::harness::{Instance, StoreKind, shown};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Everything that a creation can say, but for a password.
pub(super) fn full() -> Value {
    json!({
        "external_id": "crm-1",
        "username": "ada_l",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "locale": "en-GB",
        "email_address": ["Ada@Example.com", "reserved@example.com"],
        "email_address_identification_status": ["verified", "reserved"],
        "phone_number": ["+15551234567"],
        "web3_wallet": ["0xAbCdEf0000000000000000000000000000000000"],
        "public_metadata": { "plan": "gold" },
        "private_metadata": { "score": 1.0 },
        "unsafe_metadata": { "theme": null },
        "banned": false,
        "locked": null,
        "delete_self_enabled": false,
        "create_organization_enabled": false,
        "create_organizations_limit": 3,
        "bypass_client_trust": true,
        "created_at": "2026-03-14T11:59:00Z",
        "legal_accepted_at": "2026-03-14T11:59:30.000Z",
        "skip_password_requirement": true,
        "skip_legal_checks": null,
        "skip_user_requirement": true,
    })
}

/// A user with everything, as it was created.
async fn full_user(instance: &Instance) -> Value {
    let created = instance.post("/v1/users", full()).await;
    let shown = instance.get(&format!("/v1/users/{}", created.ok()["id"].as_str().unwrap())).await;
    assert_eq!(created.body, shown.body);
    created.ok()
}

#[tokio::test]
async fn a_user_is_created_whole() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let mut user = full_user(&instance).await;
        for list in ["email_addresses", "phone_numbers", "web3_wallets"] {
            assert!(user[list].take().is_array());
        }
        allow_duplicates! {
            assert_snapshot!(format!("{:#}", shown(user)), @r#"
            {
              "backup_code_enabled": false,
              "banned": false,
              "bypass_client_trust": true,
              "create_organization_enabled": false,
              "create_organizations_limit": 3,
              "created_at": "[start-60s]",
              "delete_self_enabled": false,
              "deprovisioned": false,
              "email_addresses": null,
              "enterprise_accounts": [],
              "external_accounts": [],
              "external_id": "crm-1",
              "first_name": "Ada",
              "has_image": false,
              "id": "[user]",
              "image_url": "",
              "last_active_at": null,
              "last_name": "Lovelace",
              "last_sign_in_at": null,
              "legal_accepted_at": "[start-30s]",
              "locale": "en-GB",
              "locked": false,
              "lockout_expires_in_seconds": null,
              "mfa_disabled_at": null,
              "mfa_enabled_at": null,
              "object": "user",
              "organization_memberships": [],
              "passkeys": [],
              "password_enabled": false,
              "password_last_updated_at": null,
              "phone_numbers": null,
              "primary_email_address_id": "[idn]",
              "primary_phone_number_id": "[idn]",
              "primary_web3_wallet_id": "[idn]",
              "private_metadata": {
                "score": 1.0
              },
              "public_metadata": {
                "plan": "gold"
              },
              "saml_accounts": [],
              "totp_enabled": false,
              "two_factor_enabled": false,
              "unsafe_metadata": {
                "theme": null
              },
              "updated_at": "[start]",
              "username": "ada_l",
              "verification_attempts_remaining": null,
              "web3_wallets": null
            }
            "#);
        }
    }
}

#[tokio::test]
async fn identifications_are_verified_or_reserved() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let user = full_user(&instance).await;
        assert_eq!(user["primary_email_address_id"], user["email_addresses"][0]["id"]);
        assert_eq!(user["primary_phone_number_id"], user["phone_numbers"][0]["id"]);
        assert_eq!(user["primary_web3_wallet_id"], user["web3_wallets"][0]["id"]);
        let verification = &user["email_addresses"][0]["verification"];
        assert_eq!(&user["phone_numbers"][0]["verification"], verification);
        assert_eq!(&user["web3_wallets"][0]["verification"], verification);
        allow_duplicates! {
            assert_snapshot!(format!("{:#}", shown(user["email_addresses"].clone())), @r#"
            [
              {
                "created_at": "[start]",
                "email_address": "ada@example.com",
                "id": "[idn]",
                "linked_to": [],
                "object": "email_address",
                "reserved": false,
                "updated_at": "[start]",
                "verification": {
                  "attempts": null,
                  "expire_at": null,
                  "object": "verification_admin",
                  "status": "verified",
                  "strategy": "admin"
                }
              },
              {
                "created_at": "[start]",
                "email_address": "reserved@example.com",
                "id": "[idn]",
                "linked_to": [],
                "object": "email_address",
                "reserved": true,
                "updated_at": "[start]",
                "verification": null
              }
            ]
            "#);
        }
    }
}

#[tokio::test]
async fn a_user_needs_nothing() {
    let instance = Instance::start().await;
    assert_snapshot!(instance.post("/v1/users", json!({})).await, @r#"
    200 {
      "backup_code_enabled": false,
      "banned": false,
      "bypass_client_trust": false,
      "create_organization_enabled": true,
      "created_at": "[start]",
      "delete_self_enabled": true,
      "deprovisioned": false,
      "email_addresses": [],
      "enterprise_accounts": [],
      "external_accounts": [],
      "external_id": null,
      "first_name": null,
      "has_image": false,
      "id": "[user]",
      "image_url": "",
      "last_active_at": null,
      "last_name": null,
      "last_sign_in_at": null,
      "legal_accepted_at": null,
      "locale": null,
      "locked": false,
      "lockout_expires_in_seconds": null,
      "mfa_disabled_at": null,
      "mfa_enabled_at": null,
      "object": "user",
      "organization_memberships": [],
      "passkeys": [],
      "password_enabled": false,
      "password_last_updated_at": null,
      "phone_numbers": [],
      "primary_email_address_id": null,
      "primary_phone_number_id": null,
      "primary_web3_wallet_id": null,
      "private_metadata": {},
      "public_metadata": {},
      "saml_accounts": [],
      "totp_enabled": false,
      "two_factor_enabled": false,
      "unsafe_metadata": {},
      "updated_at": "[start]",
      "username": null,
      "verification_attempts_remaining": null,
      "web3_wallets": []
    }
    "#);
}

#[tokio::test]
async fn a_user_brings_an_id_along() {
    let instance = Instance::start().await;
    for id in ["crm:42@example.com", "x", &"y".repeat(255), "-", "user_1"] {
        assert_eq!(instance.post("/v1/users", json!({ "id": id })).await.ok()["id"], id);
        assert_eq!(instance.get(&format!("/v1/users/{id}")).await.ok()["id"], id);
    }
    let mut lines = Vec::new();
    for id in ["x", "", "a b", "a/b", "é", "count", "import", &"y".repeat(256)] {
        lines.push(instance.post("/v1/users", json!({ "id": id })).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_identifier_exists | That identifier is taken | That id is taken. Please try another. | {"param_name":"id"}
    422 form_param_format_invalid | is invalid | id must be a text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -. | {"param_name":"id"}
    422 form_param_format_invalid | is invalid | id must be a text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -. | {"param_name":"id"}
    422 form_param_format_invalid | is invalid | id must be a text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -. | {"param_name":"id"}
    422 form_param_format_invalid | is invalid | id must be a text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -. | {"param_name":"id"}
    422 form_param_value_invalid | is invalid | id is invalid | {"param_name":"id"}
    422 form_param_value_invalid | is invalid | id is invalid | {"param_name":"id"}
    422 form_param_max_length_exceeded | exceeds maximum length | id should not exceed 255 characters. | {"param_name":"id"}
    "#);
}

#[tokio::test]
async fn no_status_means_verified() {
    let instance = Instance::start().await;
    let body = json!({ "email_address": ["a@example.com"], "email_address_identification_status": [] });
    let user = instance.post("/v1/users", body).await.ok();
    assert_eq!(user["email_addresses"][0]["verification"]["status"], "verified");
}

#[tokio::test]
async fn a_password_is_kept_and_never_shown() {
    let instance = Instance::start().await;
    let body = json!({ "id": "a", "password": "correct horse battery" });
    let created = instance.post("/v1/users", body).await;
    assert_eq!(created.ok()["password_enabled"], true);
    assert!(created.ok()["password_last_updated_at"].is_i64());
    let digest = "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    let body = json!({ "id": "b", "password_digest": digest, "password_hasher": "bcrypt" });
    assert_eq!(instance.post("/v1/users", body).await.ok()["password_enabled"], true);
    for answer in [created, instance.get("/v1/users").await, instance.get("/v1/audit_entries").await] {
        assert!(!answer.text().contains("correct horse") && !answer.text().contains("$argon2"));
        assert!(!answer.text().contains(digest));
    }
}

/// At the limits that the refusal names, and one above each.
#[tokio::test]
async fn digests_are_brought_along_within_the_costs_that_are_named() {
    let instance = Instance::start().await;
    let bcrypt =
        |cost: u8| ("bcrypt", format!("$2a${cost:02}$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"));
    let argon2id = |costs: &str| {
        (
            "argon2id",
            format!("$argon2id$v=19${costs}$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG"),
        )
    };
    for (status, (hasher, digest)) in [
        (200, bcrypt(4)),
        (200, bcrypt(14)),
        (422, bcrypt(3)),
        (422, bcrypt(15)),
        (200, argon2id("m=262144,t=4,p=16")),
        (200, argon2id("m=104857,t=10,p=1")),
        (422, argon2id("m=262145,t=1,p=1")),
        (422, argon2id("m=262144,t=5,p=1")),
        (422, argon2id("m=19456,t=11,p=1")),
        (422, argon2id("m=19456,t=2,p=17")),
    ] {
        let body = json!({ "password_digest": digest, "password_hasher": hasher });
        assert_eq!(instance.post("/v1/users", body).await.status, status, "{digest}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_user_is_refused_with_the_parameter() {
    let instance = Instance::start().await;
    instance.post("/v1/users", json!({ "email_address": ["a@example.com"], "username": "taken" })).await.ok();
    let many: Vec<_> = (0..101).map(|number| format!("a{number}@example.com")).collect();
    let bodies = [
        json!({ "email_address": ["A@example.com"] }),
        json!({ "username": "TAKEN" }),
        json!({ "email_address": ["not an address"] }),
        json!({ "email_address": many }),
        json!({
            "email_address": ["c@example.com"],
            "email_address_identification_status": ["verified", "verified"],
        }),
        json!({ "email_address": ["d@example.com"], "email_address_identification_status": ["maybe"] }),
        json!({ "phone_number": ["555"] }),
        json!({ "username": "ab" }),
        json!({ "username": "with space" }),
        json!({ "locale": "english please" }),
        json!({ "created_at": "yesterday" }),
        json!({ "legal_accepted_at": "1" }),
        json!({ "first_name": "x".repeat(256) }),
        json!({ "public_metadata": { "x": "y".repeat(9_000) } }),
        json!({ "create_organizations_limit": -1 }),
        json!({ "password": "short" }),
        json!({ "password": "x".repeat(1_025) }),
        json!({ "password_digest": "x", "password_hasher": "bcrypt" }),
        json!({ "password_digest": "x", "password_hasher": "md5" }),
        json!({ "password_digest": "x" }),
        json!({ "totp_secret": "x" }),
        json!({ "backup_codes": ["x"] }),
    ];
    let mut lines = Vec::new();
    for body in bodies {
        lines.push(instance.post("/v1/users", body).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_identifier_exists | That identifier is taken | That email_address is taken. Please try another. | {"param_name":"email_address"}
    422 form_identifier_exists | That identifier is taken | That username is taken. Please try another. | {"param_name":"username"}
    422 form_param_format_invalid | is invalid | email_address must be a valid email address. | {"param_name":"email_address"}
    422 form_param_array_size_exceeded | exceeds maximum size | email_address should not exceed 100 items. | {"param_name":"email_address"}
    422 form_param_array_length_mismatch | length mismatch | email_address_identification_status must contain exactly one item for each item in email_address. | {"param_name":"email_address_identification_status"}
    422 form_param_value_invalid | is invalid | email_address_identification_status is invalid. Only one of the following parameter values is allowed: verified, reserved | {"param_name":"email_address_identification_status"}
    422 form_param_format_invalid | is invalid | phone_number must be a phone number in E.164 format (+15551234567). | {"param_name":"phone_number"}
    422 form_username_invalid_length | is invalid | Username must be between 4 and 64 characters long. | {"param_name":"username"}
    422 form_username_invalid_character | is invalid | Username can only contain letters, numbers and '_' or '-'. | {"param_name":"username"}
    422 form_param_format_invalid | is invalid | locale must be a valid BCP-47 language tag. | {"param_name":"locale"}
    422 form_param_invalid_time | invalid format | created_at must contain a datetime specified in RFC3339 format (e.g. `2022-10-20T10:00:27.645Z`). | {"param_name":"created_at"}
    422 form_param_invalid_time | invalid format | legal_accepted_at must contain a datetime specified in RFC3339 format (e.g. `2022-10-20T10:00:27.645Z`). | {"param_name":"legal_accepted_at"}
    422 form_param_max_length_exceeded | exceeds maximum length | first_name should not exceed 255 characters. | {"param_name":"first_name"}
    422 form_param_exceeds_allowed_size | exceeds maximum size | public_metadata should not exceed 8192 bytes of JSON without white space. | {"param_name":"public_metadata"}
    422 form_param_value_invalid | is invalid | create_organizations_limit is invalid | {"param_name":"create_organizations_limit"}
    422 form_password_length_too_short | Password is too short | Passwords must be 8 characters or more. | {"param_name":"password"}
    422 form_password_size_in_bytes_exceeded | Your password is too long. Please use a shorter one. | Passwords must not exceed 1024 bytes. Please use a shorter one. | {"param_name":"password"}
    422 form_password_digest_invalid_code | Invalid password digest | The password_digest provided is not a valid digest of the given password_hasher, or its check would take too long. Costs may be: bcrypt 4 to 14; argon2id up to 256 MiB, 10 passes, 16 lanes, and 1 GiB of memory times passes. | {"param_name":"password_digest"}
    422 form_param_value_invalid | is invalid | password_hasher is invalid. Only one of the following parameter values is allowed: argon2id, bcrypt | {"param_name":"password_hasher"}
    422 form_param_missing | is missing | password_hasher must be included. | {"param_name":"password_hasher"}
    422 form_param_unknown | is unknown | totp_secret is not a valid parameter for this request. Actas has no second factors. | {"param_name":"totp_secret"}
    422 form_param_unknown | is unknown | backup_codes is not a valid parameter for this request. Actas has no second factors. | {"param_name":"backup_codes"}
    "#);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_sessions_and_tokens() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.post("/v1/users", json!({ "id": "someone", "external_id": "crm-1" })).await.ok();
        let session = instance.add_session("someone").await["id"].as_str().unwrap().to_owned();
        let token = instance.add_actor_token("someone").await["id"].as_str().unwrap().to_owned();
        // Some clients send `null` as the body of a deletion.
        let call = instance.call("DELETE", "/v1/users/someone").header("content-type", "application/json");
        let deleted = call.body("null").send().await;
        assert_eq!(deleted.ok(), json!({ "object": "user", "id": "someone", "deleted": true }));
        assert_eq!(instance.get("/v1/users/someone").await.status, 404);
        assert_eq!(instance.call("DELETE", "/v1/users/someone").send().await.status, 404);
        assert_eq!(instance.get(&format!("/v1/sessions/{session}")).await.ok()["status"], "revoked");
        let token = instance.get(&format!("/v1/actor_tokens/{token}")).await.ok();
        assert_eq!(token["revoked_because"], "subject_deleted");
    }
}
