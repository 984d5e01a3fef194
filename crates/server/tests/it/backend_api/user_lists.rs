//! `GET /v1/users` and `GET /v1/users/count`: filters, order and pages (contract: Backend API §6).

use crate::harness::{Instance, StoreKind};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Four users, a second apart, who differ in everything that is filtered by.
async fn instance_with_users(store: StoreKind) -> Instance {
    let instance = Instance::start_on(store).await;
    let users = [
        json!({
            "id": "ada", "external_id": "x-1", "username": "ada_l", "first_name": "Ada",
            "last_name": "Lovelace", "email_address": ["ada@example.com", "countess@example.com"],
        }),
        json!({
            "id": "bob", "external_id": "-2", "username": "Bobby", "first_name": "bob",
            "phone_number": ["+15550000002"], "banned": true,
        }),
        json!({
            "id": "-cy", "username": "cyan", "last_name": "Young",
            "web3_wallet": ["0xABCDEF0000000000000000000000000000000000"],
        }),
        json!({ "id": "dan", "email_address": ["dan@example.com"], "phone_number": ["+15550000004"] }),
    ];
    for user in users {
        instance.post("/v1/users", user).await.ok();
        instance.clock.advance_seconds(1);
    }
    instance
}

async fn ids(instance: &Instance, query: &str) -> Vec<String> {
    let users = instance.get(&format!("/v1/users?{query}")).await.ok();
    let id = |user: &Value| user["id"].as_str().unwrap().to_owned();
    users.as_array().expect("a bare array").iter().map(id).collect()
}

/// Milliseconds so many seconds after the first user was made.
fn at(seconds: i64) -> i64 {
    1_773_489_600_000 + seconds * 1_000
}

#[tokio::test]
async fn each_filter_finds_whom_it_should_and_counts_them() {
    let many = vec!["email_address=nobody@example.com"; 99].join("&");
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &["dan", "-cy", "bob", "ada"]),
        ("email_address=ADA@example.com&email_address=dan@example.com".into(), &["dan", "ada"]),
        (format!("{many}&email_address=countess@example.com"), &["ada"]),
        ("phone_number=%2B15550000002".into(), &["bob"]),
        ("username=bobby".into(), &["bob"]),
        ("web3_wallet=0xabcdef0000000000000000000000000000000000".into(), &["-cy"]),
        ("user_id=ada&user_id=bob&user_id=nobody".into(), &["bob", "ada"]),
        ("user_id=%2Bada".into(), &["ada"]),
        ("user_id=+ada".into(), &["ada"]),
        ("user_id=-ada&user_id=-bob".into(), &["dan", "-cy"]),
        ("user_id=-cy".into(), &["dan", "-cy", "bob", "ada"]),
        ("user_id=%2B-cy".into(), &["-cy"]),
        ("user_id=--cy".into(), &["dan", "bob", "ada"]),
        ("user_id=ada&user_id=-ada".into(), &[]),
        ("external_id=x-1".into(), &["ada"]),
        ("external_id=%2B-2".into(), &["bob"]),
        ("external_id=--2".into(), &["dan", "-cy", "ada"]),
        ("query=example.com".into(), &["dan", "ada"]),
        ("query=ADA%20LOVE".into(), &["ada"]),
        ("query=".into(), &["dan", "-cy", "bob", "ada"]),
        ("email_address_query=OUNTES".into(), &["ada"]),
        ("phone_number_query=5000000".into(), &["dan", "bob"]),
        ("username_query=BB".into(), &["bob"]),
        ("name_query=you".into(), &["-cy"]),
        ("name_query=%25".into(), &[]),
        ("banned=true".into(), &["bob"]),
        ("banned=false&username_query=a".into(), &["-cy", "ada"]),
        (format!("created_at_before={}", at(1)), &["ada"]),
        (format!("created_at_after={}", at(1)), &["dan", "-cy"]),
        (format!("created_at_after={}&created_at_before={}", at(0), at(2)), &["bob"]),
        ("last_active_at_after=0".into(), &[]),
        ("last_active_at_since=0".into(), &[]),
        ("last_sign_in_at_before=99999999999999".into(), &[]),
        ("organization_id=org_1".into(), &[]),
        ("organization_id=-org_1".into(), &["dan", "-cy", "bob", "ada"]),
        ("provider=oauth_google&provider_user_id=1".into(), &[]),
        ("surprise=1".into(), &["dan", "-cy", "bob", "ada"]),
    ];
    for store in StoreKind::ALL {
        let instance = instance_with_users(store).await;
        for (query, expected) in &cases {
            assert_eq!(ids(&instance, query).await, *expected, "{store:?} {query}");
            let count = instance.get(&format!("/v1/users/count?{query}")).await.ok();
            let expected = json!({ "object": "total_count", "total_count": expected.len() });
            assert_eq!(count, expected, "{store:?} {query}");
        }
    }
}

