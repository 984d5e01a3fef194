//! The five API versions and how a request names one (contract: Backend API §1).

use crate::harness::Instance;
use actas_server::ApiVersion;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test]
async fn header_or_query_may_name_a_version_but_not_both() {
    let instance = Instance::start().await;
    for version in ApiVersion::ALL {
        instance.call("GET", "/v1/users").version(version.as_str()).send().await.ok();
        instance.get(&format!("/v1/users?__clerk_api_version={}", version.as_str())).await.ok();
    }
    let both = instance.call("GET", "/v1/users?__clerk_api_version=2026-05-12").version("2026-05-12");
    assert_snapshot!(both.send().await, @"400 api_version_invalid | invalid API version | Invalid Clerk API version: the version is given more than once");
    assert_snapshot!(instance.call("GET", "/v1/users").version("2025-03-12").send().await, @"400 api_version_invalid | invalid API version | Invalid Clerk API version: known versions are 2021-02-05, 2024-10-01, 2025-04-10, 2025-11-10, 2026-05-12");
    for unknown in ["", "2025-11-1", "latest", "2026-08-20"] {
        let answer = instance.call("GET", "/v1/users").version(unknown).send().await;
        assert_eq!(answer.code(), "api_version_invalid", "{unknown:?}");
        let answer = instance.get(&format!("/v1/users?__clerk_api_version={unknown}")).await;
        assert_eq!(answer.code(), "api_version_invalid", "{unknown:?}");
    }
}

#[tokio::test]
async fn without_a_version_the_configured_one_is_spoken() {
    for (version, has_tasks) in [(ApiVersion::V2021_02_05, false), (ApiVersion::V2026_05_12, true)] {
        let instance = Instance::start_with(|plan| plan.http.default_api_version = version).await;
        instance.add_user("someone").await;
        let session = instance.add_session("someone").await;
        assert_eq!(session.get("tasks").is_some(), has_tasks, "{version:?}");
    }
}

#[tokio::test]
async fn sessions_have_tasks_since_2025_04_10() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let session = instance.add_session("someone").await;
    let id = session["id"].as_str().unwrap();
    let client = session["client_id"].as_str().unwrap();
    for version in ApiVersion::ALL {
        let since = version >= ApiVersion::V2025_04_10;
        let paths = [
            format!("/v1/sessions/{id}"),
            "/v1/sessions?paginated=true".to_owned(),
            "/v1/sessions".to_owned(),
            format!("/v1/clients/{client}"),
            "/v1/clients?paginated=true".to_owned(),
        ];
        for path in paths {
            let answer = instance.call("GET", &path).version(version.as_str()).send().await;
            answer.ok();
            assert_eq!(answer.text().contains("\"tasks\":[]"), since, "{version:?} {path}");
            assert_eq!(answer.text().contains("\"tasks\""), since, "{version:?} {path}");
        }
    }
}

#[tokio::test]
async fn an_update_refuses_metadata_since_2026_05_12() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    for version in ApiVersion::ALL {
        for member in ["public_metadata", "private_metadata", "unsafe_metadata"] {
            let call = instance.call("PATCH", "/v1/users/someone").version(version.as_str());
            let answer = call.json(&json!({ member: { "version": version.as_str() } })).send().await;
            if version < ApiVersion::V2026_05_12 {
                assert_eq!(answer.ok()[member]["version"], version.as_str());
            } else {
                assert_eq!(answer.code(), "form_param_unknown");
                assert_eq!(answer.error()["meta"]["param_name"], member);
            }
        }
    }
    let call = instance.call("PATCH", "/v1/users/someone").version("2026-05-12");
    assert_snapshot!(call.json(&json!({ "public_metadata": {} })).send().await, @r#"422 form_param_unknown | is unknown | public_metadata is not a valid parameter for this request. | {"param_name":"public_metadata"}"#);
}

#[tokio::test]
async fn actor_tokens_are_the_same_in_all_versions() {
    let instance = Instance::start().await;
    instance.add_user("someone").await;
    let body = json!({ "user_id": "someone", "actor": { "sub": "agent" } });
    for version in ApiVersion::ALL {
        let call = instance.call("POST", "/v1/actor_tokens").version(version.as_str());
        let token = call.json(&body).send().await.ok();
        let members: Vec<_> = token.as_object().unwrap().keys().cloned().collect();
        let nine = ["actor", "created_at", "id", "object", "status", "token", "updated_at", "url", "user_id"];
        assert_eq!(members, nine, "{version:?}");
    }
}
