//! A port for a server that cannot be asked which one it took.

use std::net::{Ipv4Addr, TcpListener};

/// One that nobody used a moment ago.
pub(super) fn free() -> Result<u16, String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no free port: {error}"))?;
    listener.local_addr().map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}
