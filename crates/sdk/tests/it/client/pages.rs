//! Lists, part by part.

use super::{
    client,
    scripted::{Act, Scripted, errors, json},
};
use actas_sdk::{
    CallOptions, RetryPolicy, actor_tokens::ListActorTokens, audit_entries::ListAuditEntries,
    sessions::ListSessions, users::ListUsers,
};

fn page(rows: &[String], has_more: bool) -> Act {
    json(200, &format!(r#"{{"data":[{}],"has_more":{has_more}}}"#, rows.join(",")))
}

fn rows(rows: &[String]) -> Act {
    json(200, &format!("[{}]", rows.join(",")))
}

fn actor_token(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","status":"pending","user_id":"u","actor":{{"sub":"a"}},"created_at":1,"updated_at":1,"reason":null,"expires_at":2,"session_max_duration_in_seconds":3,"session_id":null,"revoked_because":null}}"#
    )
}

fn entry(position: u64) -> String {
    format!(
        r#"{{"position":{position},"at":1,"action":"user.created","outcome":"done","code":null,"caller":{{"kind":"operator","id":null}},"trace_id":""}}"#
    )
}

fn user(id: &str) -> String {
    format!(r#"{{"id":"{id}","created_at":1,"updated_at":1}}"#)
}

fn session(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","user_id":"u","client_id":"c","actor":null,"status":"active","last_active_at":1,"expire_at":1,"abandon_at":1,"created_at":1,"updated_at":1}}"#
    )
}

fn queries(server: &Scripted) -> Vec<String> {
    let query = |line: &str| line.split_once('?').map_or("", |(_, rest)| rest).replace(" HTTP/1.1", "");
    server.asked().iter().map(|asked| query(&asked.line)).collect()
}

#[tokio::test]
async fn a_cursor_is_followed_to_the_end() {
    let script =
        [page(&[actor_token("act_3"), actor_token("act_2")], true), page(&[actor_token("act_1")], false)];
    let server = Scripted::start(script).await;
    let mut pages = client(&server).actor_tokens().pages(ListActorTokens::new().user_id("u").limit(2));
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        ids.extend(page.data.into_iter().map(|token| token.id));
    }
    assert_eq!(ids, ["act_3", "act_2", "act_1"]);
    assert!(pages.next().await.unwrap().is_none(), "the end stays the end");
    assert_eq!(queries(&server), ["user_id=u&limit=2", "user_id=u&limit=2&starting_after=act_2"]);
}

#[tokio::test]
async fn a_part_that_failed_is_asked_for_again() {
    let script =
        [page(&[actor_token("act_2")], true), errors(500, &["a"]), page(&[actor_token("act_1")], false)];
    let server = Scripted::start(script).await;
    let client = client(&server).with(CallOptions::new().retry(RetryPolicy::none()));
    let mut pages = client.actor_tokens().pages(ListActorTokens::new());
    pages.next().await.unwrap();
    drop(pages.next());
    assert!(pages.next().await.is_err());
    assert_eq!(pages.next().await.unwrap().unwrap().data[0].id, "act_1");
    assert_eq!(queries(&server), ["", "starting_after=act_2", "starting_after=act_2"]);
}

#[tokio::test]
async fn the_record_in_both_directions() {
    let server = Scripted::start([page(&[entry(9), entry(8)], true), page(&[entry(7)], false)]).await;
    let mut pages = client(&server).audit_entries().pages(ListAuditEntries::new());
    while pages.next().await.unwrap().is_some() {}
    assert_eq!(queries(&server), ["", "before=8"]);

    let server = Scripted::start([page(&[entry(1), entry(2)], true), page(&[], false)]).await;
    let mut pages = client(&server).audit_entries().pages(ListAuditEntries::new().after(0));
    while pages.next().await.unwrap().is_some() {}
    assert_eq!(queries(&server), ["after=0", "after=2"]);
}

#[tokio::test]
async fn users_by_their_creation_follow_a_cursor_and_in_another_order_an_offset() {
    let script = || [rows(&[user("b"), user("a")]), rows(&[user("c")])];
    let followed = async |query: ListUsers| {
        let server = Scripted::start(script()).await;
        let mut pages = client(&server).users().pages(query.limit(2));
        while pages.next().await.unwrap().is_some() {}
        queries(&server)
    };
    assert_eq!(followed(ListUsers::new()).await, ["limit=2", "limit=2&starting_after=a"]);
    assert_eq!(
        followed(ListUsers::new().order_by("+created_at")).await,
        ["order_by=%2Bcreated_at&limit=2", "order_by=%2Bcreated_at&limit=2&starting_after=a"]
    );
    assert_eq!(
        followed(ListUsers::new().order_by("username")).await,
        ["order_by=username&limit=2", "order_by=username&limit=2&offset=2"]
    );
    assert_eq!(followed(ListUsers::new().offset(5)).await, ["limit=2&offset=5", "limit=2&offset=7"]);
}

#[tokio::test]
async fn sessions_follow_an_offset_until_a_part_is_not_full() {
    let full: Vec<String> = (0..10).map(|number| session(&format!("s{number}"))).collect();
    let server = Scripted::start([rows(&full), rows(&full), rows(&[])]).await;
    let mut pages = client(&server).sessions().pages(ListSessions::new());
    let mut count = 0;
    while let Some(sessions) = pages.next().await.unwrap() {
        count += sessions.len();
    }
    assert_eq!((count, queries(&server)), (20, vec![String::new(), "offset=10".into(), "offset=20".into()]));
}

#[tokio::test]
async fn a_server_that_does_not_follow_the_cursor_ends_the_list() {
    let server = Scripted::start((0..5).map(|_| rows(&[user("b"), user("a")]))).await;
    let mut pages = client(&server).users().pages(ListUsers::new().limit(2));
    pages.next().await.unwrap();
    assert!(pages.next().await.unwrap_err().is_decode());
    assert!(pages.next().await.unwrap().is_none());
    assert_eq!(server.asked().len(), 2);
    let server = Scripted::start((0..5).map(|_| page(&[entry(9)], true))).await;
    let mut pages = client(&server).audit_entries().pages(ListAuditEntries::new());
    pages.next().await.unwrap();
    assert!(pages.next().await.is_err());
}
