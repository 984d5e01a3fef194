//! The parts that can be looked at from outside: folder, disk, clock, master key, database file.

use super::report::Finding;
use actas_crypto::{MasterKey, MasterKeyError, SystemClock};
use actas_domain::ports::Clock as _;
use actas_server::config::Configuration;
use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

const MIBIBYTE: u64 = 1024 * 1024;
const SPACE_WARN_BYTES: u64 = 1024 * MIBIBYTE;
const SPACE_FAIL_BYTES: u64 = 64 * MIBIBYTE;
/// More than any difference between reading the clock and the file system stamping a file.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

pub(super) fn folder(path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => {
            Finding::fail(format!("{shown}: {error}; name the server's own with --config or --data-dir"))
        }
        Ok(metadata) if !metadata.is_dir() => {
            Finding::fail(format!("{shown} is not a folder; name another data_dir"))
        }
        Ok(metadata) if metadata.mode() & 0o022 != 0 => Finding::fail(format!(
            "{shown} can be written by others (mode {:04o}), who could replace its files; chmod 700 {shown}",
            metadata.mode() & 0o7777
        )),
        Ok(_) => Finding::ok(shown.to_string()),
    }
}

pub(super) fn disk_space(path: &Path) -> Finding {
    let system = match rustix::fs::statvfs(path) {
        Ok(system) => system,
        Err(error) => return Finding::warn(format!("the free space cannot be read: {error}")),
    };
    let free_bytes = system.f_bavail.saturating_mul(system.f_frsize);
    let text = format!("{} MiB free", free_bytes / MIBIBYTE);
    if free_bytes < SPACE_FAIL_BYTES {
        Finding::fail(format!("{text}; make room, or the store will refuse to write"))
    } else if free_bytes < SPACE_WARN_BYTES {
        Finding::warn(format!("{text}; make room before it runs out"))
    } else {
        Finding::ok(text)
    }
}

/// The system's clock beside the file system's: on a network disk they are two.
pub(super) fn clock(folder: &Path) -> Finding {
    let now = SystemClock.now();
    match stamped_seconds(folder) {
        Err(error) => Finding::fail(format!(
            "no file can be made in {}: {error}; give it to this user",
            folder.display()
        )),
        Ok(stamp) if (stamp - now.seconds()).abs() > CLOCK_TOLERANCE_SECONDS => Finding::warn(format!(
            "the clock says {}, the file system is {} s off; set both by NTP",
            now.to_rfc3339(),
            stamp - now.seconds()
        )),
        Ok(_) => Finding::ok(now.to_rfc3339()),
    }
}

/// The time that the file system gives a file made now.
fn stamped_seconds(folder: &Path) -> io::Result<i64> {
    let path = folder.join(format!("doctor.{}", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let stamp = file.metadata().map(|metadata| metadata.mtime());
    fs::remove_file(&path)?;
    stamp
}

pub(super) fn master_key(configuration: &Configuration) -> Finding {
    if let Some(text) = &configuration.master_key {
        return match MasterKey::parse(text.reveal(), "ACTAS_MASTER_KEY") {
            Ok(_) => Finding::ok("in ACTAS_MASTER_KEY"),
            Err(error) => Finding::fail(error.to_string()),
        };
    }
    let file = configuration.master_key_file();
    match MasterKey::read_file(&file) {
        Ok(_) => Finding::ok(file.display().to_string()),
        Err(error @ MasterKeyError::Missing(_)) => Finding::warn(format!(
            "{error}; that is right only if the server has ACTAS_MASTER_KEY, which this command was not given"
        )),
        Err(error) => Finding::fail(error.to_string()),
    }
}

/// SQLite's own check of the whole file.
pub(super) async fn database(file: PathBuf) -> Finding {
    let shown = file.display().to_string();
    let checking = tokio::task::spawn_blocking(move || actas_store_sqlite::quick_check(&file));
    match checking.await {
        Ok(Ok(())) => Finding::ok(format!("{shown} is whole")),
        Ok(Err(error)) => Finding::fail(error.to_string()),
        Err(error) => Finding::fail(format!("the check of {shown} broke off: {error}")),
    }
}
