//! The folder of a cluster.

use crate::programs::Account;
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt as _, chown},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

/// Made by this process for the account that the server runs as.
pub(crate) fn make(account: Option<&Account>) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Short, for the path of a socket has less than 108 bytes.
        let folder = std::env::temp_dir().join(format!("actas-pg-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => {
                fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
                if let Some(account) = account {
                    chown(&folder, Some(account.user), Some(account.group))?;
                }
                return Ok(folder);
            }
        }
    }
}
