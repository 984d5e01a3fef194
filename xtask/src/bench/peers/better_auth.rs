//! better-auth with its admin plugin: `impersonate-user`, and session tokens of its JWT plugin.
//!
//! Durable: SQLite as the library opens it (rollback journal, `synchronous=FULL`), and the same with a WAL; both
//! synchronise the disk at each commit.

use super::super::{
    Bench, Measured, ports,
    requests::{self, JSON},
    server::{SERVER, Server, pinned},
    text, tools,
    wrk::{CONNECTIONS, Loaded, load},
};

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let (default, start, idle, loaded) = impersonate(bench, "default")?;
    let (wal, ..) = impersonate(bench, "wal")?;
    let mint = mint(bench)?;
    Ok(vec![
        ("better_auth.start", start),
        ("better_auth.idle_megabytes", idle),
        ("better_auth.loaded_megabytes", loaded),
        ("better_auth.impersonate.per_second", default.per_second),
        ("better_auth.impersonate.p50", default.p50_milliseconds),
        ("better_auth.impersonate.p99", default.p99_milliseconds),
        ("better_auth.impersonate_wal.per_second", wal.per_second),
        ("better_auth.mint.per_second", mint.per_second),
    ])
}

/// The load, the start, and the memory before and after.
fn impersonate(bench: &Bench<'_>, journal: &str) -> Result<(Loaded, f64, f64, f64), String> {
    let server = start(bench, journal)?;
    let (start, idle) = (server.start_milliseconds, server.resident_megabytes());
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (admin, _) = sign_up(&server, &origin, "admin")?;
    let (_, user) = sign_up(&server, &origin, "user")?;
    let headers = [("cookie", admin.as_str()), ("origin", origin.as_str()), JSON];
    let body = format!(r#"{{"userId":"{user}"}}"#);
    let request = requests::post("/api/auth/admin/impersonate-user", &headers, &body);
    requests::succeed(server.port, &request)?;
    let loaded = load(bench, &server, CONNECTIONS, || Ok(vec![request.clone()]))?;
    Ok((loaded, start, idle, server.resident_megabytes()))
}

fn mint(bench: &Bench<'_>) -> Result<Loaded, String> {
    let server = start(bench, "wal")?;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let (admin, _) = sign_up(&server, &origin, "admin")?;
    let request = requests::get("/api/auth/token", &[("cookie", admin.as_str())]);
    requests::succeed(server.port, &request)?;
    load(bench, &server, CONNECTIONS, || Ok(vec![request.clone()]))
}

fn start(bench: &Bench<'_>, journal: &str) -> Result<Server, String> {
    let peer = tools::node_peer(bench, "better-auth")?;
    let (folder, port) = (bench.empty_folder("better-auth")?, ports::free()?);
    let mut command = pinned(SERVER, tools::node(bench)?);
    command.arg(peer.join("server.mjs")).args([&port.to_string(), journal, &text(&folder)]);
    Server::start(&mut command, port, "/healthz", &bench.folder.join("better-auth.log"))
}

/// The cookie of a new user and their id.
fn sign_up(server: &Server, origin: &str, name: &str) -> Result<(String, String), String> {
    let body = format!(r#"{{"email":"{name}@example.com","password":"password1234","name":"{name}"}}"#);
    let request = requests::post("/api/auth/sign-up/email", &[("origin", origin), JSON], &body);
    let answer = requests::succeed(server.port, &request)?;
    let json: serde_json::Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
    let id = json["user"]["id"].as_str().ok_or("better-auth made no user")?;
    let cookies = answer.head.lines().filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap_or_default())
    });
    Ok((cookies.collect::<Vec<_>>().join("; "), id.to_owned()))
}
