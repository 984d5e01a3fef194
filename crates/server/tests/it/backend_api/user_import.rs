//! `POST /v1/users/import`.

use crate::harness::{Answer, Instance, StoreKind};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

const DIGEST: &str = "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

async fn import(instance: &Instance, body: impl Into<Vec<u8>>) -> Answer {
    let call = instance.call("POST", "/v1/users/import").header("content-type", "application/x-ndjson");
    call.body(body.into()).send().await
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// Each row in a line: its number, what became of it, its id, and why not.
fn told(answer: &Answer) -> String {
    let answer = answer.ok();
    let rows = answer["data"].as_array().unwrap().iter().map(|row| {
        let error = row["errors"].as_array().map(|errors| errors[0].clone()).unwrap_or_default();
        let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
        format!(
            "{} {} {} {} {} {}",
            row["line"],
            row["status"].as_str().unwrap(),
            row["id"],
            text("code"),
            text("long_message"),
            error["meta"]["param_name"].as_str().unwrap_or_default()
        )
        .trim_end()
        .to_owned()
    });
    let rows: Vec<_> = rows.collect();
    let counts =
        format!("created {}, exists {}, refused {}", answer["created"], answer["exists"], answer["refused"]);
    [rows, vec![counts]].concat().join("\n")
}

async fn count(instance: &Instance) -> u64 {
    instance.get("/v1/users/count").await.ok()["total_count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_row_makes_the_user_that_a_creation_makes() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let body = |id: &str, name: &str| {
            json!({
                "id": id,
                "external_id": format!("crm-{name}"),
                "username": format!("{name}_l"),
                "first_name": "Ada",
                "last_name": "Lovelace",
                "locale": "en-GB",
                "email_address": [format!("{name}@example.com"), format!("{name}2@example.com")],
                "email_address_identification_status": ["verified", "reserved"],
                "phone_number": [format!("+1555{name}")],
                "web3_wallet": [],
                "password_digest": DIGEST,
                "password_hasher": "bcrypt",
                "public_metadata": { "z": 1.0, "a": [9_007_199_254_740_993_i64] },
                "private_metadata": { "score": 1 },
                "unsafe_metadata": {},
                "banned": false,
                "locked": true,
                "delete_self_enabled": false,
                "create_organizations_limit": 3,
                "created_at": "2020-02-29T12:00:00.5Z",
                "legal_accepted_at": null,
            })
        };
        instance.post("/v1/users", body("one", "1234567")).await.ok();
        let answer = import(&instance, lines(&[body("two", "7654321")])).await;
        assert_eq!(told(&answer), "1 created \"two\"\ncreated 1, exists 0, refused 0");
        let shown = async |id: &str, name: &str| {
            let answer = instance.get(&format!("/v1/users/{id}")).await;
            let text = answer.text().replace(name, "[name]").replace(&format!("\"{id}\""), "[id]");
            let mut parts: Vec<_> = text.split('"').map(str::to_owned).collect();
            parts.retain(|part| !part.starts_with("idn_"));
            parts.join("\"")
        };
        assert_eq!(shown("two", "7654321").await, shown("one", "1234567").await);
        let entry = instance.last_audit_entry().await;
        assert_eq!((&entry["action"], &entry["user_id"]), (&"user.created".into(), &"two".into()));
        assert!(!answer.text().contains(DIGEST));
    }
}

