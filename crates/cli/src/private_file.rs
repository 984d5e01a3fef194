//! Files that hold secrets: open to their owner alone, and written whole or not at all.

use crate::exit::ExitError;
use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// More than any file of secrets has.
const LENGTH_MAX: u64 = 1024 * 1024;

/// Writes a file of mode 0600. Where there is one, it is replaced in one step, also behind a symbolic link.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".new");
    let unfinished = path.with_file_name(name);
    // One that an earlier process left would keep its mode.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, &path)
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
            "{shown} is open to others (mode {mode:04o}) and holds a secret key: chmod 600 {shown}"
        )));
    }
    let mut text = String::new();
    file.take(LENGTH_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_its_owners_alone_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(folder.path().join("key.new"), "left behind").unwrap();
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
