//! Copies of the whole database: beside its writer, from a file at rest, and what a restored one takes back.

use crate::workplace::{Workplace, add_actor_token, beside};
use actas_domain::{
    actor_token::ActorTokenStatus,
    audit::{
        Action, Cause,
        find::{AuditQuery, AuditRange},
    },
    change::Write,
    ports::Store,
    session::SessionStatus,
    sign_in_token::SignInTokenStatus,
    testing::{FixedClock, changes, rows},
    transfer::{Kind, Target as _, TransferError, Withdrawn, copy, record_restored, survey, withdraw},
};
use actas_store_sqlite::{NewFile, OpenError, SqliteArchive, SqliteStore, back_up};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

async fn commit(store: &SqliteStore, writes: Vec<Write>) {
    store.commit(changes::change(Vec::new(), writes)).await.unwrap();
}

fn check(file: &Path) -> Result<(), OpenError> {
    actas_store_sqlite::check(file, &Arc::new(AtomicBool::new(true)))
}

fn bring_in(file: &Path, to: &Path) -> Result<NewFile, OpenError> {
    actas_store_sqlite::bring_in(file, to, &Arc::new(AtomicBool::new(true)))
}

fn kept(file: &Path, to: &Path) {
    back_up(file, to, &mut |_, _| true).unwrap().keep().unwrap();
}

