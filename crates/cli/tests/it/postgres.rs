//! Servers that share a PostgreSQL database.

use crate::process::{Server, actas, one_line, run, stderr, stdout};
use actas_postgres_cluster::{Cluster, Database, PASSWORD, SECURED_USER};
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// With a password, which nothing that is printed may show.
fn url(database: &Database<'_>) -> String {
    let folder = Cluster::shared().socket_folder().display().to_string().replace('/', "%2F");
    format!("postgresql://{SECURED_USER}:{PASSWORD}@{folder}/{}", database.name())
}

fn command(folder: &Path, database: &Database<'_>, arguments: &[&str]) -> Command {
    let mut command = actas(folder, arguments);
    command.env("ACTAS_STORE", "postgres").env("ACTAS_DATABASE_URL", url(database));
    command.env("ACTAS_MASTER_KEY", MASTER_KEY).env("ACTAS_DATA_DIR", folder.join("data"));
    command
}

fn serve(folder: &Path, database: &Database<'_>) -> Server {
    let serve = ["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:4500"];
    Server::start_with(command(folder, database, &serve))
}

fn json(mut command: Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!format!("{output:?}").contains(PASSWORD));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn two_servers_are_one_instance() {
    let database = Cluster::shared().create_database();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let servers = [serve(folders[0].path(), &database), serve(folders[1].path(), &database)];
    let of = |index: usize, arguments: &[&str]| command(folders[index].path(), &database, arguments);
    let keys = json(of(0, &["keys", "list"]));
    assert_eq!(keys.as_array().unwrap().len(), 2, "{keys}");
    assert_eq!(json(of(1, &["keys", "list"])), keys);
    let output = of(0, &["secret-keys", "create", "--name", "shop"]).output().unwrap();
    let secret_key = stdout(&output).trim().to_owned();
    for server in &servers {
        assert_eq!(server.status_with(&secret_key), 200);
    }
    let [first, second] = servers;
    let (code, log) = first.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(PASSWORD), "{log}");
    // Without a server here, beside the one that runs elsewhere.
    let examined = of(0, &["doctor"]).output().unwrap();
    assert_eq!(examined.status.code(), Some(0), "{}", stdout(&examined));
    let listed = json(of(0, &["secret-keys", "list"]));
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    assert!(json(of(0, &["secret-keys", "revoke", &id, "--even-the-last"]))["revoked_at"].is_string());
    assert_eq!(second.status_with(&secret_key), 401);
    assert_eq!(second.stop().0, Some(0));
}

#[test]
fn the_master_key_is_given_and_never_made() {
    let database = Cluster::shared().create_database();
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:4500"];
    let mut without = command(folder.path(), &database, &serve);
    let line = one_line(&without.env_remove("ACTAS_MASTER_KEY").output().unwrap(), 2);
    assert!(line.contains("ACTAS_MASTER_KEY") && line.contains("master_key_file"), "{line}");
    let mut missing = command(folder.path(), &database, &serve);
    missing.env_remove("ACTAS_MASTER_KEY").env("ACTAS_MASTER_KEY_FILE", folder.path().join("none.key"));
    let line = one_line(&missing.output().unwrap(), 5);
    assert!(line.contains("none is made"), "{line}");
    assert!(!folder.path().join("none.key").exists());
    assert_eq!(Server::start_with(command(folder.path(), &database, &serve)).stop().0, Some(0));
    let mut other = command(folder.path(), &database, &serve);
    let line = one_line(&other.env("ACTAS_MASTER_KEY", "A".repeat(43) + "=").output().unwrap(), 5);
    assert!(line.contains("master key"), "{line}");
}

#[test]
fn a_database_that_cannot_be_opened_is_told_in_a_line_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let database = Cluster::shared().create_database();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:4500"];
    let refused = |url: &str, code| {
        let mut command = command(folder.path(), &database, &serve);
        let line = one_line(&command.env("ACTAS_DATABASE_URL", url).output().unwrap(), code);
        assert!(!line.contains(PASSWORD) && !line.contains("hidden"), "{line}");
        line
    };
    let url = url(&database);
    assert!(refused(&url.replace(PASSWORD, "hidden"), 4).contains("user and password"));
    assert!(refused(&url.replace(database.name(), "none"), 4).contains("does not exist"));
    assert!(refused("postgresql://u:hidden@127.0.0.1:1/d?sslmode=prefer", 4).contains("sslmode"));
    database.sql("CREATE TABLE notes (text text)");
    assert!(refused(&url, 4).contains("of its own"));
}

#[test]
fn the_url_is_read_from_a_private_file_and_never_shown() {
    let database = Cluster::shared().create_database();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database.url");
    fs::write(&file, url(&database) + "\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let with_file = |arguments: &[&str]| {
        let mut command = command(folder.path(), &database, arguments);
        command.env_remove("ACTAS_DATABASE_URL").env("ACTAS_DATABASE_URL_FILE", &file);
        command
    };
    let line = one_line(&with_file(&["keys", "list"]).output().unwrap(), 2);
    assert!(line.contains("chmod 600"), "{line}");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(json(with_file(&["keys", "list"])).as_array().unwrap().len(), 2);
    let printed = command(folder.path(), &database, &["config", "print"]).output().unwrap();
    let text = stdout(&printed) + &stderr(&printed);
    assert!(text.contains("database_url: set by ACTAS_DATABASE_URL, not shown"), "{text}");
    assert!(!text.contains(PASSWORD) && !text.contains(SECURED_USER), "{text}");
}

#[test]
fn a_configuration_without_its_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["config", "print", "--store", "postgres"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("ACTAS_DATABASE_URL"), "{}", stderr(&output));
}