#[tokio::test]
async fn each_row_is_answered_in_its_place() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        instance.post("/v1/users", json!({ "id": "old", "email_address": ["old@example.com"] })).await.ok();
        let rows = [
            json!({ "id": "ada", "email_address": ["ada@example.com"] }).to_string(),
            String::new(),
            json!({ "id": "old", "first_name": "Other" }).to_string(),
            "  \t".to_owned(),
            json!({ "email_address": ["OLD@example.com"] }).to_string(),
            json!({ "id": "a b" }).to_string(),
            json!({ "id": "clear", "password": "correct horse battery" }).to_string(),
            json!({ "id": "bad", "password_digest": "x", "password_hasher": "bcrypt" }).to_string(),
            json!({ "id": "more", "surname": "X" }).to_string(),
            "{\"id\":\"twice\",\"id\":\"twice\"}".to_owned(),
            "{\"id\":\"cut\"".to_owned(),
            "null".to_owned(),
            "[]".to_owned(),
            format!("{{\"id\":\"deep\",\"public_metadata\":{}1{}}}", "{\"a\":".repeat(40), "}".repeat(40)),
            "\u{feff}{\"id\":\"mark\"}".to_owned(),
        ];
        let mut body = rows.join("\r\n").into_bytes();
        body.extend(b"\n{\"id\":\"\xff\"}\n{\"id\":\"last\"}");
        let answer = import(&instance, body).await;
        allow_duplicates! {
            assert_snapshot!(told(&answer), @r#"
            1 created "ada"
            3 exists "old"
            5 refused null form_identifier_exists That email_address is taken. Please try another. email_address
            6 refused null form_param_format_invalid id must be a text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -. id
            7 refused null form_param_unknown password is not a valid parameter for this request. An import takes digests: password_digest with password_hasher. password
            8 refused null form_password_digest_invalid_code The password_digest provided is not a valid digest of the given password_hasher, or its check would take too long. Costs may be: bcrypt 4 to 14; argon2id up to 256 MiB, 10 passes, 16 lanes, and 1 GiB of memory times passes. password_digest
            9 refused null form_param_unknown surname is not a valid parameter for this request. surname
            10 refused null form_param_duplicate id included multiple times. There should only be one. id
            11 refused null request_body_invalid This line is not a JSON object in UTF-8.
            12 refused null request_body_invalid This line is not a JSON object in UTF-8.
            13 refused null request_body_invalid This line is not a JSON object in UTF-8.
            14 refused null form_param_value_invalid public_metadata is invalid. It is nested deeper than 32 levels. public_metadata
            15 refused null request_body_invalid This line is not a JSON object in UTF-8.
            16 refused null request_body_invalid This line is not a JSON object in UTF-8.
            17 created "last"
            created 2, exists 1, refused 12
            "#);
        }
        assert_eq!(count(&instance).await, 3);
        assert_eq!(instance.get("/v1/users/old").await.ok()["first_name"], Value::Null);
        assert!(!answer.text().contains("correct horse"));
    }
}

#[tokio::test]
async fn a_request_sent_again_changes_nothing() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let rows: Vec<_> = (0..1_000)
            .map(|number| json!({ "id": format!("u{number}"), "email_address": [format!("u{number}@example.com")] }))
            .collect();
        let answer = import(&instance, lines(&rows)).await.ok();
        assert_eq!((&answer["created"], &answer["refused"]), (&1_000.into(), &0.into()));
        let order: Vec<_> = answer["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
        assert_eq!(order, rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>());
        let recorded = instance.last_audit_entry().await["position"].clone();
        let again = import(&instance, lines(&rows)).await.ok();
        assert_eq!((&again["created"], &again["exists"]), (&0.into(), &1_000.into()));
        assert_eq!(instance.last_audit_entry().await["position"], recorded);
        assert_eq!(count(&instance).await, 1_000);
    }
}

