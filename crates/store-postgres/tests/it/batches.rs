//! Group commit: many changes in one transaction, each with an outcome of its own; and a queue that does not grow.

use crate::workplace::{Workplace, add_actor_token, has_actor_token};
use actas_domain::{
    actor_token::ActorToken,
    change::{Change, Guard, Write},
    ports::{CommitError, Committed, Store, StoreError},
    testing::{changes, rows},
};
use actas_store_postgres::{Options, PostgresStore};
use futures::future::join_all;
use std::{sync::Arc, time::Duration};
use tokio_postgres::{Client, NoTls};

pub(crate) type Waiting = tokio::task::JoinHandle<Result<Committed, CommitError>>;

/// A store whose writer waits for the head of the record, which somebody else holds.
pub(crate) struct Held {
    pub(crate) store: Arc<PostgresStore>,
    holder: Client,
}

impl Held {
    pub(crate) async fn open(workplace: &Workplace, options: &Options) -> Self {
        let store = Arc::new(workplace.try_open(options).await.unwrap());
        let (holder, connection) = tokio_postgres::connect(&workplace.database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let held = Self { store, holder };
        held.hold().await;
        held
    }

    pub(crate) async fn hold(&self) {
        self.holder.batch_execute("BEGIN; SELECT * FROM record_head FOR UPDATE").await.unwrap();
    }

    pub(crate) async fn let_go(&self) {
        self.holder.batch_execute("COMMIT").await.unwrap();
    }

    /// In the transaction that holds the head.
    pub(crate) async fn run(&self, sql: &str) {
        self.holder.batch_execute(sql).await.unwrap();
    }

    /// Returns when somebody waits for the head.
    pub(crate) async fn is_waited_for(&self) {
        let blocked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
            AND datname = current_database()";
        while self.holder.query(blocked, &[]).await.unwrap().is_empty() {
            // Sessions that have come since are not in what this transaction has seen.
            self.run("SELECT pg_stat_clear_snapshot()").await;
        }
    }

    /// Commits one change, and returns when the writer waits with it; whatever is committed now is queued.
    pub(crate) async fn occupy(&self) -> Waiting {
        let waiting = self.spawn(changes::change(Vec::new(), Vec::new()));
        self.is_waited_for().await;
        waiting
    }

    /// While the writer waits: the change is in the queue, in this order, when this returns.
    pub(crate) async fn commit(&self, change: Change) -> Waiting {
        let depth = self.store.metrics().queue_depth;
        let waiting = self.spawn(change);
        while self.store.metrics().queue_depth == depth {
            tokio::task::yield_now().await;
        }
        waiting
    }

    fn spawn(&self, change: Change) -> Waiting {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.commit(change).await })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_shares_one_transaction() {
    let workplace = Workplace::new();
    let held = Held::open(&workplace, &workplace.options()).await;
    let first = held.occupy().await;
    let mut waiting = Vec::new();
    for number in 1..=100 {
        waiting.push(held.commit(add_actor_token(number)).await);
    }
    held.let_go().await;
    assert_eq!(first.await.unwrap().unwrap().position, 1);
    let positions: Vec<_> =
        join_all(waiting).await.into_iter().map(|outcome| outcome.unwrap().unwrap().position).collect();
    assert_eq!(positions, (2..=101).collect::<Vec<_>>());
    let metrics = held.store.metrics();
    assert_eq!((metrics.commits_total, metrics.changes_total, metrics.last_batch_size), (2, 101, 100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_answers_at_once() {
    let workplace = Workplace::new();
    let held = Held::open(&workplace, &Options { queue_length: 4, ..workplace.options() }).await;
    let first = held.occupy().await;
    let mut waiting = Vec::new();
    for number in 1..=4 {
        waiting.push(held.commit(add_actor_token(number)).await);
    }
    // The writer stands still, so an answer can only be one that did not wait for it.
    let refused = held.store.commit(add_actor_token(5)).await;
    assert!(matches!(refused, Err(CommitError::Store(StoreError::Overloaded))), "{refused:?}");
    let refused = held.store.record_activity(&rows::session_id(1), rows::START).await;
    assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
    held.let_go().await;
    first.await.unwrap().unwrap();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    held.store.commit(add_actor_token(5)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_change_undoes_itself_and_nothing_else() {
    let workplace = Workplace::new();
    let held = Held::open(&workplace, &workplace.options()).await;
    let first = held.occupy().await;
    let late =
        changes::change(vec![Guard::Before(rows::START)], vec![Write::AddActorToken(rows::actor_token(2))]);
    let twice = changes::change(
        Vec::new(),
        vec![Write::AddActorToken(rows::actor_token(4)), Write::AddActorToken(rows::actor_token(1))],
    );
    let mut waiting = Vec::new();
    for change in [add_actor_token(1), late, add_actor_token(3), twice, add_actor_token(5)] {
        waiting.push(held.commit(change).await);
    }
    held.let_go().await;
    first.await.unwrap().unwrap();
    let outcomes: Vec<_> = join_all(waiting)
        .await
        .into_iter()
        .map(|outcome| match outcome.unwrap() {
            Ok(committed) => Some(committed.position),
            Err(CommitError::GuardFailed) => None,
            Err(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(outcomes, [Some(2), None, Some(3), None, Some(4)]);
    for (number, is_there) in [(1, true), (2, false), (3, true), (4, false), (5, true)] {
        assert_eq!(has_actor_token(&*held.store, number).await, is_there, "{number}");
    }
}

/// A row that the writer itself cannot read is answered as such, to the change that needs it alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_row_fails_the_change_that_reads_it() {
    let workplace = Workplace::new();
    let held = Held::open(&workplace, &workplace.options()).await;
    held.let_go().await;
    held.store.commit(changes::change(Vec::new(), vec![Write::AddClient(rows::client(1))])).await.unwrap();
    workplace.database.sql("UPDATE clients SET cookie_hash = '\\x00'");
    held.hold().await;
    let first = held.occupy().await;
    let guard = Guard::CookieUnchanged { client: rows::client_id(1), hash: rows::cookie_hash(1, 0) };
    let mut waiting = Vec::new();
    for change in [add_actor_token(1), changes::change(vec![guard], Vec::new()), add_actor_token(2)] {
        waiting.push(held.commit(change).await);
    }
    held.let_go().await;
    first.await.unwrap().unwrap();
    let outcomes: Vec<_> = join_all(waiting).await.into_iter().map(Result::unwrap).collect();
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(
        matches!(&outcomes[1], Err(CommitError::Store(StoreError::Corrupt(place))) if place.contains("clients")),
        "{outcomes:?}"
    );
}

/// A row that somebody holds by hand fails the change that writes it, in time, and no other of its batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_takes_too_long_fails_alone() {
    let workplace = Workplace::new();
    let options = Options { statement_timeout: Duration::from_millis(300), ..workplace.options() };
    let held = Held::open(&workplace, &options).await;
    held.let_go().await;
    held.store.commit(changes::change(Vec::new(), vec![Write::AddClient(rows::client(1))])).await.unwrap();
    let (by_hand, connection) = tokio_postgres::connect(&workplace.database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    by_hand.batch_execute("BEGIN; SELECT * FROM clients FOR UPDATE").await.unwrap();
    held.hold().await;
    let first = held.occupy().await;
    let write = Write::RotateCookie { client: rows::client_id(1), hash: rows::cookie_hash(1, 1) };
    let mut waiting = Vec::new();
    for change in [add_actor_token(1), changes::change(Vec::new(), vec![write]), add_actor_token(2)] {
        waiting.push(held.commit(change).await);
    }
    held.let_go().await;
    first.await.unwrap().unwrap();
    let outcomes: Vec<_> = join_all(waiting).await.into_iter().map(Result::unwrap).collect();
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(
        matches!(&outcomes[1], Err(CommitError::Store(StoreError::Unavailable(why))) if why.contains("timeout")),
        "{outcomes:?}"
    );
}

/// One change fails alone; then somebody holds everybody up. The others of its batch are not tried in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_in_turn_for_what_fails_all() {
    let workplace = Workplace::new();
    let patience = Duration::from_secs(2);
    let options = Options {
        statement_timeout: patience,
        head_patience: patience,
        retry_for: Duration::ZERO,
        ..workplace.options()
    };
    let held = Held::open(&workplace, &options).await;
    held.let_go().await;
    held.store.commit(changes::change(Vec::new(), vec![Write::AddClient(rows::client(1))])).await.unwrap();
    let (by_hand, connection) = tokio_postgres::connect(&workplace.database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    by_hand.batch_execute("BEGIN; SELECT * FROM clients FOR UPDATE").await.unwrap();
    held.hold().await;
    let first = held.occupy().await;
    let write = Write::RotateCookie { client: rows::client_id(1), hash: rows::cookie_hash(1, 1) };
    let mut waiting = vec![held.commit(changes::change(Vec::new(), vec![write])).await];
    for number in 1..50 {
        waiting.push(held.commit(add_actor_token(number)).await);
    }
    held.let_go().await;
    first.await.unwrap().unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
        AND datname = current_database()";
    while workplace.database.sql(waits) == "0" {}
    // It is next, as soon as the batch has failed for the row that is held.
    held.hold().await;
    let begun = std::time::Instant::now();
    for outcome in join_all(waiting).await {
        let outcome = outcome.unwrap();
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
    }
    assert!(begun.elapsed() < 10 * patience, "{:?}", begun.elapsed());
    held.let_go().await;
    held.store.commit(add_actor_token(1)).await.unwrap();
}

/// Whoever holds everybody up is not waited for without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_does_not_come_is_given_up() {
    let workplace = Workplace::new();
    let options = Options { head_patience: Duration::from_millis(300), ..workplace.options() };
    let held = Held::open(&workplace, &options).await;
    let refused = held.store.commit(add_actor_token(1)).await;
    assert!(
        matches!(&refused, Err(CommitError::Store(StoreError::Unavailable(why))) if why.contains("somebody else's transaction")),
        "{refused:?}"
    );
    held.let_go().await;
    assert_eq!(held.store.commit(add_actor_token(1)).await.unwrap().position, 1);
}

/// One batch after the other waits for its turn in vain; nobody waits for all that are before theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_waited_for_too_long_is_not_begun() {
    let workplace = Workplace::new();
    let (head_patience, statement_timeout) = (Duration::from_secs(2), Duration::from_secs(1));
    let options = Options {
        head_patience,
        statement_timeout,
        retry_for: Duration::ZERO,
        batch_max: 1,
        ..workplace.options()
    };
    let held = Held::open(&workplace, &options).await;
    let begun = std::time::Instant::now();
    let mut waiting = Vec::new();
    for number in 1..=20 {
        let store = Arc::clone(&held.store);
        waiting.push(tokio::spawn(async move { store.commit(add_actor_token(number)).await }));
    }
    let mut not_begun = 0;
    for outcome in join_all(waiting).await {
        let Err(CommitError::Store(StoreError::Unavailable(why))) = outcome.unwrap() else { panic!() };
        not_begun += u32::from(why.contains("nothing of this was begun"));
    }
    assert!(begun.elapsed() < 3 * head_patience, "{:?}", begun.elapsed());
    assert!(not_begun >= 15, "{not_begun}");
    held.let_go().await;
    held.store.commit(add_actor_token(1)).await.unwrap();
}

/// Its work comes to nothing, again and again, so that no batch of it signs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_all_the_time_says_that_it_lives() {
    let workplace = Workplace::new();
    let store = workplace.open().await;
    let signed = || workplace.database.sql("SELECT max(at) FROM writers WHERE id NOT LIKE '% confirms'");
    let (first, begun) = (signed(), std::time::Instant::now());
    while signed() == first {
        let refused = store.commit(changes::change(vec![Guard::Before(rows::START)], Vec::new())).await;
        assert!(matches!(refused, Err(CommitError::GuardFailed)), "{refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "it is silent while it works");
    }
}

/// What waits when the store is closed is carried out first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_carries_out_what_waits() {
    let workplace = Workplace::new();
    let held = Held::open(&workplace, &workplace.options()).await;
    let first = held.occupy().await;
    let mut waiting = Vec::new();
    for number in 1..=10 {
        waiting.push(held.commit(add_actor_token(number)).await);
    }
    let store = Arc::clone(&held.store);
    let closing = tokio::spawn(async move { store.close().await });
    held.let_go().await;
    closing.await.unwrap();
    first.await.unwrap().unwrap();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    let again = workplace.open().await;
    for number in 1..=10 {
        assert!(has_actor_token(&*again, number).await, "{number}");
    }
}

/// PostgreSQL's text has no U+0000; what is kept has it all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_character_is_kept() {
    let workplace = Workplace::new();
    let store = workplace.open().await;
    let token = ActorToken { reason: Some("a\0b\u{1}\u{10FFFF}ß".to_owned()), ..rows::actor_token(1) };
    store.commit(changes::change(Vec::new(), vec![Write::AddActorToken(token.clone())])).await.unwrap();
    assert_eq!(store.actor_token(&token.id).await.unwrap(), Some(token));
}

/// The database's own time decides, not this machine's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_databases_clock_decides() {
    let workplace = Workplace::new();
    let store = PostgresStore::open(&workplace.options()).await.unwrap();
    let millis = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let now: i64 = workplace.database.sql(millis).parse().unwrap();
    let before = |millis| {
        let end = actas_domain::time::UnixMillis::from_millis(millis);
        store.commit(changes::change(vec![Guard::Before(end)], Vec::new()))
    };
    assert!(matches!(before(now).await, Err(CommitError::GuardFailed)));
    before(now + 600_000).await.unwrap();
}
