//! Group commit: many changes in one transaction, each with an outcome of its own; and a queue that does not grow.

use crate::workplace::{Workplace, add_actor_token, has_actor_token};
use actas_domain::{
    change::{Change, Guard, Write},
    ports::{Clock, CommitError, Committed, Store, StoreError},
    testing::{FixedClock, changes, rows},
    time::UnixMillis,
};
use actas_store_sqlite::{Options, SqliteStore};
use futures::future::join_all;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, Sender, channel},
};

/// A clock that stands in the writer's way: each look at it is told, and waits until it may go on.
struct Gate {
    clock: FixedClock,
    looked: Mutex<Sender<()>>,
    may_go_on: Mutex<Receiver<()>>,
}

impl Clock for Gate {
    fn now(&self) -> UnixMillis {
        // When the test has ended nobody listens, and nothing is waited for.
        let _ = self.looked.lock().unwrap().send(());
        let _ = self.may_go_on.lock().unwrap().recv();
        self.clock.now()
    }
}

/// A store whose writer waits at each change, and the test's ends of its gate.
struct Gated {
    store: Arc<SqliteStore>,
    looked: Receiver<()>,
    go_on: Sender<()>,
}

impl Gated {
    fn open(workplace: &Workplace, options: &Options) -> Self {
        let ((looking, looked), (go_on, may_go_on)) = (channel(), channel());
        let gate = Gate {
            clock: workplace.clock.clone(),
            looked: Mutex::new(looking),
            may_go_on: Mutex::new(may_go_on),
        };
        Self { store: Arc::new(SqliteStore::open(options, Arc::new(gate)).unwrap()), looked, go_on }
    }

    /// Commits one change, and returns when the writer is in the middle of it; whatever is committed now waits.
    fn hold_the_writer(&self) -> Waiting {
        let waiting = self.spawn(changes::change(Vec::new(), Vec::new()));
        self.looked.recv().unwrap();
        waiting
    }

    /// While the writer is held: the change is in the queue, in this order, when this returns.
    fn commit(&self, change: Change) -> Waiting {
        let depth = self.store.metrics().queue_depth;
        let waiting = self.spawn(change);
        while self.store.metrics().queue_depth == depth {
            std::thread::yield_now();
        }
        waiting
    }

    fn spawn(&self, change: Change) -> Waiting {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.commit(change).await })
    }

    fn let_pass(&self, changes: usize) {
        for _ in 0..changes {
            self.go_on.send(()).unwrap();
        }
    }
}

