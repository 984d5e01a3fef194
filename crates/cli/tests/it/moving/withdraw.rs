//! `actas store withdraw`: a store that was put back to an earlier moment by other means than `actas restore`.

use super::{DEV, Instance, json_of, printed, redeem, with};
use crate::process::{Server, one_line, run, stderr, stdout};
use actas_postgres_cluster::{Cluster, Database};
use serde_json::json;
use std::{fs, path::Path};

const WITHDRAW: [&str; 3] = ["store", "withdraw", "postgres"];

fn serve(folder: &Path, database: &Database<'_>) -> Server {
    let key = fs::read_to_string(folder.join(".actas/master.key")).unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:4500"];
    let mut command = with(folder, database, &arguments);
    command.env("ACTAS_STORE", "postgres").env("ACTAS_MASTER_KEY", key.trim());
    command.env("ACTAS_DATA_DIR", folder.join("replica"));
    Server::start_with(command)
}

#[test]
fn a_database_that_was_put_back_spends_no_ticket_twice() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::shared();
    let database = cluster.create_database();
    let server = Server::start(folder.path(), &DEV);
    let instance = Instance::of(folder.path());
    let (used, live) = (instance.actor_token(&server), instance.actor_token(&server));
    assert_eq!(redeem(&server, &live), 200);
    assert_eq!(server.stop().0, Some(0));
    printed(with(
        folder.path(),
        &database,
        &["store", "copy", "--from", "sqlite:.actas", "--to", "postgres"],
    ));
    let earlier = cluster.create_database_from(database.name());
    let server = serve(folder.path(), &database);
    assert_eq!(redeem(&server, &used), 200);
    assert_eq!(server.stop().0, Some(0));

    // The moment before that is put back, and a server is at work on it already.
    let server = serve(folder.path(), &earlier);
    let line = one_line(&with(folder.path(), &earlier, &WITHDRAW).output().unwrap(), 6);
    assert!(line.contains("servers at work"), "{line}");
    assert_eq!(instance.status_of(&server, &used), "pending");
    assert_eq!(server.stop().0, Some(0));
    let withdrawn = printed(with(folder.path(), &earlier, &WITHDRAW));
    assert_eq!((&withdrawn["revoked_actor_tokens"], &withdrawn["ended_sessions"]), (&json!(1), &json!(1)));
    assert!(withdrawn["newest_entry_at"].is_string(), "{withdrawn}");
    assert_eq!(withdrawn["signing_keys"].as_array().unwrap().len(), 2, "{withdrawn}");
    let server = serve(folder.path(), &earlier);
    assert_eq!(redeem(&server, &used), 400);
    assert_eq!(instance.status_of(&server, &used), "revoked");
    let (_, entries) = instance.get(&server, "/v1/audit_entries?limit=100");
    let text = entries.to_string();
    assert!(text.contains("\"restored\"") && text.contains("instance.restored"), "{text}");
    assert_eq!(server.stop().0, Some(0));
    let again = with(folder.path(), &earlier, &WITHDRAW).output().unwrap();
    let told = stdout(&again);
    assert!(told.contains("0 pending actor tokens") && told.contains("0 live sessions"), "{told}");
    assert!(told.contains("actas keys rotate --now --withdraw"), "{told}");
}

#[test]
fn a_data_folder_that_was_put_back_too() {
    let folder = tempfile::tempdir().unwrap();
    let withdraw = ["store", "withdraw", "sqlite:.actas"];
    let server = Server::start(folder.path(), &DEV);
    let instance = Instance::of(folder.path());
    let token = instance.actor_token(&server);
    let line = one_line(&run(folder.path(), &withdraw), 6);
    assert!(line.contains("in use"), "{line}");
    assert_eq!(instance.status_of(&server, &token), "pending");
    assert_eq!(server.stop().0, Some(0));
    assert_eq!(json_of(folder.path(), &withdraw)["revoked_actor_tokens"], 1);
    let server = Server::start(folder.path(), &DEV);
    assert_eq!(redeem(&server, &token), 400);
}

#[test]
fn what_is_no_store_is_refused_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let line = one_line(&run(folder.path(), &["store", "withdraw", "sqlite:none"]), 4);
    assert!(line.contains("no instance in none"), "{line}");
    assert!(!folder.path().join("none").exists());
    let line = one_line(&run(folder.path(), &WITHDRAW), 2);
    assert!(line.contains("ACTAS_DATABASE_URL"), "{line}");
    let told = stderr(&run(folder.path(), &["store", "withdraw", "postgres://u:hushhush@h/d"]));
    assert!(told.contains("does not belong on a command line") && !told.contains("hushhush"), "{told}");
    let database = Cluster::shared().create_database();
    let line = one_line(&with(folder.path(), &database, &WITHDRAW).output().unwrap(), 4);
    assert!(line.contains("no instance"), "{line}");
}
