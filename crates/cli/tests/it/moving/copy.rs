//! `actas store copy`: to PostgreSQL and back, with nobody at work.

use super::{DEV, Instance, json_of, names, printed, with};
use crate::process::{Server, one_line, run, stderr};
use actas_postgres_cluster::{Cluster, Database};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Stdio},
};

const TO_POSTGRES: [&str; 6] = ["store", "copy", "--from", "sqlite:.actas", "--to", "postgres"];

#[test]
fn an_instance_moves_to_postgresql_and_back_and_serves_there() {
    let folder = tempfile::tempdir().unwrap();
    let database = Cluster::shared().create_database();
    let server = Server::start(folder.path(), &DEV);
    let instance = Instance::of(folder.path());
    let token = instance.actor_token(&server);
    let line = one_line(&with(folder.path(), &database, &TO_POSTGRES).output().unwrap(), 6);
    assert!(line.contains("in use") && line.contains("stop"), "{line}");
    assert_eq!(server.stop().0, Some(0));
    let source = fs::read(folder.path().join(".actas/actas.db")).unwrap();
    let there = printed(with(folder.path(), &database, &TO_POSTGRES));
    assert_eq!(fs::read(folder.path().join(".actas/actas.db")).unwrap(), source, "the source was changed");
    assert!(there["master_key"].as_str().unwrap().ends_with(".actas/master.key"), "{there}");
    // A second copy, onto the first.
    let line = one_line(&with(folder.path(), &database, &TO_POSTGRES).output().unwrap(), 4);
    assert!(line.contains("is not empty"), "{line}");
    let back = ["store", "copy", "--from", "postgres", "--to", "sqlite:back"];
    let again = printed(with(folder.path(), &database, &back));
    for member in ["digest", "rows", "kinds", "instance_id"] {
        assert_eq!(again[member], there[member], "{member}");
    }
    assert_eq!(again["master_key"], Value::Null);
    assert_eq!(names(&folder.path().join("back")), ["actas.db", "actas.lock"]);

    let key = fs::read_to_string(folder.path().join(".actas/master.key")).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--public-url", "http://127.0.0.1:4500"];
    let mut command = with(folder.path(), &database, &serve);
    command.env("ACTAS_STORE", "postgres").env("ACTAS_MASTER_KEY", key.trim());
    command.env("ACTAS_DATA_DIR", folder.path().join("replica"));
    let server = Server::start_with(command);
    assert_eq!(instance.status_of(&server, &token), "pending");
    let third = ["store", "copy", "--from", "postgres", "--to", "sqlite:third"];
    let line = one_line(&with(folder.path(), &database, &third).output().unwrap(), 6);
    assert!(line.contains("servers at work") && line.contains("signed"), "{line}");
    assert!(!folder.path().join("third/actas.db").exists());
    assert_eq!(server.stop().0, Some(0));
    printed(with(folder.path(), &database, &third));
}

#[test]
fn ends_that_cannot_be_copied_are_refused_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let database = Cluster::shared().create_database();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let refused = |from: &str, to: &str, code| {
        let arguments = ["store", "copy", "--from", from, "--to", to];
        one_line(&with(folder.path(), &database, &arguments).output().unwrap(), code)
    };
    assert!(refused("sqlite:none", "postgres", 4).contains("no instance in none"));
    assert!(!folder.path().join("none").exists());
    assert!(refused("postgres", "sqlite:other", 4).contains("holds no instance"));
    assert!(refused("sqlite:.actas", "sqlite:./.actas/actas.db", 2).contains("the same store"));
    assert!(refused("postgres", "postgres", 2).contains("the same store"));
    let output = run(
        folder.path(),
        &["store", "copy", "--from", "sqlite:.actas", "--to", "postgres://u:hushhush@h/d"],
    );
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("does not belong on a command line") && told.contains("--to"), "{told}");
    assert!(!told.contains("hushhush"), "{told}");
    let none = one_line(&run(folder.path(), &TO_POSTGRES), 2);
    assert!(none.contains("ACTAS_DATABASE_URL"), "{none}");
    let key = folder.path().join("other.key");
    fs::write(&key, "A".repeat(43) + "=\n").unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let wrong = [&TO_POSTGRES[..], &["--master-key-file", "other.key"]].concat();
    let line = one_line(&with(folder.path(), &database, &wrong).output().unwrap(), 5);
    assert!(line.contains("other.key"), "{line}");
    json_of(folder.path(), &["keys", "list"]);
}

