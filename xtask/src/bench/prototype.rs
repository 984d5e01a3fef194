//! The bare prototype, and the floor under any HTTP server.

use super::{
    Bench, Measured, ports,
    requests::{self, JSON},
    server::{SERVER, Server, pinned},
    text,
    wrk::{CONNECTIONS, load},
};
use std::path::Path;

const KEY: (&str, &str) = ("authorization", "Bearer sk_test_prototype");
const CREATION: &str = r#"{"user_id":"user_1","actor":{"sub":"staff_7","email":"support@example.com"},"expires_in_seconds":3600}"#;

/// JSON taken in and given out, and nothing kept.
pub(super) fn floor(bench: &Bench<'_>) -> Result<Measured, String> {
    let server = start(bench, "floor", None)?;
    let loaded = load(bench, &server, CONNECTIONS, || Ok(vec![creation()]))?;
    Ok(vec![("floor.per_second", loaded.per_second), ("floor.p99", loaded.p99_milliseconds)])
}

/// Group commit and signatures without rules.
pub(super) fn store(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = bench.empty_folder("prototype")?;
    let server = start(bench, "store", Some(&folder))?;
    let (start, idle) = (server.start_milliseconds, server.resident_megabytes());
    let create = load(bench, &server, CONNECTIONS, || Ok(vec![creation()]))?;
    let mint = load(bench, &server, CONNECTIONS, || {
        Ok(vec![requests::post("/v1/sessions/sess_prototype/tokens", &[KEY], "")])
    })?;
    Ok(vec![
        ("prototype.start", start),
        ("prototype.idle_megabytes", idle),
        ("prototype.create.per_second", create.per_second),
        ("prototype.create.p50", create.p50_milliseconds),
        ("prototype.create.p99", create.p99_milliseconds),
        ("prototype.mint.per_second", mint.per_second),
        ("prototype.loaded_megabytes", server.resident_megabytes()),
    ])
}

fn creation() -> String {
    requests::post("/v1/actor_tokens", &[KEY, JSON], CREATION)
}

fn start(bench: &Bench<'_>, mode: &str, folder: Option<&Path>) -> Result<Server, String> {
    let port = ports::free()?;
    let mut command = pinned(SERVER, &bench.programs.prototype);
    command.args([mode, &port.to_string()]).args(folder.map(text));
    Server::start(&mut command, port, "/healthz", &bench.folder.join(format!("prototype-{mode}.log")))
}
