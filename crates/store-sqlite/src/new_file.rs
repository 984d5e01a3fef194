//! A file that is there whole or not at all: written under another name, and given its own when it is on the disk.

use crate::{connection::beside, open_error::OpenError};
use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Behind the name of a file that is not finished. Nobody takes such a one for a database of theirs.
const UNFINISHED: &str = ".unfinished";

/// A file in the making; removed with this, unless it is kept.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    destination: PathBuf,
    /// Locked, so that nobody else writes the same.
    file: File,
    is_kept: bool,
}

impl NewFile {
    /// Owner only. What an earlier one that was cut off has left is overwritten.
    ///
    /// # Errors
    /// [`OpenError::Exists`] when the destination is there; [`OpenError::Locked`] while somebody else makes it.
    pub fn create(destination: &Path) -> Result<Self, OpenError> {
        refuse_existing(destination)?;
        Self::in_place_of(destination)
    }

    /// The same, where what is at the destination will have been moved away before this is kept.
    ///
    /// # Errors
    /// [`OpenError::Locked`] while somebody else makes it.
    pub fn in_place_of(destination: &Path) -> Result<Self, OpenError> {
        let path = beside(destination, UNFINISHED);
        let failed = |error: io::Error| OpenError::from_io(&path, &error);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { file: path }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Else somebody else has finished it just now.
        if fs::metadata(&path).ok().map(|there| there.ino()) != file.metadata().ok().map(|own| own.ino()) {
            return Err(OpenError::Locked { file: path });
        }
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        file.set_len(0).map_err(failed)?;
        let new_file = Self { path, destination: destination.to_owned(), file, is_kept: false };
        new_file.remove_companions();
        Ok(new_file)
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Waits for the disk and gives the file its name. No connection may have it open any more.
    ///
    /// # Errors
    /// [`OpenError`]; the file is then removed.
    pub fn keep(mut self) -> Result<(), OpenError> {
        let failed = |error: io::Error| OpenError::from_io(&self.destination, &error);
        let wal = beside(&self.path, "-wal");
        if fs::metadata(&wal).is_ok_and(|metadata| metadata.len() > 0) {
            let reason = format!("{} could not be emptied into it", wal.display());
            return Err(OpenError::Unavailable { file: self.path.clone(), reason });
        }
        self.file.sync_all().map_err(failed)?;
        self.remove_companions();
        refuse_existing(&self.destination)?;
        fs::rename(&self.path, &self.destination).map_err(failed)?;
        self.is_kept = true;
        sync_folder(&self.destination).map_err(failed)
    }

    fn remove_companions(&self) {
        for suffix in ["-journal", "-wal", "-shm"] {
            // There may be none.
            let _ = fs::remove_file(beside(&self.path, suffix));
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept {
            self.remove_companions();
            // One that stays is overwritten by the next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn refuse_existing(destination: &Path) -> Result<(), OpenError> {
    match fs::symlink_metadata(destination) {
        Ok(_) => Err(OpenError::Exists { file: destination.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(OpenError::from_io(destination, &error)),
    }
}

/// A name, too, must survive a loss of power.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn names(folder: &Path) -> Vec<String> {
        let all = fs::read_dir(folder).unwrap();
        all.map(|each| each.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn it_is_there_when_it_is_kept_and_gone_when_not() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("a.db");
        drop(NewFile::create(&destination).unwrap());
        assert_eq!(names(folder.path()), Vec::<String>::new());
        // As a process that was killed leaves it.
        fs::write(folder.path().join("a.db.unfinished"), "half of it").unwrap();
        fs::write(folder.path().join("a.db.unfinished-wal"), "more").unwrap();
        let new = NewFile::create(&destination).unwrap();
        assert!(matches!(NewFile::create(&destination), Err(OpenError::Locked { .. })));
        new.file().write_all(b"whole").unwrap();
        assert!(!destination.exists());
        new.keep().unwrap();
        assert_eq!(names(folder.path()), ["a.db"]);
        assert_eq!(fs::read_to_string(&destination).unwrap(), "whole");
        assert_eq!(fs::metadata(&destination).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(NewFile::create(&destination), Err(OpenError::Exists { .. })));
    }
}