#[tokio::test]
async fn sign_in_and_activity_are_filtered_by_too() {
    for store in StoreKind::ALL {
        let instance = instance_with_users(store).await;
        let token = instance.post("/v1/sign_in_tokens", json!({ "user_id": "ada" })).await.ok();
        let context = actas_domain::caller::Context::system();
        let ticket = token["token"].as_str().unwrap();
        let redeemed =
            actas_domain::ticket::redeem(&instance.app.world, &context, ticket, None).await.unwrap();
        instance
            .app
            .world
            .store
            .record_activity(&redeemed.session.id, instance.app.world.now())
            .await
            .unwrap();
        assert_eq!(ids(&instance, &format!("last_sign_in_at_after={}", at(3))).await, ["ada"]);
        assert_eq!(ids(&instance, &format!("last_sign_in_at_before={}", at(4))).await, [""; 0]);
        assert_eq!(ids(&instance, &format!("last_active_at_since={}", at(4))).await, ["ada"]);
        assert_eq!(ids(&instance, &format!("last_active_at_after={}", at(4))).await, [""; 0]);
        assert_eq!(ids(&instance, "order_by=last_sign_in_at").await[0], "ada", "those without come last");
        assert_eq!(ids(&instance, "order_by=-last_active_at").await[0], "ada");
    }
}

#[tokio::test]
async fn every_order_has_two_directions() {
    let cases = [
        ("created_at", ["ada", "bob", "-cy", "dan"]),
        ("-created_at", ["dan", "-cy", "bob", "ada"]),
        ("%2Bcreated_at", ["ada", "bob", "-cy", "dan"]),
        ("+created_at", ["ada", "bob", "-cy", "dan"]),
        ("username&order_by=-created_at", ["ada", "bob", "-cy", "dan"]),
        ("-username", ["-cy", "bob", "ada", "dan"]),
        ("email_address", ["ada", "dan", "-cy", "bob"]),
        ("-phone_number", ["dan", "bob", "ada", "-cy"]),
        ("web3wallet", ["-cy", "ada", "bob", "dan"]),
        ("first_name", ["ada", "bob", "-cy", "dan"]),
        ("-last_name", ["-cy", "ada", "dan", "bob"]),
        ("updated_at", ["ada", "bob", "-cy", "dan"]),
        ("last_active_at", ["-cy", "ada", "bob", "dan"]),
        ("-last_sign_in_at", ["dan", "bob", "ada", "-cy"]),
    ];
    for store in StoreKind::ALL {
        let instance = instance_with_users(store).await;
        for (order, expected) in cases {
            assert_eq!(ids(&instance, &format!("order_by={order}")).await, expected, "{store:?} {order}");
        }
    }
}

#[tokio::test]
async fn pages_follow_by_offset_and_by_cursor() {
    for store in StoreKind::ALL {
        let instance = instance_with_users(store).await;
        assert_eq!(ids(&instance, "limit=2").await, ["dan", "-cy"]);
        assert_eq!(ids(&instance, "limit=2&offset=2").await, ["bob", "ada"]);
        assert_eq!(ids(&instance, "limit=2&offset=4").await, [""; 0]);
        assert_eq!(ids(&instance, "limit=2&starting_after=-cy").await, ["bob", "ada"]);
        assert_eq!(
            ids(&instance, "limit=2&offset=0&order_by=created_at&starting_after=bob").await,
            ["-cy", "dan"]
        );
        assert_eq!(ids(&instance, "starting_after=ada").await, [""; 0]);
        assert_eq!(ids(&instance, "starting_after=nobody").await, [""; 0]);
        // Py and Rb send these with every list.
        assert_eq!(ids(&instance, "limit=10&offset=0&order_by=-created_at").await.len(), 4);
    }
}

