//! oidc-provider: an RS256 access token by client credentials, from memory; nothing of it is durable.

use super::super::{
    Bench, Measured, ports,
    requests::{self, FORM},
    server::{SERVER, Server, pinned},
    tools,
    wrk::{CONNECTIONS, load},
};

pub(in super::super) fn run(bench: &Bench<'_>) -> Result<Measured, String> {
    let (peer, port) = (tools::node_peer(bench, "oidc-provider")?, ports::free()?);
    let mut command = pinned(SERVER, tools::node(bench)?);
    command.arg(peer.join("server.mjs")).arg(port.to_string());
    let log = bench.folder.join("oidc-provider.log");
    let server = Server::start(&mut command, port, "/.well-known/openid-configuration", &log)?;
    let (start, idle) = (server.start_milliseconds, server.resident_megabytes());
    // `backend:secret`
    let headers = [("authorization", "Basic YmFja2VuZDpzZWNyZXQ="), FORM];
    let request = requests::post("/token", &headers, "grant_type=client_credentials");
    requests::succeed(port, &request)?;
    let loaded = load(bench, &server, CONNECTIONS, || Ok(vec![request.clone()]))?;
    Ok(vec![
        ("oidc_provider.start", start),
        ("oidc_provider.idle_megabytes", idle),
        ("oidc_provider.loaded_megabytes", server.resident_megabytes()),
        ("oidc_provider.mint.per_second", loaded.per_second),
        ("oidc_provider.mint.p99", loaded.p99_milliseconds),
    ])
}
