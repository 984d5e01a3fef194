//! `PATCH /v1/users/{id}` (contract: Backend API §6).

use super::users::full;
use crate::harness::{Instance, StoreKind};
use insta::assert_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn an_update_changes_clears_and_keeps() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let mut body = full();
        body["id"] = json!("someone");
        instance.post("/v1/users", body).await.ok();
        instance.clock.advance_seconds(60);
        let change = json!({
            "external_id": null,
            "username": "",
            "first_name": "Augusta",
            "last_name": null,
            "legal_accepted_at": null,
            "create_organizations_limit": null,
            "delete_self_enabled": true,
            "public_metadata": null,
            "private_metadata": { "replaced": true },
            "notify_primary_email_address_changed": false,
            "skip_legal_checks": true,
        });
        let user = instance.patch("/v1/users/someone", change).await.ok();
        let expected = [
            ("external_id", Value::Null),
            ("username", Value::Null),
            ("first_name", json!("Augusta")),
            ("last_name", Value::Null),
            ("legal_accepted_at", Value::Null),
            ("delete_self_enabled", json!(true)),
            ("public_metadata", json!({})),
            ("private_metadata", json!({ "replaced": true })),
            ("unsafe_metadata", json!({ "theme": null })),
            ("locale", json!("en-GB")),
            ("updated_at", json!(1_773_489_660_000_i64)),
        ];
        for (member, value) in expected {
            assert_eq!(user[member], value, "{member}");
        }
        assert!(user.get("create_organizations_limit").is_none());
        assert_eq!(instance.get("/v1/users/someone").await.ok(), user);
    }
}

#[tokio::test]
async fn an_empty_update_is_answered_with_the_user() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let before = instance.get("/v1/users/someone").await.ok();
    instance.clock.advance_seconds(60);
    assert_eq!(instance.call("PATCH", "/v1/users/someone").send().await.ok(), before);
    assert_eq!(instance.patch("/v1/users/someone", json!({})).await.ok(), before);
}

#[tokio::test]
async fn an_update_is_refused_with_the_parameter() {
    let instance = Instance::start().await;
    instance.post("/v1/users", json!({ "username": "taken" })).await.ok();
    let body = json!({
        "id": "someone",
        "email_address": ["a@example.com", "b@example.com"],
        "email_address_identification_status": ["verified", "reserved"],
    });
    let user = instance.post("/v1/users", body).await.ok();
    let reserved = &user["email_addresses"][1]["id"];
    let bodies = [
        json!({ "username": "taken" }),
        json!({ "primary_email_address_id": "idn_x" }),
        json!({ "primary_email_address_id": reserved }),
        json!({ "password_digest": null }),
        json!({ "password_hasher": null }),
        json!({ "backup_codes": null }),
        json!({ "backup_codes": ["x"] }),
        json!({ "totp_secret": "x" }),
        json!({ "profile_image_id": "x" }),
        json!({ "notify_primary_email_address_changed": true }),
        json!({ "sign_out_of_other_sessions": true }),
        json!({ "email_address": ["c@example.com"] }),
        json!({ "skip_password_requirement": true }),
        json!({ "banned": true }),
        json!({ "id": "other" }),
    ];
    let mut lines = Vec::new();
    for body in bodies {
        lines.push(instance.patch("/v1/users/someone", body).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_identifier_exists | That identifier is taken | That username is taken. Please try another. | {"param_name":"username"}
    422 form_resource_not_found | is missing | The resource associated with the supplied primary_email_address_id was not found. | {"param_name":"primary_email_address_id"}
    422 form_verification_needed | is unverified | This identification needs to be verified before you can perform this action. | {"param_name":"primary_email_address_id"}
    422 form_param_value_invalid | is invalid | password_digest is invalid. Received null, must be of type string.
    422 form_param_value_invalid | is invalid | password_hasher is invalid. Received null, must be of type string.
    422 form_param_value_invalid | is invalid | backup_codes is invalid. Received null, must be of type array.
    422 form_param_unknown | is unknown | backup_codes is not a valid parameter for this request. Actas has no second factors. | {"param_name":"backup_codes"}
    422 form_param_unknown | is unknown | totp_secret is not a valid parameter for this request. Actas has no second factors. | {"param_name":"totp_secret"}
    422 form_param_unknown | is unknown | profile_image_id is not a valid parameter for this request. Actas keeps no images. | {"param_name":"profile_image_id"}
    422 form_param_unknown | is unknown | notify_primary_email_address_changed is not a valid parameter for this request. Actas sends no mail. | {"param_name":"notify_primary_email_address_changed"}
    422 form_param_missing | is missing | password must be included. | {"param_name":"password"}
    422 form_param_unknown | is unknown | email_address is not a valid parameter for this request. | {"param_name":"email_address"}
    422 form_param_unknown | is unknown | skip_password_requirement is not a valid parameter for this request. | {"param_name":"skip_password_requirement"}
    422 form_param_unknown | is unknown | banned is not a valid parameter for this request. | {"param_name":"banned"}
    422 form_param_unknown | is unknown | id is not a valid parameter for this request. | {"param_name":"id"}
    "#);
}

#[tokio::test]
async fn a_new_password_may_end_the_sessions() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let session = instance.add_session("someone").await["id"].as_str().unwrap().to_owned();
    let change = json!({ "password": "correct horse battery", "sign_out_of_other_sessions": true });
    assert_eq!(instance.patch("/v1/users/someone", change).await.ok()["password_enabled"], true);
    assert_eq!(instance.get(&format!("/v1/sessions/{session}")).await.ok()["status"], "revoked");
}
