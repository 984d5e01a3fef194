//! Files that hold secrets: open to their owner alone, and written whole or not at all.

use crate::exit::ExitError;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// More than any file of secrets has.
const LENGTH_MAX: u64 = 1024 * 1024;
/// As many as systems follow.
const LINKS_MAX: usize = 40;

/// Writes a file of mode 0600. Where there is one, it is replaced in one step, also behind a symbolic link.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = behind_links(path)?;
    let unfinished = beside(&path, &format!(".{}.new", std::process::id()));
    // One that an earlier process left would keep its mode.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let replaced = written.and_then(|()| fs::rename(&unfinished, &path));
    if replaced.is_err() {
        // The secret is not left lying about.
        let _ = fs::remove_file(&unfinished);
    }
    replaced
}

/// Waits until nobody else changes a file, and keeps others waiting while the result lives. The lock is a file beside
/// it, because the file itself is replaced.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let file = lock_file(path)?;
    file.lock()?;
    Ok(file)
}

/// The same without waiting: `None` while somebody else has it. The lock's file goes with the lock.
pub(crate) fn try_lock(path: &Path) -> io::Result<Option<PassingLock>> {
    let place = beside(&behind_links(path)?, ".lock");
    loop {
        let file = lock_file(path)?;
        match file.try_lock() {
            // Else it was taken away between the two, and somebody else may have made another.
            Ok(())
                if place
                    .metadata()
                    .is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino())) =>
            {
                return Ok(Some(PassingLock { place, _file: file }));
            }
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// A lock whose file is removed with it.
#[derive(Debug)]
pub(crate) struct PassingLock {
    place: PathBuf,
    _file: File,
}

impl Drop for PassingLock {
    fn drop(&mut self) {
        // One that stays is used by the next.
        let _ = fs::remove_file(&self.place);
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    let place = beside(&behind_links(path)?, ".lock");
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(place)
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(what);
    path.with_file_name(name)
}

/// Where a path leads by its symbolic links, also where there is nothing yet.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            // A target that is absolute replaces all of it.
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many symbolic links"))
}

/// Reads a file that nobody else can; `None` where there is none.
///
/// # Errors
/// [`ExitError::Configuration`] when it is open to others, naming the `chmod` to run, or cannot be read.
pub(crate) fn read(path: &Path) -> Result<Option<String>, ExitError> {
    let shown = path.display();
    let unreadable = |error: io::Error| ExitError::Configuration(format!("{shown} cannot be read: {error}"));
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o777;
    // A pipe, as a shell makes for <(…), is not a file that somebody else could open.
    if metadata.is_file() && mode & 0o077 != 0 {
        return Err(ExitError::Configuration(format!(
            "{shown} is open to others (mode {mode:04o}) and holds a secret: chmod 600 {shown}"
        )));
    }
    let mut text = String::new();
    file.take(LENGTH_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

/// Whether a file belongs to the user of this process.
pub(crate) fn is_own(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_its_owners_alone_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let left = folder.path().join(format!("key.{}.new", std::process::id()));
        fs::write(left, "left behind").unwrap();
        write(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        write(&target, "one").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, "two").unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&target).unwrap().as_deref(), Some("two"));
        fs::remove_file(&target).unwrap();
        write(&link, "three").unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&target).unwrap().as_deref(), Some("three"));
    }

    #[test]
    fn one_has_a_lock_at_a_time_and_takes_it_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        let lock = try_lock(&path).unwrap().unwrap();
        assert!(try_lock(&path).unwrap().is_none());
        drop(lock);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(try_lock(&path).unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_open_to_others_is_refused_with_what_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "secret").unwrap();
        for mode in [0o640, 0o604, 0o622] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let told = read(&path).unwrap_err().to_string();
            assert!(told.contains(&format!("chmod 600 {}", path.display())), "{told}");
            assert!(!told.contains("secret\""), "{told}");
        }
        assert!(read(&folder.path().join("none")).unwrap().is_none());
    }
}