#[tokio::test]
async fn each_wrong_filter_is_named() {
    let instance = Instance::start().await;
    let mut lines = Vec::new();
    let lists = [
        "email_address",
        "phone_number",
        "external_id",
        "username",
        "web3_wallet",
        "user_id",
        "organization_id",
        "provider_user_id",
    ];
    for name in lists {
        let query = vec![format!("{name}=x"); 101].join("&");
        let listed = instance.get(&format!("/v1/users?provider=x&{query}")).await.to_string();
        let counted = instance.get(&format!("/v1/users/count?provider=x&{query}")).await.to_string();
        assert_eq!(listed, counted, "{name}");
        lines.push(listed);
    }
    for query in [
        "provider=oauth_google",
        "provider_user_id=1",
        "banned=maybe",
        "created_at_before=2026-01-01",
        "last_active_at_since=1.5",
        "query=a&query=b",
        "order_by=password",
        "order_by=--created_at",
        "starting_after=ada&order_by=username",
        "starting_after=ada&offset=1",
        "starting_after=no%20id",
    ] {
        lines.push(instance.get(&format!("/v1/users?{query}")).await.to_string());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    422 form_param_array_size_exceeded | exceeds maximum size | email_address should not exceed 100 items. | {"param_name":"email_address"}
    422 form_param_array_size_exceeded | exceeds maximum size | phone_number should not exceed 100 items. | {"param_name":"phone_number"}
    422 form_param_array_size_exceeded | exceeds maximum size | external_id should not exceed 100 items. | {"param_name":"external_id"}
    422 form_param_array_size_exceeded | exceeds maximum size | username should not exceed 100 items. | {"param_name":"username"}
    422 form_param_array_size_exceeded | exceeds maximum size | web3_wallet should not exceed 100 items. | {"param_name":"web3_wallet"}
    422 form_param_array_size_exceeded | exceeds maximum size | user_id should not exceed 100 items. | {"param_name":"user_id"}
    422 form_param_array_size_exceeded | exceeds maximum size | organization_id should not exceed 100 items. | {"param_name":"organization_id"}
    422 form_param_array_size_exceeded | exceeds maximum size | provider_user_id should not exceed 100 items. | {"param_name":"provider_user_id"}
    422 form_param_missing | is missing | provider_user_id must be included. | {"param_name":"provider_user_id"}
    422 form_param_missing | is missing | provider must be included. | {"param_name":"provider"}
    422 form_param_value_invalid | is invalid | banned is invalid | {"param_name":"banned"}
    422 form_param_invalid_date | Date values must be given in Unix millisecond timestamp format. | Date values must be given in Unix millisecond timestamp format. | {"param_name":"created_at_before"}
    422 form_param_invalid_date | Date values must be given in Unix millisecond timestamp format. | Date values must be given in Unix millisecond timestamp format. | {"param_name":"last_active_at_since"}
    422 form_param_duplicate | is duplicate | query included multiple times. There should only be one. | {"param_name":"query"}
    422 form_param_value_invalid | is invalid | order_by is invalid. Only one of the following parameter values is allowed: created_at, updated_at, email_address, web3wallet, first_name, last_name, phone_number, username, last_active_at, last_sign_in_at | {"param_name":"order_by"}
    422 form_param_value_invalid | is invalid | order_by is invalid. Only one of the following parameter values is allowed: created_at, updated_at, email_address, web3wallet, first_name, last_name, phone_number, username, last_active_at, last_sign_in_at | {"param_name":"order_by"}
    422 form_param_value_invalid | is invalid | starting_after is invalid. It cannot be combined with order_by. | {"param_name":"starting_after"}
    422 form_param_value_invalid | is invalid | starting_after is invalid. It cannot be combined with offset. | {"param_name":"starting_after"}
    422 form_param_value_invalid | is invalid | starting_after is invalid | {"param_name":"starting_after"}
    "#);
}
