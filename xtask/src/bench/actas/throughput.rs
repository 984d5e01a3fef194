//! Each operation under the usual load, one lone caller, verification in the SDK, start and memory.

use super::{
    super::{
        Bench, Measured, limits, requests, text,
        wrk::{CONNECTIONS, load},
    },
    Instance, member,
};
use serde_json::Value;

/// What Actas can do in a second of what can be done once, and more: so many are made ready.
pub(in super::super) const ACCEPTED_PER_SECOND: usize = 6_500;
const REVOKED_PER_SECOND: usize = 30_000;

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let folder = bench.empty_folder("actas")?.join("data");
    let instance = Instance::start(bench, &folder, None)?;
    let server = &instance.server;
    let (start, idle) = (server.start_milliseconds, server.resident_megabytes());
    let seconds = bench.extent.seconds as usize;

    let lone = load(bench, server, 1, || Ok(instance.creations()))?;
    let create = load(bench, server, CONNECTIONS, || Ok(instance.creations()))?;
    let count = (seconds + 2) * ACCEPTED_PER_SECOND;
    let accept = load(bench, server, CONNECTIONS, || instance.acceptances(bench, count))?;
    let mint = load(bench, server, CONNECTIONS, || instance.mintings())?;
    let count = ((seconds + 2) * REVOKED_PER_SECOND).min(400_000);
    let revoke = load(bench, server, CONNECTIONS, || instance.revocations(bench, count))?;
    let loaded = server.resident_megabytes();
    let verified = verify(bench, &instance)?;
    Ok(vec![
        ("actas.start", start),
        ("actas.idle_megabytes", idle),
        ("actas.lone_create.p50", lone.p50_milliseconds),
        ("actas.create.per_second", create.per_second),
        ("actas.create.p50", create.p50_milliseconds),
        ("actas.create.p99", create.p99_milliseconds),
        ("actas.accept.per_second", accept.per_second),
        ("actas.accept.p99", accept.p99_milliseconds),
        ("actas.mint.per_second", mint.per_second),
        ("actas.mint.p99", mint.p99_milliseconds),
        ("actas.revoke.per_second", revoke.per_second),
        ("actas.loaded_megabytes", loaded),
        ("sdk.verify.per_second", verified),
    ])
}

/// By the SDK, with the keys and a token of this instance.
fn verify(bench: &Bench<'_>, instance: &Instance) -> Result<f64, String> {
    let port = instance.server.port;
    let keys = requests::succeed(port, &requests::get("/.well-known/jwks.json", &[]))?.body;
    let minting = instance.mintings()?.into_iter().next().ok_or("there is no live session")?;
    let token: Value =
        serde_json::from_str(&requests::succeed(port, &minting)?.body).map_err(|error| error.to_string())?;
    let keys = text(&bench.file("keys.json", &keys)?);
    let token = text(&bench.file("token.jwt", member(&token, "jwt")?)?);
    let seconds = bench.extent.seconds.to_string();
    limits::measure(bench, &["verify-token", &keys, &token, &seconds])?.figure("per_second")
}
