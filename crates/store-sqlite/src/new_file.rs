//! A file that is there whole or not at all: written under another name, and given its own when it is on the disk.

use crate::{connection::beside, open_error::OpenError};
use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
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
    /// Owner only. What an earlier one that was cut off has left is removed.
    ///
    /// # Errors
    /// [`OpenError::Exists`] when the destination is there, [`OpenError::LeftOver`] when only what belongs to one is;
    /// [`OpenError::Locked`] while somebody else makes it; [`OpenError::NotOurs`] when its place is taken by no plain file.
    pub fn create(destination: &Path) -> Result<Self, OpenError> {
        refuse_existing(destination)?;
        Self::in_place_of(destination)
    }

    /// The same, where what is at the destination will have been moved away before this is kept.
    ///
    /// # Errors
    /// [`OpenError::Locked`] while somebody else makes it; [`OpenError::NotOurs`] as above.
    pub fn in_place_of(destination: &Path) -> Result<Self, OpenError> {
        let path = unfinished(destination);
        let failed = |error: io::Error| OpenError::from_io(&path, &error);
        remove_earlier(&path)?;
        let mut options = OpenOptions::new();
        // Only what is made now has no other name, no other owner and nobody who has it open.
        let made = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = made.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => OpenError::Locked { file: path.clone() },
            _ => failed(error),
        })?;
        lock(&file, &path)?;
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        let new_file = Self { path, destination: destination.to_owned(), file, is_kept: false };
        new_file.remove_companions();
        Ok(new_file)
    }

    /// Gives a file that root made to the owner of the folder it is in, who has to be able to use it.
    ///
    /// # Errors
    /// [`OpenError`], when its owner cannot be changed.
    pub fn give_to_owner_of_folder(&self) -> Result<(), OpenError> {
        let failed = |error: io::Error| OpenError::from_io(&self.path, &error);
        let folder = fs::metadata(folder_of(&self.path)).map_err(failed)?;
        if folder.uid() != 0 && self.file.metadata().map_err(failed)?.uid() == 0 {
            fchown(&self.file, Some(folder.uid()), Some(folder.gid())).map_err(failed)?;
        }
        Ok(())
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
            // One that stays is removed by the next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where a file is written before it has its own name.
pub fn unfinished(destination: &Path) -> PathBuf {
    beside(destination, UNFINISHED)
}

/// Removes what was cut off. It is not written to: it may be somebody's link, or be open elsewhere.
fn remove_earlier(path: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::from_io(path, &error);
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there.map_err(failed)?,
    };
    if !there.is_file() || there.nlink() > 1 {
        return Err(OpenError::NotOurs { file: path.to_owned() });
    }
    let file = File::open(path).map_err(failed)?;
    lock(&file, path)?;
    fs::remove_file(path).map_err(failed)
}

/// Locks a file for as long as it is open, unless somebody else has it, or has put another in its place.
fn lock(file: &File, path: &Path) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { file: path.to_owned() }),
        Err(TryLockError::Error(error)) => return Err(OpenError::from_io(path, &error)),
    }
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    if fs::symlink_metadata(path).ok().map(identity) != file.metadata().ok().map(identity) {
        return Err(OpenError::Locked { file: path.to_owned() });
    }
    Ok(())
}

/// Also what SQLite would take for a part of the file: a `-wal` of another database would be played into it.
fn refuse_existing(destination: &Path) -> Result<(), OpenError> {
    for suffix in ["", "-wal", "-journal", "-shm"] {
        let each = beside(destination, suffix);
        match fs::symlink_metadata(&each) {
            Ok(_) if suffix.is_empty() => return Err(OpenError::Exists { file: each }),
            Ok(_) => return Err(OpenError::LeftOver { file: destination.to_owned(), left: each }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(OpenError::from_io(&each, &error)),
        }
    }
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name, too, must survive a loss of power.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
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

    #[test]
    fn what_is_not_of_an_earlier_one_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("precious"), "mine").unwrap();
        std::os::unix::fs::symlink("precious", place("a.db.unfinished")).unwrap();
        fs::hard_link(place("precious"), place("b.db.unfinished")).unwrap();
        fs::create_dir(place("c.db.unfinished")).unwrap();
        for name in ["a.db", "b.db", "c.db"] {
            let refused = NewFile::create(&place(name)).unwrap_err();
            assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
            assert!(unfinished(&place(name)).exists());
        }
        assert_eq!(fs::read_to_string(place("precious")).unwrap(), "mine");
        // Whoever has the earlier one open does not see what is written now.
        fs::write(place("d.db.unfinished"), "half").unwrap();
        let open = File::open(place("d.db.unfinished")).unwrap();
        let new = NewFile::create(&place("d.db")).unwrap();
        assert_ne!(new.file().metadata().unwrap().ino(), open.metadata().unwrap().ino());
    }

    #[test]
    fn the_rest_of_another_database_is_not_taken_for_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("a.db");
        for suffix in ["-wal", "-journal", "-shm"] {
            let new = NewFile::create(&destination).unwrap();
            fs::write(beside(&destination, suffix), "of another").unwrap();
            for refused in [new.keep().unwrap_err(), NewFile::create(&destination).unwrap_err()] {
                assert!(refused.to_string().contains(suffix), "{refused}");
            }
            assert_eq!(names(folder.path()), [format!("a.db{suffix}")]);
            fs::remove_file(beside(&destination, suffix)).unwrap();
        }
    }
}