type Waiting = tokio::task::JoinHandle<Result<Committed, CommitError>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_shares_one_transaction() {
    let workplace = Workplace::new();
    let gated = Gated::open(&workplace, &workplace.options());
    let first = gated.hold_the_writer();
    let waiting: Vec<_> = (1..=100).map(|number| gated.commit(add_actor_token(number))).collect();
    gated.let_pass(1_000);
    assert_eq!(first.await.unwrap().unwrap().position, 1);
    let positions: Vec<_> =
        join_all(waiting).await.into_iter().map(|outcome| outcome.unwrap().unwrap().position).collect();
    assert_eq!(positions, (2..=101).collect::<Vec<_>>());
    let metrics = gated.store.metrics();
    assert_eq!((metrics.commits_total, metrics.changes_total, metrics.last_batch_size), (2, 101, 100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_its_bound() {
    let workplace = Workplace::new();
    let gated = Gated::open(&workplace, &Options { batch_max: 8, ..workplace.options() });
    let first = gated.hold_the_writer();
    let waiting: Vec<_> = (1..=16).map(|number| gated.commit(add_actor_token(number))).collect();
    gated.let_pass(1_000);
    first.await.unwrap().unwrap();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert_eq!(gated.store.metrics().commits_total, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_answers_at_once() {
    let workplace = Workplace::new();
    let gated = Gated::open(&workplace, &Options { queue_length: 4, ..workplace.options() });
    let first = gated.hold_the_writer();
    let waiting: Vec<_> = (1..=4).map(|number| gated.commit(add_actor_token(number))).collect();
    // The writer stands still, so an answer can only be one that did not wait for it.
    let refused = gated.store.commit(add_actor_token(5)).await;
    assert!(matches!(refused, Err(CommitError::Store(StoreError::Overloaded))), "{refused:?}");
    let refused = gated.store.record_activity(&rows::session_id(1), rows::START).await;
    assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
    assert_eq!(gated.store.metrics().queue_depth, 4);
    gated.let_pass(1_000);
    first.await.unwrap().unwrap();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    gated.store.commit(add_actor_token(5)).await.unwrap();
}

/// One that fails before it writes, and one that fails when it has begun to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_change_undoes_itself_and_nothing_else() {
    let workplace = Workplace::new();
    let gated = Gated::open(&workplace, &workplace.options());
    let first = gated.hold_the_writer();
    let late =
        changes::change(vec![Guard::Before(rows::START)], vec![Write::AddActorToken(rows::actor_token(2))]);
    let twice = changes::change(
        Vec::new(),
        vec![Write::AddActorToken(rows::actor_token(4)), Write::AddActorToken(rows::actor_token(1))],
    );
    let changes = [add_actor_token(1), late, add_actor_token(3), twice, add_actor_token(5)];
    let waiting: Vec<_> = changes.into_iter().map(|change| gated.commit(change)).collect();
    gated.let_pass(1_000);
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
        assert_eq!(has_actor_token(&gated.store, number).await, is_there, "{number}");
    }
    assert!(gated.store.metrics().rollbacks_total > 0, "nothing failed midway, so nothing was shown");
}

/// A row that the writer itself cannot read is answered as such, to the change that needs it alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_row_fails_the_change_that_reads_it() {
    let workplace = Workplace::new();
    let gated = Gated::open(&workplace, &workplace.options());
    gated.let_pass(1);
    gated.store.commit(changes::change(Vec::new(), vec![Write::AddClient(rows::client(1))])).await.unwrap();
    gated.looked.recv().unwrap();
    let other = rusqlite::Connection::open(workplace.file()).unwrap();
    other.execute("UPDATE clients SET cookie_hash = x'00'", []).unwrap();
    let first = gated.hold_the_writer();
    let guard = Guard::CookieUnchanged { client: rows::client_id(1), hash: rows::cookie_hash(1, 0) };
    let waiting = [add_actor_token(1), changes::change(vec![guard], Vec::new()), add_actor_token(2)]
        .map(|change| gated.commit(change));
    gated.let_pass(1_000);
    first.await.unwrap().unwrap();
    let [before, unreadable, after] = waiting;
    before.await.unwrap().unwrap();
    after.await.unwrap().unwrap();
    let error = unreadable.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, CommitError::Store(StoreError::Corrupt(place)) if place.contains("clients")),
        "{error:?}"
    );
}

/// What waits when the store is closed is carried out first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_carries_out_what_waits() {
    let workplace = Workplace::new();
    let gated = Gated::open(&workplace, &workplace.options());
    let first = gated.hold_the_writer();
    let waiting: Vec<_> = (1..=10).map(|number| gated.commit(add_actor_token(number))).collect();
    gated.let_pass(1_000);
    let store = Arc::clone(&gated.store);
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
    first.await.unwrap().unwrap();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    let again = workplace.open();
    for number in 1..=10 {
        assert!(has_actor_token(&again, number).await, "{number}");
    }
}

/// A reader that meets the index of the WAL half written takes the writers' lock for a moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_make_a_change_fail() {
    let workplace = Workplace::new();
    let store = SqliteStore::open_unsafe(
        &workplace.options(),
        Arc::new(workplace.clock.clone()),
        actas_store_sqlite::Synchronous::Off,
    )
    .unwrap();
    let is_over = AtomicBool::new(false);
    let (reads, failed) = std::thread::scope(|scope| {
        let read = || {
            let connection = rusqlite::Connection::open(workplace.file()).unwrap();
            let mut reads = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                connection.query_row("SELECT count(*) FROM meta", [], |_| Ok(())).unwrap();
                reads += 1;
            }
            reads
        };
        let readers = [scope.spawn(read), scope.spawn(read)];
        let commits = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let mut failed = Vec::new();
                for number in 0..10_000 {
                    failed.extend(store.commit(add_actor_token(number)).await.err());
                }
                failed
            })
        });
        is_over.store(true, Ordering::Relaxed);
        (readers.map(|reader| reader.join().unwrap()), commits)
    });
    assert!(
        failed.is_empty(),
        "{} changes failed beside {reads:?} reads: {:?}",
        failed.len(),
        failed.first()
    );
}
