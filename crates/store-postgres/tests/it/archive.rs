//! Moving everything: from SQLite here and back, exactly; and never beside somebody at work.

use crate::{
    batches::Held,
    workplace::{Workplace, add_actor_token, options},
};
use actas_domain::{
    ports::Store as _,
    testing::transfer::{Contents, contents, head},
    transfer::{Kind, PAGE_ROWS, Row, Source as _, Target as _, Value, copy, survey},
};
use actas_postgres_cluster::Cluster;
use actas_store_postgres::{OpenError, PostgresArchive, PostgresStore};
use actas_store_sqlite::SqliteArchive;
use proptest::test_runner::{Config, TestRunner};
use std::path::{Path, PathBuf};

/// A SQLite database with these contents.
async fn sqlite_with(folder: &Path, contents: &Contents) -> PathBuf {
    let file = folder.join("first.db");
    let mut archive = SqliteArchive::make(&file).unwrap();
    for (kind, rows) in contents {
        archive.load(*kind, rows.clone()).await.unwrap();
    }
    archive.settle(head(contents)).await.unwrap();
    archive.finish().await.unwrap();
    file
}

/// Copies to PostgreSQL and back, and gives what is then in the second SQLite database.
async fn there_and_back(contents: &Contents) -> Contents {
    let folder = tempfile::tempdir().unwrap();
    let database = Cluster::shared().create_database();
    let url = options(&database.url());
    let first = sqlite_with(folder.path(), contents).await;
    let copied = {
        let mut source = SqliteArchive::snapshot(&first).unwrap();
        let mut target = PostgresArchive::target(&url).await.unwrap();
        let copied = copy(&mut source, &mut target, &mut |_, _| {}).await.unwrap();
        target.finish().await.unwrap();
        copied
    };
    let second = folder.path().join("second.db");
    let again = {
        let mut source = PostgresArchive::source(&url).await.unwrap();
        let mut target = SqliteArchive::make(&second).unwrap();
        let copied = copy(&mut source, &mut target, &mut |_, _| {}).await.unwrap();
        target.finish().await.unwrap();
        copied
    };
    assert_eq!((copied.digest(), copied.head), (again.digest(), head(contents)));
    let mut archive = SqliteArchive::at_rest(&second).unwrap();
    assert_eq!(survey(&mut archive, &mut |_, _| {}).await.unwrap(), copied);
    let mut found = Vec::new();
    for &kind in Kind::ALL {
        found.push((kind, archive.page(kind, None, PAGE_ROWS).await.unwrap()));
    }
    found
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn whatever_a_store_holds_comes_back_exactly() {
    let runtime = runtime();
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&contents(), |contents| {
        // No `assert_eq`: a value is never shown.
        let same = runtime.block_on(there_and_back(&contents)) == contents;
        if same { Ok(()) } else { Err(proptest::test_runner::TestCaseError::fail("it came back otherwise")) }
    });
    outcome.unwrap();
}

