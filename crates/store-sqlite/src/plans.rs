//! That lists are read in the order of an index, from where they begin to where they end, however long the table is.

use crate::{
    actor_tokens, audit, conditions::bound, connection, kept_answers, retention, schema, sessions, sign_ins,
};
use actas_domain::{
    actor_token::{ActorTokenStatus, find::ActorTokenQuery},
    audit::{
        Action,
        find::{AuditQuery, AuditRange},
    },
    page::Page,
    session::{SessionStatus, find::SessionQuery},
    testing::rows,
};
use rusqlite::{Connection, types::Value};
use std::path::Path;

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection::keep_plans(&connection).unwrap();
    schema::migrate(&mut connection, Path::new("memory")).unwrap();
    connection
}

/// The steps of SQLite's plan.
fn plan(connection: &Connection, (sql, values): &(String, Vec<Value>)) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.query_map(bound(values), |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

/// Whether a step reads from this index, and not from one whose name begins like it.
fn names(step: &str, index: &str) -> bool {
    step.contains("USING INDEX") && step.split(' ').any(|word| word == index)
}

#[test]
fn actor_tokens_are_listed_from_their_place_in_an_index() {
    let connection = database();
    let all = ActorTokenQuery { limit: 10, ..ActorTokenQuery::default() };
    let of_subject = ActorTokenQuery { subject: Some(rows::user_id("subject")), ..all.clone() };
    let of_actor = ActorTokenQuery { actor_sub: Some("actor".into()), ..all.clone() };
    let of_both = ActorTokenQuery { actor_sub: Some("actor".into()), ..of_subject.clone() };
    let cursor = rows::actor_token(1);
    for (query, index, keys) in [
        (all, "actor_tokens_by_status", "status=?"),
        (of_subject, "actor_tokens_by_subject", "subject=? AND status=?"),
        (of_actor, "actor_tokens_by_actor", "actor_sub=? AND status=?"),
        (of_both, "actor_tokens_by_subject", "subject=? AND status=?"),
    ] {
        let since = ActorTokenQuery { created_at_or_after: Some(rows::START), ..query.clone() };
        for (query, behind, range) in [
            (&query, None, ""),
            (&query, Some(&cursor), " AND (created_at,id)<(?,?)"),
            (&since, None, " AND created_at>?"),
        ] {
            let steps = plan(&connection, &actor_tokens::list_sql(query, ActorTokenStatus::Pending, behind));
            assert_eq!(steps, [format!("SEARCH actor_tokens USING INDEX {index} ({keys}{range})")]);
        }
    }
}

#[test]
fn audit_entries_are_listed_from_their_place_in_an_index() {
    let connection = database();
    let all = AuditQuery { limit: 10, ..AuditQuery::default() };
    let queries = [
        (AuditQuery { subject: Some(rows::user_id("s")), ..all.clone() }, "by_subject"),
        (AuditQuery { actor_sub: Some("a".into()), ..all.clone() }, "by_actor"),
        (AuditQuery { actor_token: Some(rows::actor_token_id(1)), ..all.clone() }, "by_actor_token"),
        (AuditQuery { session: Some(rows::session_id(1)), ..all.clone() }, "by_session"),
        (AuditQuery { action: Some(Action::UserBanned), ..all.clone() }, "by_action"),
        (AuditQuery { denied: Some(true), ..all.clone() }, "denied"),
    ];
    let ranges = [
        AuditRange::Forward { after: 7 },
        AuditRange::Backward { before: None },
        AuditRange::Backward { before: Some(7) },
    ];
    for range in ranges {
        for (query, index) in &queries {
            let steps = plan(&connection, &audit::list_sql(&AuditQuery { range, ..query.clone() }));
            let [step] = steps.as_slice() else { panic!("{steps:?}") };
            assert!(names(step, &format!("audit_entries_{index}")), "{step}");
        }
        let steps = plan(&connection, &audit::list_sql(&AuditQuery { range, ..all.clone() }));
        assert_eq!(steps.len(), 1, "{steps:?}");
    }
}

#[test]
fn sessions_are_listed_from_their_place_in_an_index() {
    let connection = database();
    let all = SessionQuery {
        client: None,
        user: None,
        status: Some(SessionStatus::Expired),
        now: rows::START,
        page: Page::default(),
    };
    let of_user = SessionQuery { user: Some(rows::user_id("subject")), ..all.clone() };
    let of_client = SessionQuery { client: Some(rows::client_id(1)), ..of_user.clone() };
    let live_of_user = SessionQuery { status: Some(SessionStatus::Active), ..of_user.clone() };
    let live_of_client = SessionQuery { status: Some(SessionStatus::Active), ..of_client.clone() };
    for (query, index) in [
        (all, "sessions_by_age"),
        (of_user, "sessions_of_user"),
        (of_client, "sessions_of_client"),
        (live_of_user, "sessions_active_of_user"),
        (live_of_client, "sessions_active_of_client"),
    ] {
        for sql in sessions::list_sql(&query) {
            let steps = plan(&connection, &sql);
            let [step] = steps.as_slice() else { panic!("{steps:?}") };
            assert!(names(step, index), "{step}");
        }
    }
}

#[test]
fn what_the_writer_looks_for_is_indexed() {
    let connection = database();
    for (sql, index) in [
        ("SELECT * FROM actor_tokens WHERE subject = ?1 AND status = 'pending'", "actor_tokens_by_subject"),
        ("SELECT * FROM actor_tokens WHERE actor_sub = ?1 AND status = 'pending'", "actor_tokens_by_actor"),
        ("SELECT * FROM sign_in_tokens WHERE user = ?1 AND status = 'pending'", "sign_in_tokens_pending"),
        ("SELECT * FROM sessions WHERE user = ?1 AND status = 'active'", "sessions_active_of_user"),
        ("SELECT * FROM sessions WHERE actor_sub = ?1 AND status = 'active'", "sessions_active_of_actor"),
        (
            "SELECT * FROM sessions WHERE status = 'active' AND ends_at <= ?1 ORDER BY ends_at, id",
            "sessions_active_by_end",
        ),
    ] {
        let steps = plan(&connection, &(sql.to_owned(), vec![Value::from("x".to_owned())]));
        let [step] = steps.as_slice() else { panic!("{steps:?}") };
        assert!(names(step, index), "{step}");
    }
}

#[test]
fn kept_answers_are_found_and_removed_by_their_indexes() {
    let connection = database();
    let find = "SELECT * FROM kept_answers WHERE key_hash = ?1".to_owned();
    let steps = plan(&connection, &(find, vec![Value::from(vec![0_u8; 32])]));
    let [step] = steps.as_slice() else { panic!("{steps:?}") };
    assert!(step.starts_with("SEARCH") && step.contains("(key_hash=?)"), "{step}");
    let steps = plan(&connection, &(kept_answers::FORGET.to_owned(), vec![1.into(), 500.into()]));
    assert!(steps.iter().any(|step| step.contains("kept_answers_by_end (expires_at<?)")), "{steps:?}");
    assert!(steps.iter().all(|step| !step.starts_with("SCAN") && !step.contains("TEMP B-TREE")), "{steps:?}");
}

/// Each step reads its range from the oldest on, and looks at other tables row by row, by their keys.
#[test]
fn a_purge_reads_the_range_that_goes() {
    let connection = database();
    for (sql, range) in [
        (retention::LAST_ACTOR_TOKEN, "actor_tokens_by_end ((expires_at,id)>(?,?) AND expires_at<?)"),
        (
            retention::SESSIONS_OF_TOKENS,
            "actor_tokens_by_end ((expires_at,id)>(?,?) AND (expires_at,id)<(?,?))",
        ),
        (retention::ACTOR_TOKENS, "actor_tokens_by_end ((expires_at,id)>(?,?) AND (expires_at,id)<(?,?))"),
        (retention::LAST_SIGN_IN_TOKEN, "sign_in_tokens_by_end ((expires_at,id)>(?,?) AND expires_at<?)"),
        (
            retention::SIGN_IN_TOKENS,
            "sign_in_tokens_by_end ((expires_at,id)>(?,?) AND (expires_at,id)<(?,?))",
        ),
        (retention::LAST_SESSION, "sessions_ended_by_end ((ends_at,id)>(?,?) AND ends_at<?)"),
        (retention::SESSIONS, "sessions_ended_by_end ((ends_at,id)>(?,?) AND (ends_at,id)<(?,?))"),
        (retention::LAST_CLIENT, "clients_by_change ((updated_at,id)>(?,?) AND updated_at<?)"),
        (retention::CLIENTS, "clients_by_change ((updated_at,id)>(?,?) AND (updated_at,id)<(?,?))"),
    ] {
        let values = vec![1.into(), "x".to_owned().into(), 9.into(), 99.into()];
        let steps = plan(&connection, &(sql.to_owned(), values));
        assert!(steps.iter().any(|step| step.contains(range)), "{sql}: {steps:?}");
        assert!(
            steps.iter().all(|step| !step.starts_with("SCAN") && !step.contains("TEMP B-TREE")),
            "{steps:?}"
        );
    }
    let of_entries = [
        (retention::LAST_ENTRY, vec![1.into(), 250.into(), 7.into()]),
        (retention::ENTRIES, vec![Value::from(7)]),
    ];
    for (sql, values) in of_entries {
        let steps = plan(&connection, &(sql.to_owned(), values));
        let by_position = "SEARCH audit_entries USING INTEGER PRIMARY KEY (rowid<?)";
        assert!(steps.iter().any(|step| step == by_position), "{steps:?}");
        assert!(steps.iter().all(|step| !step.starts_with("SCAN audit")), "{steps:?}");
    }
}

#[test]
fn what_is_over_of_sign_ins_is_found_and_removed_by_indexes() {
    let connection = database();
    for (sql, condition) in [
        (sign_ins::FORGET_PENDING, "pending_sign_ins_by_end (expires_at<?)"),
        (sign_ins::FORGET_RETURNS, "kept_returns_by_end (until<?)"),
        (sign_ins::FORGET_FAILURES, "password_failures_by_time (last_failure_at<?)"),
    ] {
        let steps = plan(&connection, &(sql.to_owned(), vec![1.into(), 500.into()]));
        assert!(steps.iter().any(|step| step.contains(condition)), "{steps:?}");
        let is_short = |step: &String| !step.starts_with("SCAN") && !step.contains("TEMP B-TREE");
        assert!(steps.iter().all(is_short), "{steps:?}");
    }
}
