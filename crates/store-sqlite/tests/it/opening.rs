//! Files, their modes, and every reason not to open them.

use crate::workplace::{Workplace, add_actor_token, beside, has_actor_token};
use actas_domain::ports::Store;
use actas_store_sqlite::{OpenError, SUPPORTED_VERSION, SqliteStore, quick_check};
use rusqlite::Connection;
use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    sync::Arc,
};

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().mode() & 0o777
}

fn refused(workplace: &Workplace) -> OpenError {
    let error = workplace.try_open().expect_err("it should not open");
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains(&*workplace.file().to_string_lossy()), "{line}");
    error
}

#[tokio::test]
async fn nobody_but_the_owner_reads_the_files() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(1)).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&workplace.file(), suffix)), 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn files_that_others_could_read_are_closed_to_them() {
    let workplace = Workplace::new();
    let first = workplace.open();
    first.commit(add_actor_token(1)).await.unwrap();
    let image = workplace.image();
    for suffix in ["", "-wal"] {
        fs::set_permissions(beside(&image.file(), suffix), Permissions::from_mode(0o666)).unwrap();
    }
    let store = image.open();
    store.commit(add_actor_token(2)).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&image.file(), suffix)), 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn a_closed_store_is_one_file_and_answers_that_it_is_closed() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(1)).await.unwrap();
    store.close();
    assert!(workplace.file().exists());
    for suffix in ["-wal", "-shm"] {
        assert!(!beside(&workplace.file(), suffix).exists(), "{suffix} was left");
    }
    let unavailable = store.commit(add_actor_token(2)).await.unwrap_err();
    assert!(unavailable.to_string().contains("closed"), "{unavailable}");
    assert!(store.instance().await.unwrap_err().to_string().contains("closed"));
    assert!(has_actor_token(&workplace.open(), 1).await);
}

#[test]
fn a_schema_that_this_binary_cannot_read_is_refused() {
    let workplace = Workplace::new();
    drop(workplace.open());
    let database = Connection::open(workplace.file()).unwrap();
    let set = |name: &str, version: u32| {
        let sql = "UPDATE meta SET value = ?2 WHERE name = ?1";
        assert_eq!(database.execute(sql, (name, version)).unwrap(), 1);
    };
    set("schema_version", SUPPORTED_VERSION + 2);
    drop(workplace.open());
    set("minimum_reader_version", SUPPORTED_VERSION + 1);
    let error = refused(&workplace);
    assert!(
        matches!(error, OpenError::Newer { minimum_reader_version, supported_version, .. }
            if (minimum_reader_version, supported_version) == (SUPPORTED_VERSION + 1, SUPPORTED_VERSION)),
        "{error:?}"
    );
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let workplace = Workplace::new();
    let text = "not a database, and longer than the header of one is: ".repeat(100);
    fs::write(workplace.file(), &text).unwrap();
    assert!(matches!(refused(&workplace), OpenError::Corrupt { .. }));
    assert_eq!(fs::read_to_string(workplace.file()).unwrap(), text);
}

#[test]
fn somebody_elses_database_is_refused_and_left_alone() {
    let workplace = Workplace::new();
    let database = Connection::open(workplace.file()).unwrap();
    database.execute_batch("CREATE TABLE notes (text)").unwrap();
    drop(database);
    let before = fs::read(workplace.file()).unwrap();
    assert!(matches!(refused(&workplace), OpenError::Foreign { .. }));
    assert!(fs::read(workplace.file()).unwrap() == before, "the file was changed");
}

#[test]
fn a_damaged_page_is_found_by_the_quick_check() {
    let workplace = Workplace::new();
    drop(workplace.open());
    quick_check(&workplace.file()).unwrap();
    let mut bytes = fs::read(workplace.file()).unwrap();
    for byte in &mut bytes[4096..12288] {
        *byte = 0xA5;
    }
    fs::write(workplace.file(), bytes).unwrap();
    let found = quick_check(&workplace.file());
    assert!(matches!(found, Err(OpenError::Corrupt { .. })), "{found:?}");
}

#[test]
fn a_file_that_cannot_be_is_refused() {
    let workplace = Workplace::new();
    fs::write(workplace.file(), "").unwrap();
    for path in [workplace.file().join("actas.db"), workplace.file().with_file_name("none/actas.db")] {
        let options = actas_store_sqlite::Options::new(&path);
        let error = SqliteStore::open(&options, Arc::new(workplace.clock.clone())).unwrap_err();
        assert!(matches!(error, OpenError::CannotCreate { .. }), "{error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
}

#[test]
fn a_folder_in_the_files_place_is_refused() {
    let workplace = Workplace::new();
    fs::create_dir(workplace.file()).unwrap();
    assert!(matches!(refused(&workplace), OpenError::CannotCreate { .. }));
}

#[test]
fn a_database_that_somebody_writes_is_refused() {
    let workplace = Workplace::new();
    drop(workplace.open());
    let other = Connection::open(workplace.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(refused(&workplace), OpenError::Locked { .. }));
    other.execute_batch("ROLLBACK").unwrap();
    drop(workplace.open());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_back_is_named() {
    let workplace = Workplace::new();
    let store = workplace.open();
    store.commit(add_actor_token(1)).await.unwrap();
    let id = actas_domain::testing::rows::actor_token_id(1);
    let other = Connection::open(workplace.file()).unwrap();
    other.execute("UPDATE actor_tokens SET status = 'sold'", []).unwrap();
    let error = store.actor_token(&id).await.unwrap_err();
    assert!(matches!(error, actas_domain::ports::StoreError::Corrupt(_)), "{error:?}");
    let line = error.to_string();
    assert!(line.contains("actor_tokens") && line.contains(id.as_str()) && line.contains("status"), "{line}");
    assert!(!line.contains("sold"), "a value was shown: {line}");
}