#[tokio::test]
async fn of_rows_with_the_same_identifier_the_first_wins() {
    for store in StoreKind::ALL {
        let instance = Instance::start_on(store).await;
        let row = |number: u32| json!({ "id": format!("u{number}"), "email_address": ["same@example.com"] });
        let rows: Vec<_> = (0..50).map(row).collect();
        let answer = import(&instance, lines(&rows)).await.ok();
        assert_eq!((&answer["created"], &answer["refused"]), (&1.into(), &49.into()));
        assert_eq!(count(&instance).await, 1);
        assert_eq!(answer["data"][0]["status"], "created");
        let refused = answer["data"].as_array().unwrap().iter().find(|row| row["status"] == "refused");
        assert_eq!(refused.unwrap()["errors"][0]["code"], "form_identifier_exists");
        let rows = [
            json!({ "id": "one", "email_address": ["one@example.com", "Shared@example.com"] }),
            json!({ "id": "two", "username": "taken", "email_address": ["shared@example.com"] }),
            json!({ "id": "three", "username": "Taken" }),
        ];
        let answer = import(&instance, lines(&rows)).await.ok();
        let statuses = answer["data"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap());
        assert_eq!(statuses.collect::<Vec<_>>(), ["created", "refused", "created"]);
        let same: Vec<_> = (0..50).map(|_| json!({ "id": "same" })).collect();
        let answer = import(&instance, lines(&same)).await.ok();
        assert_eq!((&answer["created"], &answer["exists"]), (&1.into(), &49.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_keep_up_is_waited_for_and_what_was_given_up_can_be_sent_again() {
    let instance = Instance::start_with(|plan| {
        plan.store = StoreKind::Sqlite;
        plan.queue_length = 3;
    })
    .await;
    let rows: Vec<_> = (0..300).map(|number| json!({ "id": format!("u{number}") })).collect();
    let mut refused = 0;
    let answer = loop {
        let answer = import(&instance, lines(&rows)).await;
        if answer.status == 200 {
            break answer.ok();
        }
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (503, Some("1")),
            "{}",
            answer.text()
        );
        refused += 1;
        assert!(refused < 100, "it never gets through");
    };
    assert_eq!(answer["created"].as_u64().unwrap() + answer["exists"].as_u64().unwrap(), 300);
    assert_eq!(count(&instance).await, 300);
    let entries = instance.get("/v1/audit_entries?action=user.created&limit=500").await.ok();
    assert_eq!(entries["data"].as_array().unwrap().len(), 300);
}

#[tokio::test]
async fn refusals_of_an_import_do_not_flood_the_record() {
    let instance = Instance::start().await;
    let denied = async || {
        let page = instance.get("/v1/audit_entries?outcome=denied&limit=500").await.ok();
        page["data"].as_array().unwrap().len()
    };
    instance.post("/v1/users", json!({ "email_address": ["a@example.com"] })).await.ok();
    let rows: Vec<_> = (0..100).map(|_| json!({ "email_address": ["a@example.com"] })).collect();
    let answer = import(&instance, lines(&rows)).await.ok();
    assert_eq!(answer["refused"], 100);
    assert_eq!(denied().await, 10);
    instance.post("/v1/users", json!({ "email_address": ["a@example.com"] })).await;
    assert_eq!(denied().await, 11, "a refusal of one alone is always on record");
}

#[tokio::test]
async fn what_is_no_import_is_refused_whole() {
    let instance = Instance::start().await;
    let rows: Vec<_> = (0..1_001).map(|_| json!({})).collect();
    let typed = async |content_type: &str| {
        let call = instance.call("POST", "/v1/users/import").header("content-type", content_type);
        call.body("{}\n").send().await
    };
    let answers = [
        import(&instance, lines(&rows)).await,
        import(&instance, "x".repeat(256 * 1024 + 1)).await,
        typed("application/json").await,
        typed("text/csv").await,
        instance.anonymous("POST", "/v1/users/import").body("{}").send().await,
        instance.get("/v1/users/import").await,
    ];
    let told: Vec<_> = answers.iter().map(ToString::to_string).collect();
    assert_snapshot!(told.join("\n"), @r#"
    422 form_param_array_size_exceeded | exceeds maximum size | rows should not exceed 1000 items. | {"param_name":"rows"}
    413 request_body_too_large | Request body too large | The request body exceeds the maximum allowed size of 262144 bytes.
    415 unsupported_content_type | Content-Type is unsupported | Content-Type application/json is unsupported. You should use application/x-ndjson instead.
    415 unsupported_content_type | Content-Type is unsupported | Content-Type text/csv is unsupported. You should use application/x-ndjson instead.
    401 authorization_header_format_invalid | Invalid Authorization header format | Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'
    404 resource_not_found | not found | Resource not found
    "#);
    assert_eq!(count(&instance).await, 0);
    for content_type in ["Application/JSONL; charset=utf-8", "application/ndjson", "application/x-jsonlines"]
    {
        assert_eq!(typed(content_type).await.ok()["created"], 1);
    }
    assert_eq!(import(&instance, "\n\r\n").await.ok()["data"], json!([]));
    assert_eq!(instance.call("POST", "/v1/users/import").send().await.ok()["data"], json!([]));
}

#[tokio::test]
async fn a_row_without_an_id_gets_one() {
    let instance = Instance::start().await;
    let answer = import(&instance, "{}\n{\"id\":null}\n").await.ok();
    for row in answer["data"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        assert!(id.starts_with("user_"), "{id}");
        instance.get(&format!("/v1/users/{id}")).await.ok();
    }
}
