//! The control socket: a file that only its owner can connect to.

use axum::Router;
use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};
use tokio::{net::UnixListener, sync::watch};

/// Binds the socket with mode 0600. The caller holds the data folder's lock, so a socket that is there already is
/// one that a dead server left, and goes.
///
/// # Errors
/// Those of the file system; a path of more than 107 bytes is one.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves until `stop` says so.
pub async fn serve(listener: UnixListener, router: Router, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        // A sender that is gone means the end, too.
        let _ = stop.wait_for(|stopped| *stopped).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::warn!(%error, "the control socket failed");
    }
}
