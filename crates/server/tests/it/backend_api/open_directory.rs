//! An open directory, whose users live elsewhere.

use crate::harness::{Instance, StoreKind};
use actas_domain::settings::DirectoryMode;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;

async fn open(store: StoreKind) -> Instance {
    let plan = |plan: &mut crate::harness::Plan| {
        plan.store = store;
        plan.settings.directory_mode = DirectoryMode::Open;
    };
    Instance::start_with(plan).await
}

#[tokio::test]
async fn somebody_who_is_not_stored_is_shown_with_empty_members() {
    for store in StoreKind::ALL {
        let instance = open(store).await;
        let user = instance.get("/v1/users/crm:42").await;
        allow_duplicates! {
            assert_snapshot!(user, @r#"
            200 {
              "backup_code_enabled": false,
              "banned": false,
              "bypass_client_trust": false,
              "create_organization_enabled": true,
              "created_at": "[0]",
              "delete_self_enabled": true,
              "deprovisioned": false,
              "email_addresses": [],
              "enterprise_accounts": [],
              "external_accounts": [],
              "external_id": null,
              "first_name": null,
              "has_image": false,
              "id": "crm:42",
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
              "updated_at": "[0]",
              "username": null,
              "verification_attempts_remaining": null,
              "web3_wallets": []
            }
            "#);
        }
        assert_eq!(instance.get("/v1/users").await.ok(), json!([]), "nothing is stored");
        assert_eq!(instance.get("/v1/users/no%20id").await.status, 404);
    }
}

#[tokio::test]
async fn tokens_and_sessions_are_made_for_anybody() {
    for store in StoreKind::ALL {
        let instance = open(store).await;
        assert_eq!(instance.add_actor_token("crm:42").await["user_id"], "crm:42");
        assert_eq!(instance.add_session("crm:42").await["user_id"], "crm:42");
        let token = instance.post("/v1/sign_in_tokens", json!({ "user_id": "crm:42" })).await.ok();
        assert_eq!(token["status"], "pending");
        let body = json!({ "user_id": "no id", "actor": { "sub": "agent" } });
        let refused = instance.post("/v1/actor_tokens", body).await;
        allow_duplicates! {
            assert_snapshot!(refused, @r#"422 form_param_value_invalid | is invalid | user_id is invalid | {"param_name":"user_id"}"#);
        }
    }
}

#[tokio::test]
async fn a_ban_of_somebody_who_is_not_stored_is_kept() {
    for store in StoreKind::ALL {
        let instance = open(store).await;
        let banned = instance.call("POST", "/v1/users/crm:42/ban").send().await.ok();
        assert_eq!((&banned["id"], &banned["banned"]), (&json!("crm:42"), &json!(true)));
        assert_eq!(instance.get("/v1/users/crm:42").await.ok()["banned"], true);
        let body = json!({ "user_id": "crm:42", "actor": { "sub": "agent" } });
        assert_eq!(instance.post("/v1/actor_tokens", body).await.code(), "user_banned");
        instance.call("POST", "/v1/users/crm:42/unban").send().await.ok();
        instance.add_actor_token("crm:42").await;
    }
}

#[tokio::test]
async fn only_stored_users_are_changed_or_deleted() {
    let instance = open(StoreKind::Memory).await;
    for (method, path) in
        [("PATCH", "/v1/users/crm:42"), ("DELETE", "/v1/users/crm:42"), ("PUT", "/v1/users/crm:42/metadata")]
    {
        assert_eq!(instance.call(method, path).send().await.code(), "resource_not_found", "{method} {path}");
    }
}
