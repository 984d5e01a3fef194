//! Putting one database in the place of another, so that whatever cuts it off leaves the old one, the new one, or a mark
//! that keeps servers from starting on anything in between.

use crate::{data_folder, private_file};
use actas_crypto::SystemClock;
use actas_domain::ports::Clock as _;
use actas_store_sqlite::NewFile;
use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// The database, and what SQLite keeps beside it. The database last: without it the others are nothing.
const PARTS: [&str; 4] = ["-journal", "-wal", "-shm", ""];

/// Moves the database that is there aside, and gives the new one its name. Gives where the old one is now; after a
/// restore that was cut off, where that one moved it.
pub(super) fn put_in_place(new_file: NewFile, folder: &Path) -> io::Result<Option<PathBuf>> {
    let database = data_folder::database(folder);
    let marker = data_folder::half_replaced(folder);
    let before = data_folder::replaced(folder)?;
    if PARTS.iter().any(|part| beside(&database, part).exists()) {
        let aside = match &before {
            // Some of it may be there already, and belongs to the rest.
            Some(before) if !before.exists() => before.clone(),
            // What is here now is what the earlier one restored.
            Some(_) => free_name(&database),
            None => {
                let aside = free_name(&database);
                private_file::write(&marker, &aside.display().to_string())?;
                sync(folder)?;
                aside
            }
        };
        move_aside(&database, &aside)?;
        sync(folder)?;
    }
    let old = data_folder::replaced(folder)?;
    new_file.keep().map_err(io::Error::other)?;
    match fs::remove_file(&marker) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => sync(folder)?,
    }
    Ok(old.filter(|old| old.exists()))
}

fn move_aside(database: &Path, aside: &Path) -> io::Result<()> {
    for part in PARTS {
        let (from, to) = (beside(database, part), beside(aside, part));
        let moved = if to.exists() && from.exists() {
            // What was moved before is never written over. A reader leaves an empty one, and the -shm is made from the rest.
            if part != "-shm" && from.metadata()?.len() > 0 {
                return Err(io::Error::other(format!(
                    "{} and {} are both there",
                    from.display(),
                    to.display()
                )));
            }
            fs::remove_file(from)
        } else {
            fs::rename(from, to)
        };
        match moved {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Named after now, which is to the second and may be taken.
fn free_name(database: &Path) -> PathBuf {
    let now = SystemClock.now().to_rfc3339();
    let stamp: String = now.chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    let first = beside(database, &format!(".replaced-{stamp}Z"));
    let others = (2..u32::MAX).map(|number| beside(database, &format!(".replaced-{stamp}Z-{number}")));
    std::iter::once(first.clone()).chain(others).find(|name| !name.exists()).unwrap_or(first)
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
