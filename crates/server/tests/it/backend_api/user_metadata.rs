//! `PATCH` and `PUT /v1/users/{id}/metadata`.

use crate::harness::{Instance, StoreKind};
use insta::assert_snapshot;
use serde_json::{Value, json};

async fn instance_with_metadata(store: StoreKind) -> Instance {
    let instance = Instance::start_on(store).await;
    let body = json!({
        "id": "someone",
        "public_metadata": { "a": 1, "nested": { "keep": true, "drop": true } },
        "private_metadata": { "b": 2 },
        "unsafe_metadata": { "c": 3 },
    });
    instance.post("/v1/users", body).await.ok();
    instance
}

fn metadata(user: &Value) -> [&Value; 3] {
    [&user["public_metadata"], &user["private_metadata"], &user["unsafe_metadata"]]
}

#[tokio::test]
async fn a_patch_merges_at_every_depth() {
    for store in StoreKind::ALL {
        let instance = instance_with_metadata(store).await;
        let change = json!({
            "public_metadata": { "new": [], "nested": { "drop": null, "add": 1 } },
            "private_metadata": null,
        });
        let user = instance.patch("/v1/users/someone/metadata", change).await.ok();
        let expected = [
            json!({ "a": 1, "nested": { "keep": true, "add": 1 }, "new": [] }),
            json!({ "b": 2 }),
            json!({ "c": 3 }),
        ];
        assert_eq!(metadata(&user), expected.each_ref());
        assert_eq!(instance.get("/v1/users/someone").await.ok(), user);
    }
}

#[tokio::test]
async fn a_put_replaces_what_is_given() {
    for store in StoreKind::ALL {
        let instance = instance_with_metadata(store).await;
        let change = json!({ "public_metadata": { "only": 1 }, "unsafe_metadata": {} });
        let call = instance.call("PUT", "/v1/users/someone/metadata").json(&change);
        let user = call.send().await.ok();
        assert_eq!(metadata(&user), [&json!({ "only": 1 }), &json!({ "b": 2 }), &json!({})]);
        assert_eq!(instance.get("/v1/users/someone").await.ok(), user);
    }
}

#[tokio::test]
async fn both_work_in_every_version() {
    let instance = instance_with_metadata(StoreKind::Memory).await;
    for version in actas_server::ApiVersion::ALL {
        for method in ["PATCH", "PUT"] {
            let call = instance.call(method, "/v1/users/someone/metadata").version(version.as_str());
            call.json(&json!({ "public_metadata": { "v": version.as_str() } })).send().await.ok();
        }
    }
}

#[tokio::test]
async fn each_failure_is_named() {
    let instance = instance_with_metadata(StoreKind::Memory).await;
    let mut lines = Vec::new();
    for body in [
        json!({ "public_metadata": [] }),
        json!({ "metadata": {} }),
        json!({ "private_metadata": { "x": "y".repeat(8_200) } }),
    ] {
        lines.push(instance.patch("/v1/users/someone/metadata", body).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_value_invalid | is invalid | public_metadata is invalid. Received array, must be of type object.
    422 form_param_unknown | is unknown | metadata is not a valid parameter for this request. | {"param_name":"metadata"}
    422 form_param_exceeds_allowed_size | exceeds maximum size | private_metadata should not exceed 8192 bytes of JSON without white space. | {"param_name":"private_metadata"}
    "#);
    let grown = json!({ "private_metadata": { "x": "y".repeat(8_180) } });
    assert_eq!(
        instance.patch("/v1/users/someone/metadata", grown).await.code(),
        "form_param_exceeds_allowed_size",
        "the merged object is what is bounded"
    );
}
