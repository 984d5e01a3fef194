//! The data folder: its files, and the lock that makes one process its owner.

use crate::{exit::ExitError, private_file};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

/// The database in a data folder.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("actas.db")
}

/// The database in a data folder that is to have one.
///
/// # Errors
/// [`ExitError::Store`], when it has none, or when that cannot be seen.
pub(crate) fn require_database(folder: &Path) -> Result<PathBuf, ExitError> {
    let database = database(folder);
    match database.try_exists() {
        Ok(true) => Ok(database),
        Ok(false) => Err(ExitError::Store(format!(
            "there is no instance in {}: {} is missing; name the server's data folder",
            folder.display(),
            database.display()
        ))),
        Err(error) => Err(ExitError::Store(format!(
            "{} cannot be looked at: {error}; run this as the user that the server runs as",
            database.display()
        ))),
    }
}

/// The control socket of the server that owns a data folder.
pub(crate) fn socket(folder: &Path) -> PathBuf {
    folder.join("actas.sock")
}

/// The file that is locked by the owner and holds its process id.
pub(crate) fn lock(folder: &Path) -> PathBuf {
    folder.join("actas.lock")
}

/// There while a restore puts one database in the place of another, with what it was about to do.
pub(crate) fn half_replaced(folder: &Path) -> PathBuf {
    folder.join("actas.db.replacing")
}

/// Where a restore that was cut off was moving the database that was there; none where none was.
pub(crate) fn replaced(folder: &Path) -> io::Result<Option<PathBuf>> {
    match fs::read_to_string(half_replaced(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // The name alone: the folder may be reached by another path now.
        told => {
            let told = told?;
            let name = Path::new(told.trim()).file_name();
            Ok(Some(folder.join(name.unwrap_or("actas.db.replaced".as_ref()))))
        }
    }
}

/// # Errors
/// [`ExitError::Store`] when a restore was cut off in the midst: what is there may be the old database, the new one or
/// none, and must not be taken for whole, or for a folder that is new.
pub(crate) fn refuse_half_replaced(folder: &Path) -> Result<(), ExitError> {
    let marker = half_replaced(folder);
    match replaced(folder) {
        Ok(None) => Ok(()),
        Ok(Some(replaced)) => Err(ExitError::Store(format!(
            "a restore was cut off while it replaced the database: run `actas restore` again, with --replace. To go back \
             instead, move {} and what is beside it back to {}, and remove {}",
            replaced.display(),
            database(folder).display(),
            marker.display()
        ))),
        Err(error) => Err(ExitError::Store(format!("{}: {error}", marker.display()))),
    }
}

/// # Errors
/// [`ExitError::Store`] as above; and where a copy or a first restore was cut off, which must not be taken for a folder
/// that is new: what is made in it would be in the way of the second run.
pub(crate) fn refuse_cut_off(folder: &Path) -> Result<(), ExitError> {
    refuse_half_replaced(folder)?;
    let database = database(folder);
    let unfinished = actas_store_sqlite::unfinished(&database);
    if unfinished.exists() && !database.exists() {
        return Err(ExitError::Store(format!(
            "a copy or a restore into {} was cut off: run it again, or remove {} to start anew",
            folder.display(),
            unfinished.display()
        )));
    }
    Ok(())
}

/// Whether `actas dev` made this folder: it keeps its folder out of version control.
pub(crate) fn is_of_dev(folder: &Path) -> bool {
    gitignore(folder).exists() && database(folder).exists()
}

/// Keeps a folder of `actas dev` out of version control.
pub(crate) fn gitignore(folder: &Path) -> PathBuf {
    folder.join(".gitignore")
}

/// A data folder that this process owns until it is dropped.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder, of mode 0700, where it does not exist, and becomes its owner.
    ///
    /// # Errors
    /// [`ExitError::InUse`] while another process is; [`ExitError::Store`] when the folder cannot be made or
    /// written.
    pub(crate) fn own(path: &Path) -> Result<Self, ExitError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
            ExitError::Store(format!(
                "the data folder {} cannot be made: {error}; choose another data_dir",
                path.display()
            ))
        })?;
        let metadata =
            path.metadata().map_err(|error| ExitError::Store(format!("{}: {error}", path.display())))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o022 != 0 {
            return Err(ExitError::Store(format!(
                "others can write the data folder {} (mode {mode:04o}), and so replace what is in it: chmod 700 it",
                path.display()
            )));
        }
        let unwritable = |error: io::Error| {
            ExitError::Store(format!(
                "the data folder {} cannot be written: {error}; give it to the user that runs Actas, or choose \
                 another data_dir",
                path.display()
            ))
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(lock(path)).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        give_to_owner(&file, &lock(path), &metadata).map_err(unwritable)?;
        file.set_len(0).map_err(unwritable)?;
        file.rewind().map_err(unwritable)?;
        writeln!(file, "{}", std::process::id()).map_err(unwritable)?;
        Ok(Self { path: path.to_owned(), _lock: file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket(&self.path)
    }

    /// Ends the ownership, and takes the control socket away before somebody else can be the owner.
    pub(crate) fn give_free(self) {
        // There is none after an administrative command; and one that stays is removed by the next owner.
        let _ = fs::remove_file(self.socket());
    }

    /// Writes a small private file, whole or not at all.
    pub(crate) fn write_private(&self, name: &str, text: &str) -> Result<PathBuf, ExitError> {
        let path = self.path.join(name);
        match private_file::write(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(ExitError::Store(format!("{} cannot be written: {error}", path.display()))),
        }
    }
}

/// A lock that root made would keep the user of the folder out of it.
fn give_to_owner(file: &File, name: &Path, folder: &fs::Metadata) -> io::Result<()> {
    let (own, named) = (file.metadata()?, fs::symlink_metadata(name)?);
    // Nothing that has another name as well: its owner would get a file of root's.
    let is_this = named.is_file() && (named.dev(), named.ino()) == (own.dev(), own.ino()) && own.nlink() == 1;
    if own.uid() == 0 && folder.uid() != 0 && is_this {
        fchown(file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

fn in_use(path: &Path, file: &mut File) -> ExitError {
    let mut text = String::new();
    let process = match file.take(32).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!(" (process {})", text.trim()),
        _ => String::new(),
    };
    ExitError::InUse(format!(
        "the data folder {} is in use by another actas{process}; stop that one first, or choose another data_dir",
        path.display()
    ))
}