fn standings(count: u32) -> Vec<Row> {
    let row = |number| vec![Value::Text(format!("{number:08}")), Value::Flag(true), Value::Flag(false)];
    (0..count).map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_lost_where_pages_meet() {
    for count in [PAGE_ROWS - 1, PAGE_ROWS, PAGE_ROWS + 1, 2 * PAGE_ROWS] {
        let folder = tempfile::tempdir().unwrap();
        let rows: Contents = vec![(Kind::Standings, standings(count))];
        let first = sqlite_with(folder.path(), &rows).await;
        let mut source = SqliteArchive::snapshot(&first).unwrap();
        let workplace = Workplace::new();
        let mut target = PostgresArchive::target(&workplace.options()).await.unwrap();
        let copied = copy(&mut source, &mut target, &mut |_, _| {}).await.unwrap();
        target.finish().await.unwrap();
        assert_eq!(copied.rows_of(Kind::Standings), u64::from(count));
        assert_eq!(target.count(Kind::Standings).await.unwrap(), u64::from(count));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_copied_has_its_indexes_and_is_written_on() {
    let workplace = Workplace::new();
    let indexes = || workplace.database.sql("SELECT indexdef FROM pg_indexes ORDER BY indexname");
    let before = indexes();
    let store = workplace.open().await;
    store.commit(add_actor_token(1)).await.unwrap();
    store.close().await;
    drop(store);
    let other = Workplace::new();
    let mut source = PostgresArchive::source(&workplace.options()).await.unwrap();
    let mut target = PostgresArchive::target(&other.options()).await.unwrap();
    copy(&mut source, &mut target, &mut |_, _| {}).await.unwrap();
    target.finish().await.unwrap();
    let index_list = other.database.sql("SELECT indexdef FROM pg_indexes ORDER BY indexname");
    assert_eq!(index_list, before);
    let store = other.open().await;
    let committed = store.commit(add_actor_token(2)).await.unwrap();
    assert_eq!(committed.position, 2, "the record does not go on where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_finished_never_happened() {
    let workplace = Workplace::new();
    {
        let mut target = PostgresArchive::target(&workplace.options()).await.unwrap();
        let instance = vec![Value::Text("ins_000000000000000000000000001".to_owned()), Value::Integer(1)];
        target.load(Kind::Standings, standings(10)).await.unwrap();
        target.load(Kind::Instance, vec![instance]).await.unwrap();
        target.settle(0).await.unwrap();
    }
    // It waits for the end of the one before.
    let mut target = PostgresArchive::target(&workplace.options()).await.unwrap();
    assert_eq!(target.count(Kind::Standings).await.unwrap(), 0);
    assert_eq!(target.count(Kind::Instance).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_open_is_in_use_and_one_that_was_closed_is_not() {
    let workplace = Workplace::new();
    // It signs as it opens, before it has written anything.
    let store = workplace.open().await;
    for refused in [
        PostgresArchive::source(&workplace.options()).await.map(drop),
        PostgresArchive::target(&workplace.options()).await.map(drop),
    ] {
        let Err(error @ OpenError::InUse { .. }) = refused else { panic!("{refused:?}") };
        let told = error.to_string();
        assert!(told.contains("signed 0 s ago") || told.contains("signed 1 s ago"), "{told}");
        assert!(told.contains("own machine"), "{told}");
    }
    store.close().await;
    PostgresArchive::source(&workplace.options()).await.unwrap();
    // One that was killed is taken for alive for a while, and no longer.
    let killed = workplace.open().await;
    std::mem::forget(killed);
    assert!(PostgresArchive::source(&workplace.options()).await.is_err());
    workplace.database.sql("UPDATE writers SET at = at - 180000");
    PostgresArchive::source(&workplace.options()).await.unwrap();
}

/// It was silent for long, at work in its turn; with its commit it signs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_at_work_in_its_turn_is_found_behind_it() {
    let workplace = Workplace::new();
    for is_source in [true, false] {
        let at_work = Held::open(&workplace, &workplace.options()).await;
        // As one that has not signed for long.
        workplace.database.sql("UPDATE writers SET at = 0");
        let options = workplace.options();
        let copying = tokio::spawn(async move {
            if is_source {
                PostgresArchive::source(&options).await.map(drop)
            } else {
                PostgresArchive::target(&options).await.map(drop)
            }
        });
        at_work.is_waited_for().await;
        at_work
            .run("UPDATE writers SET at = floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            .await;
        at_work.let_go().await;
        let refused = copying.await.unwrap();
        assert!(matches!(refused, Err(OpenError::InUse { .. })), "{is_source}: {refused:?}");
        at_work.store.close().await;
    }
}

/// What is committed without an entry moves no head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_while_the_head_was_waited_for_is_taken_along() {
    let workplace = Workplace::new();
    let at_work = Held::open(&workplace, &workplace.options()).await;
    at_work.store.close().await;
    let options = workplace.options();
    let copying = tokio::spawn(async move { PostgresArchive::source(&options).await });
    at_work.is_waited_for().await;
    at_work.run("INSERT INTO standings VALUES ('somebody', TRUE, FALSE)").await;
    at_work.let_go().await;
    let mut source = copying.await.unwrap().unwrap();
    assert_eq!(source.count(Kind::Standings).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_while_it_is_copied() {
    let workplace = Workplace::new();
    let archive = PostgresArchive::source(&workplace.options()).await.unwrap();
    let store = workplace.open().await;
    let waiting = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { store.commit(add_actor_token(1)).await }
    });
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while workplace.database.sql(blocked).trim() != "1" {
        tokio::task::yield_now().await;
    }
    drop(archive);
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_empty_or_of_another_schema_is_refused() {
    let workplace = Workplace::new();
    workplace.database.sql("INSERT INTO standings VALUES ('somebody', TRUE, FALSE)");
    let refused = PostgresArchive::target(&workplace.options()).await.unwrap_err();
    assert!(matches!(refused, OpenError::NotEmpty { kind: "standings", .. }), "{refused}");
    let database = Cluster::shared().create_database();
    let refused = PostgresArchive::source(&options(&database.url())).await.unwrap_err();
    assert!(matches!(refused, OpenError::Empty { .. }), "{refused}");
    PostgresStore::open(&options(&database.url())).await.unwrap().close().await;
    for version in [0, 99] {
        database.sql(&format!("UPDATE meta SET value = {version} WHERE name = 'schema_version'"));
        let refused = PostgresArchive::source(&options(&database.url())).await.unwrap_err();
        assert!(matches!(refused, OpenError::OtherSchema { .. } | OpenError::Empty { .. }), "{refused}");
    }
}