#[test]
fn two_databases_are_named_by_files_with_their_urls() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let databases = [Cluster::shared().create_database(), Cluster::shared().create_database()];
    let first = printed(with(folder.path(), &databases[0], &TO_POSTGRES));
    for (name, database) in ["old.url", "new.url"].iter().zip(&databases) {
        let file = folder.path().join(name);
        fs::write(&file, database.url()).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
    let between = ["store", "copy", "--from", "postgres:old.url", "--to", "postgres:new.url"];
    let second = json_of(folder.path(), &between);
    assert_eq!(first["digest"], second["digest"]);
    fs::write(folder.path().join("old.url"), "postgresql://u:hushhush@h/d?sslmode=prefer").unwrap();
    let line = one_line(&run(folder.path(), &between), 4);
    assert!(line.contains("the URL in old.url") && !line.contains("hushhush"), "{line}");
    fs::set_permissions(folder.path().join("old.url"), Permissions::from_mode(0o644)).unwrap();
    let line = one_line(&run(folder.path(), &between), 2);
    assert!(line.contains("old.url") && line.contains("chmod 600"), "{line}");
}

/// Where every commit of an instance waits until somebody opens the gate.
const GATE: &str = "CREATE SCHEMA held; CREATE TABLE held.gate (is_open boolean); \
    CREATE FUNCTION held.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        WHILE NOT EXISTS (SELECT 1 FROM held.gate) LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN NULL; END $$; \
    CREATE CONSTRAINT TRIGGER held AFTER INSERT ON instance DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION held.wait()";
const OPEN: &str = "INSERT INTO held.gate VALUES (true)";

/// Begins a copy, and waits until it commits.
fn committing(folder: &Path, database: &Database<'_>) -> Child {
    // The tables are made by a copy before.
    printed(with(folder, database, &TO_POSTGRES));
    let tables = "SELECT string_agg(tablename, ', ') FROM pg_tables \
        WHERE schemaname = 'public' AND tablename NOT IN ('meta', 'record_head', 'writers')";
    database.sql(&format!("TRUNCATE {}", database.sql(tables)));
    database.sql(GATE);
    let mut command = with(folder, database, &TO_POSTGRES);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND state = 'active' AND query = 'COMMIT'";
    while database.sql(waits) != "1" {
        if child.try_wait().unwrap().is_some() {
            panic!("it ended: {:?}", child.wait_with_output().unwrap());
        }
    }
    child
}

/// Its commit may have landed: "interrupted" would be untrue.
#[test]
fn a_copy_that_commits_is_not_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    for (first, second) in [(Signal::INT, None), (Signal::TERM, Some(Signal::INT))] {
        let database = Cluster::shared().create_database();
        let mut child = committing(folder.path(), &database);
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let signal = |signal| kill_process(Pid::from_child(&child), signal).unwrap();
        signal(first);
        let mut told = String::new();
        while !told.contains("not interrupted") {
            assert!(errors.read_line(&mut told).unwrap() > 0, "{told}");
        }
        match second {
            Some(second) => signal(second),
            None => drop(database.sql(OPEN)),
        }
        errors.read_to_string(&mut told).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(if second.is_some() { 4 } else { 0 }), "{told}");
        assert_eq!(told.contains("not known whether"), second.is_some(), "{told}");
        if second.is_none() {
            assert_eq!(database.sql("SELECT count(*) FROM instance"), "1");
        }
    }
}

/// Until the copy is there, whatever the source acknowledged would be missing in it.
#[test]
fn nobody_works_on_the_source_while_its_copy_commits() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &DEV).stop().0, Some(0));
    let database = Cluster::shared().create_database();
    let mut child = committing(folder.path(), &database);
    let refused = run(folder.path(), &["store", "withdraw", "sqlite:.actas"]);
    assert_eq!(refused.status.code(), Some(6), "{}", stderr(&refused));
    database.sql(OPEN);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(run(folder.path(), &["store", "withdraw", "sqlite:.actas"]).status.code(), Some(0));
}