/// Far more than one step of pages is copied while changes are committed; the copy ends all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_writer_is_of_one_moment_and_holds_nobody_up() {
    let workplace = Workplace::new();
    let store = Arc::new(workplace.open());
    let mut wide = rows::user("wide");
    wide.first_name = Some("x".repeat(30 << 20));
    commit(&store, vec![Write::AddUser(wide)]).await;
    let (committed, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn({
        let (store, committed, is_over) = (Arc::clone(&store), Arc::clone(&committed), Arc::clone(&is_over));
        async move {
            while !is_over.load(Ordering::SeqCst) {
                let number = committed.load(Ordering::SeqCst) + 1;
                store.commit(add_actor_token(number)).await.unwrap();
                committed.store(number, Ordering::SeqCst);
            }
        }
    });
    let (file, to) = (workplace.file(), beside(&workplace.file(), ".backup"));
    let destination = to.clone();
    let counted = Arc::clone(&committed);
    let (before, during) = tokio::task::spawn_blocking(move || {
        while counted.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let before = counted.load(Ordering::SeqCst);
        let mut steps = 0;
        let new = back_up(&file, &destination, &mut |_, _| {
            steps += 1;
            // It goes on only when somebody else has written meanwhile.
            let seen = counted.load(Ordering::SeqCst);
            while counted.load(Ordering::SeqCst) == seen {
                std::thread::yield_now();
            }
            true
        })
        .unwrap();
        new.keep().unwrap();
        assert!(steps > 3, "{steps} steps are no load");
        (before, counted.load(Ordering::SeqCst))
    })
    .await
    .unwrap();
    is_over.store(true, Ordering::SeqCst);
    writing.await.unwrap();
    check(&to).unwrap();
    let found = survey(&mut SqliteArchive::at_rest(&to).unwrap(), &mut |_, _| {}).await.unwrap();
    let tokens = found.rows_of(Kind::ActorTokens);
    assert!((before..=during).contains(&tokens), "{before} {tokens} {during}");
    assert_eq!(found.head, tokens + 1);
    let names = |path: &Path| fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(names(&to), 4, "the database with -wal and -shm, the backup, and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_stopped_leaves_nothing() {
    let workplace = Workplace::new();
    let _store = workplace.open();
    let to = beside(&workplace.file(), ".backup");
    let stopped = back_up(&workplace.file(), &to, &mut |_, _| false);
    assert!(matches!(stopped, Err(OpenError::Stopped { .. })), "{stopped:?}");
    assert!(!to.exists() && !beside(&to, ".unfinished").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_backup_is_refused_and_leaves_nothing() {
    let workplace = Workplace::new();
    let store = workplace.open();
    for number in 1..200 {
        store.commit(add_actor_token(number)).await.unwrap();
    }
    let backup = beside(&workplace.file(), ".backup");
    kept(&workplace.file(), &backup);
    let whole = fs::read(&backup).unwrap();
    let to = beside(&workplace.file(), ".restored");
    let refused = |bytes: &[u8]| {
        let file = beside(&workplace.file(), ".wrong");
        fs::write(&file, bytes).unwrap();
        let error = bring_in(&file, &to).unwrap_err();
        assert!(!to.exists() && !beside(&to, ".unfinished").exists(), "{error}");
        error
    };
    for length in [0, 10, 100, 4_096, whole.len() / 2, whole.len() - 1] {
        let error = refused(&whole[..length]);
        assert!(matches!(error, OpenError::NoBackup { .. }), "{length}: {error}");
    }
    assert!(matches!(refused(b"no database, but long enough to be one"), OpenError::NoBackup { .. }));
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4_096].fill(0xAA);
    assert!(matches!(refused(&damaged), OpenError::NoBackup { .. }));
    // What is in use has some of it elsewhere.
    let in_use = bring_in(&workplace.file(), &to).unwrap_err();
    assert!(matches!(in_use, OpenError::NotAtRest { .. }), "{in_use}");
    bring_in(&backup, &to).unwrap().keep().unwrap();
    assert_eq!(fs::read(&to).unwrap(), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_filled_is_as_one_that_was_made() {
    let workplace = Workplace::new();
    let store = workplace.open();
    for number in 1..50 {
        store.commit(add_actor_token(number)).await.unwrap();
    }
    let filled = beside(&workplace.file(), ".filled");
    let mut source = SqliteArchive::snapshot(&workplace.file()).unwrap();
    let mut target = SqliteArchive::make(&filled).unwrap();
    copy(&mut source, &mut target, &mut |_, _| {}).await.unwrap();
    target.finish().await.unwrap();
    check(&filled).unwrap();
    let options = actas_store_sqlite::Options::new(filled.clone());
    let copied = SqliteStore::open(&options, Arc::new(workplace.clock.clone())).unwrap();
    assert_eq!(copied.commit(add_actor_token(50)).await.unwrap().position, 50);
    let query = actas_domain::actor_token::find::ActorTokenQuery::default();
    let expected = store.actor_tokens(&query).await.unwrap().len();
    assert_eq!(copied.actor_tokens(&query).await.unwrap().len(), expected);
    assert!(matches!(SqliteArchive::make(&filled), Err(OpenError::Exists { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_cut_off_is_begun_again() {
    let workplace = Workplace::new();
    let file = workplace.file();
    {
        let mut target = SqliteArchive::make(&file).unwrap();
        let row = vec![
            actas_domain::transfer::Value::Text("a".to_owned()),
            actas_domain::transfer::Value::Flag(true),
            actas_domain::transfer::Value::Flag(true),
        ];
        actas_domain::transfer::Target::load(&mut target, Kind::Standings, vec![row]).await.unwrap();
        // As a process that is killed leaves it: nothing is tidied up.
        std::mem::forget(fs::File::open(beside(&file, ".unfinished")).unwrap());
        fs::copy(beside(&file, ".unfinished"), beside(&file, ".left")).unwrap();
    }
    fs::rename(beside(&file, ".left"), beside(&file, ".unfinished")).unwrap();
    assert!(!file.exists());
    let mut again = SqliteArchive::make(&file).unwrap();
    assert_eq!(actas_domain::transfer::Source::count(&mut again, Kind::Standings).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_open_in_a_backup_is_taken_back_on_record() {
    let workplace = Workplace::new();
    let store = workplace.open();
    let over = actas_domain::session::Session { expire_at: rows::after(10), ..rows::session(2) };
    let mut writes = vec![
        Write::AddActorToken(rows::actor_token(1)),
        Write::AddSignInToken(rows::sign_in_token(1)),
        Write::AddClient(rows::client(1)),
        Write::AddSession(rows::session(1)),
        Write::AddClient(rows::client(2)),
        Write::AddSession(over),
        Write::KeepReturn(rows::kept_return(1, "subject")),
    ];
    let accepted =
        actas_domain::actor_token::ActorToken { status: ActorTokenStatus::Accepted, ..rows::actor_token(2) };
    writes.push(Write::AddActorToken(accepted));
    commit(&store, writes).await;
    workplace.clock.set(rows::after(20));
    let mut source = SqliteArchive::as_it_goes(&workplace.file()).unwrap();
    let withdrawn = withdraw(&store, &workplace.clock, &mut source, &mut |_, _| {}).await.unwrap();
    let expected = Withdrawn { actor_tokens: 1, sign_in_tokens: 1, sessions: 1, returns: 1 };
    assert_eq!(withdrawn, expected);
    record_restored(&store, &workplace.clock).await.unwrap();
    let again = withdraw(&store, &workplace.clock, &mut source, &mut |_, _| {}).await.unwrap();
    assert_eq!(again, Withdrawn::default());
    let token = store.actor_token(&rows::actor_token_id(1)).await.unwrap().unwrap();
    assert_eq!((token.status, token.revoked_because), (ActorTokenStatus::Revoked, Some(Cause::Restored)));
    let token = store.sign_in_token(&rows::sign_in_token_id(1)).await.unwrap().unwrap();
    assert_eq!((token.status, token.revoked_because), (SignInTokenStatus::Revoked, Some(Cause::Restored)));
    let session = |number| {
        let store = &store;
        async move { store.session(&rows::session_id(number)).await.unwrap().unwrap().status }
    };
    // The second is over by time, and is told so by the sweep.
    assert_eq!((session(1).await, session(2).await), (SessionStatus::Revoked, SessionStatus::Active));
    assert!(store.kept_return(&rows::client_id(1)).await.unwrap().is_none());
    let query = AuditQuery { range: AuditRange::Forward { after: 1 }, limit: 10, ..AuditQuery::default() };
    let told: Vec<_> = store.audit_entries(&query).await.unwrap();
    let told: Vec<_> = told.iter().map(|entry| (entry.event.action, entry.event.cause)).collect();
    let restored = Some(Cause::Restored);
    assert_eq!(
        told,
        [
            (Action::ActorTokenRevoked, restored),
            (Action::SignInTokenRevoked, restored),
            (Action::SessionRevoked, restored),
            (Action::ReturnRevoked, restored),
            (Action::InstanceRestored, None),
        ]
    );
}

/// The clock of whoever takes back may be ahead of the one that servers go by.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_by_one_clock_alone_is_taken_back() {
    let workplace = Workplace::new();
    let store = workplace.open();
    let session = actas_domain::session::Session { expire_at: rows::after(10), ..rows::session(1) };
    commit(&store, vec![Write::AddClient(rows::client(1)), Write::AddSession(session)]).await;
    let mut source = SqliteArchive::as_it_goes(&workplace.file()).unwrap();
    let ahead = FixedClock::new(rows::after(20));
    let withdrawn = withdraw(&store, &ahead, &mut source, &mut |_, _| {}).await.unwrap();
    assert_eq!(withdrawn.sessions, 1);
    let session = store.session(&rows::session_id(1)).await.unwrap().unwrap();
    assert!(!session.is_live(rows::after(1)));
}

/// A cut is told by an entry of its own. What somebody took away by hand is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_beginning_is_gone_untold_has_a_gap() {
    let workplace = Workplace::new();
    let store = workplace.open();
    for number in 1..6 {
        store.commit(add_actor_token(number)).await.unwrap();
    }
    store.close();
    let connection = rusqlite::Connection::open(workplace.file()).unwrap();
    let mut archive = SqliteArchive::as_it_goes(&workplace.file()).unwrap();
    connection.execute("DELETE FROM audit_entries WHERE position <= 3", []).unwrap();
    let gap = survey(&mut archive, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(gap, TransferError::Gap { position: 1 }), "{gap}");
    for (told, expected) in [(2, Some(3)), (3, None)] {
        let sql = "UPDATE audit_entries SET purged_through = ?1 WHERE position = 5";
        connection.execute(sql, [told]).unwrap();
        let found = survey(&mut archive, &mut |_, _| {}).await;
        let gap = found.err().map(|error| error.to_string());
        assert_eq!(gap.as_ref().map(|gap| gap.contains("entry 3")), expected.map(|_| true), "{gap:?}");
    }
}

/// By whatever name a server's own file is called, some of it may be elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_server_is_no_backup() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(1)).await.unwrap();
    let file = workplace.file();
    let named = |what: &str| beside(&file, what);
    let to = named(".restored");
    std::os::unix::fs::symlink(&file, named(".link")).unwrap();
    fs::hard_link(&file, named(".second")).unwrap();
    fs::copy(&file, named(".copied")).unwrap();
    let refused = |what: &str| bring_in(&named(what), &to).unwrap_err();
    assert!(matches!(refused(".link"), OpenError::NotAtRest { .. }), "{}", refused(".link"));
    for what in [".second", ".copied"] {
        assert!(matches!(refused(what), OpenError::NotBackedUp { .. }), "{}", refused(what));
    }
    kept(&file, &named(".backup"));
    let stopped = Arc::new(AtomicBool::new(false));
    let error = actas_store_sqlite::bring_in(&named(".backup"), &to, &stopped).unwrap_err();
    assert!(matches!(error, OpenError::Stopped { .. }), "{error}");
    bring_in(&named(".backup"), &to).unwrap().keep().unwrap();
    // What was restored is a server's file from its first start on.
    let options = actas_store_sqlite::Options::new(to.clone());
    SqliteStore::open(&options, Arc::new(workplace.clock.clone())).unwrap().close();
    let error = bring_in(&to, &named(".other")).unwrap_err();
    assert!(matches!(error, OpenError::NotBackedUp { .. }), "{error}");
}

/// SQLite would play it into the new file.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_beside_the_wal_of_another_database() {
    let workplace = Workplace::new();
    let _store = workplace.open();
    let to = beside(&workplace.file(), ".new");
    let wal = beside(&to, "-wal");
    fs::copy(beside(&workplace.file(), "-wal"), &wal).unwrap();
    for refused in [
        SqliteArchive::make(&to).unwrap_err(),
        back_up(&workplace.file(), &to, &mut |_, _| true).unwrap_err(),
    ] {
        assert!(matches!(&refused, OpenError::LeftOver { left, .. } if *left == wal), "{refused}");
    }
    assert!(!to.exists() && wal.exists());
}

#[test]
fn a_file_that_somebody_else_makes_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("a.db");
    let _making = NewFile::create(&to).unwrap();
    assert!(matches!(SqliteArchive::make(&to), Err(OpenError::Locked { .. })));
}

/// As during an upgrade: a backup is made all the same, and what knows no such columns does not read them.
#[tokio::test(flavor = "multi_thread")]
async fn another_schema_is_backed_up_and_not_taken_apart() {
    let workplace = Workplace::new();
    workplace.open().close();
    for version in [2, 99] {
        let connection = rusqlite::Connection::open(workplace.file()).unwrap();
        connection.execute("UPDATE meta SET value = ?1 WHERE name = 'schema_version'", [version]).unwrap();
        drop(connection);
        let to = beside(&workplace.file(), &format!(".{version}"));
        kept(&workplace.file(), &to);
        check(&to).unwrap();
        let refused = SqliteArchive::at_rest(&to).unwrap_err();
        assert!(matches!(refused, OpenError::OtherSchema { .. }), "{refused}");
        // What is older is brought up to date when it is opened.
        let brought = bring_in(&to, &beside(&to, ".restored"));
        let is_newer =
            matches!(&brought, Err(OpenError::NewerBackup { file, version: 99, .. }) if *file == to);
        assert!(if version == 99 { is_newer } else { brought.is_ok() }, "{version}: {brought:?}");
    }
    let connection = rusqlite::Connection::open(workplace.file()).unwrap();
    connection.execute("UPDATE meta SET value = 99", []).unwrap();
    drop(connection);
    let to = beside(&workplace.file(), ".newer");
    let refused = back_up(&workplace.file(), &to, &mut |_, _| true).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { .. }), "{refused}");
    assert!(!to.exists());
}
