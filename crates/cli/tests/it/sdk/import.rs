//! Many users at once, and the record to the letter.

use super::{Instance, builder};
use actas_sdk::{
    ErrorKind,
    audit_entries::ListAuditEntries,
    users::{CreateUser, ImportStatus, ImportUsers, ListUsers},
};

#[tokio::test]
async fn rows_become_users_and_a_second_arrival_makes_no_others() {
    let instance = Instance::start();
    let users = instance.client.users();
    let before = users.count(ListUsers::new()).await.unwrap();
    let rows = || {
        ImportUsers::new()
            .row(&CreateUser::new().id("ada").email_address("ada@example.com"))
            .unwrap()
            .json(r#"{"id":"eve","email_address":["ADA@example.com"]}"#)
            .json("{")
    };
    let answer = users.import(rows()).await.unwrap();
    assert_eq!((answer.created, answer.exists, answer.refused), (1, 0, 2));
    let row = |index: usize| {
        (answer.data[index].line, &answer.data[index].status, answer.data[index].id.as_deref())
    };
    assert_eq!(row(0), (1, &ImportStatus::Created, Some("ada")));
    assert_eq!(row(1), (2, &ImportStatus::Refused, None));
    let error = &answer.data[1].errors[0];
    assert_eq!(
        (error.code(), error.parameter().as_deref()),
        ("form_identifier_exists", Some("email_address"))
    );
    assert_eq!(answer.data[2].errors[0].code(), "request_body_invalid");
    let again = users.import(rows()).await.unwrap();
    assert_eq!((again.created, again.exists, again.refused), (0, 1, 2));
    assert_eq!(users.count(ListUsers::new()).await.unwrap(), before + 1);

    let nothing = users.import(ImportUsers::new()).await.unwrap();
    assert!(nothing.data.is_empty());
    let too_many = (0..1_001).fold(ImportUsers::new(), |rows, _| rows.json("{}"));
    let error = users.import(too_many).await.unwrap_err();
    assert_eq!(
        (error.status(), error.kind(), error.code()),
        (Some(422), ErrorKind::ClerkErrors, Some("form_param_array_size_exceeded"))
    );
    let stranger = builder(&instance.process, "sk_test_wrong").build().unwrap();
    assert!(stranger.users().import(rows()).await.unwrap_err().is_unauthorized());
}

#[tokio::test]
async fn entries_come_to_the_letter() {
    let instance = Instance::start();
    let asked = || ListAuditEntries::new().after(0).limit(3);
    let entries = instance.client.audit_entries().list(asked()).await.unwrap();
    let texts = instance.client.audit_entries().list_json(asked()).await.unwrap();
    assert_eq!(texts.has_more, entries.has_more);
    for (text, entry) in texts.data.iter().zip(&entries.data) {
        assert!(text.as_str().starts_with("{\"object\":\"audit_entry\",\"position\":"), "{text}");
        assert_eq!(text.read::<serde_json::Value>().unwrap()["position"], entry.position);
    }
    assert_eq!(texts.data.len(), 3);
}
