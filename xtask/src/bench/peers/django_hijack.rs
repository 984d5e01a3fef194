//! django-hijack under gunicorn: `acquire`, from a new session of the administrator each time.
//!
//! Durable: SQLite as Django opens it (rollback journal, `synchronous=FULL`), and the same with a WAL.

use super::super::{
    Bench, Measured, ports,
    requests::{self, FORM},
    server::{SERVER, Server, pinned},
    text, tools,
    wrk::{CONNECTIONS, Loaded, load},
};
use crate::command;
use std::{cell::Cell, fs, process::Command};

/// What Django can answer in a second, and more: a session is good for one request.
const SESSIONS_PER_SECOND: usize = 1_000;
/// Of an acceptable form; the same in the cookie and in the header.
const CSRF_TOKEN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let (default, start, idle, loaded) = acquire(bench, "default")?;
    let (wal, ..) = acquire(bench, "wal")?;
    Ok(vec![
        ("django_hijack.start", start),
        ("django_hijack.idle_megabytes", idle),
        ("django_hijack.loaded_megabytes", loaded),
        ("django_hijack.acquire.per_second", default.per_second),
        ("django_hijack.acquire.p99", default.p99_milliseconds),
        ("django_hijack.acquire_wal.per_second", wal.per_second),
    ])
}

fn acquire(bench: &Bench<'_>, journal: &str) -> Result<(Loaded, f64, f64, f64), String> {
    let peer = tools::python_peer(bench, "django-hijack")?;
    let (source, folder) =
        (bench.sources().join("peers/django-hijack"), bench.empty_folder("django-hijack")?);
    let (database, sessions) = (folder.join("db.sqlite3"), folder.join("sessions"));
    let environment = [
        ("DATABASE", text(&database)),
        ("JOURNAL", journal.to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ];
    let count = (bench.extent.seconds as usize + 2) * SESSIONS_PER_SECOND;
    let mut seed = Command::new(peer.join("bin/python"));
    seed.arg(source.join("app.py")).args(["seed", &count.to_string()]).arg(&sessions);
    let user = command::output(seed.envs(environment.clone()))?;

    let port = ports::free()?;
    let mut command = pinned(SERVER, peer.join("bin/gunicorn"));
    command.arg("--chdir").arg(&source).args(["--bind", &format!("127.0.0.1:{port}"), "--workers", "1"]);
    command.args(["--worker-class", "gthread", "--threads", "4", "--log-level", "error", "app:application"]);
    let log = bench.folder.join("django-hijack.log");
    let server = Server::start(command.envs(environment), port, "/healthz", &log)?;
    let (start, idle) = (server.start_milliseconds, server.resident_megabytes());

    let sessions =
        fs::read_to_string(&sessions).map_err(|error| format!("{}: {error}", sessions.display()))?;
    let body = format!("user_pk={}&next=/healthz", user.trim());
    let requests: Vec<String> = sessions
        .lines()
        .map(|session| {
            let cookie = format!("sessionid={session}; csrftoken={CSRF_TOKEN}");
            requests::post(
                "/hijack/acquire/",
                &[("cookie", &cookie), ("x-csrftoken", CSRF_TOKEN), FORM],
                &body,
            )
        })
        .collect();
    // There are sessions for one try only: a noisy one stands.
    let used = Cell::new(false);
    let loaded = load(bench, &server, CONNECTIONS, || {
        if used.replace(true) { Err("all sessions are used".to_owned()) } else { Ok(requests.clone()) }
    })?;
    Ok((loaded, start, idle, server.resident_megabytes()))
}
