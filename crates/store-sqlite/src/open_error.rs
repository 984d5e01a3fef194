//! Why a database cannot be opened: one line each, with the file and the next step.

use std::{
    io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "cannot create the database {}: {reason}. Create its folder first, or choose another path",
        file.display()
    )]
    CannotCreate { file: PathBuf, reason: String },
    #[error(
        "no permission to write the database {}: {reason}. Let the user that runs Actas write the file and its folder",
        file.display()
    )]
    PermissionDenied { file: PathBuf, reason: String },
    #[error(
        "{} cannot be read as a database: {reason}. Restore it from a backup, or move it away to start anew",
        file.display()
    )]
    Corrupt { file: PathBuf, reason: String },
    #[error(
        "{} is a database, but not one of Actas. Choose another path; nothing in it was changed",
        file.display()
    )]
    Foreign { file: PathBuf },
    #[error(
        "the database {} was written by a newer Actas: reading it takes schema {minimum_reader_version}, this binary \
         knows {supported_version}. Run a newer binary; nothing in it was changed",
        file.display()
    )]
    Newer { file: PathBuf, minimum_reader_version: u32, supported_version: u32 },
    #[error(
        "the database {} has schema {version}, and this binary moves schema {supported_version} alone. Where it is older, \
         open it once with this binary, for example by `actas keys list`; where it is newer, take the newer binary",
        file.display()
    )]
    OtherSchema { file: PathBuf, version: u32, supported_version: u32 },
    #[error("{} is there already. Name another file, or move it away; nothing in it was changed", file.display())]
    Exists { file: PathBuf },
    #[error(
        "{} is there and {} is not: it belongs to another database, and would be taken for a part of this one. Move it \
         away with the database it belongs to",
        left.display(), file.display()
    )]
    LeftOver { file: PathBuf, left: PathBuf },
    #[error(
        "{} is in the way: it is a folder, a link, or a file with a second name. Move it away; nothing in it was changed",
        file.display()
    )]
    NotOurs { file: PathBuf },
    #[error("{} is no whole backup: {reason}. Take another one; nothing was changed", file.display())]
    NoBackup { file: PathBuf, reason: String },
    #[error(
        "the backup {} has schema {version}, and this binary knows {supported_version}: restore it by the newer binary \
         that made it; nothing was changed",
        file.display()
    )]
    NewerBackup { file: PathBuf, version: u32, supported_version: u32 },
    #[error("making {} was stopped", file.display())]
    Stopped { file: PathBuf },
    #[error("{} cannot be read: {reason}", file.display())]
    Unreadable { file: PathBuf, reason: String },
    #[error(
        "{} is no backup but a database that is in use, or was not closed: some of it is in {}. Where it \
         is the actas.db of a data folder, use `actas backup`; else put both, named actas.db and actas.db-wal, into a \
         folder of their own, and name that to `actas backup --data-dir`",
        file.display(), wal.display()
    )]
    NotAtRest { file: PathBuf, wal: PathBuf },
    #[error(
        "{} was not made by `actas backup`: it is the database file of a server, and what was answered last may be in a \
         -wal that is not beside it. Use `actas backup` on the data folder that it is from; or put it, named actas.db, \
         into a folder of its own with its -wal, and name that to `actas backup --data-dir`",
        file.display()
    )]
    NotBackedUp { file: PathBuf },
    #[error(
        "the database {} is in use by another process. Stop that process; one owns the file",
        file.display()
    )]
    Locked { file: PathBuf },
    #[error("the database {} cannot be used: {reason}. Check the disk and its free space", file.display())]
    Unavailable { file: PathBuf, reason: String },
}

impl OpenError {
    pub(crate) fn from_io(file: &Path, error: &io::Error) -> Self {
        let (file, reason) = (file.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { file, reason }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Unavailable { file, reason },
            _ => Self::CannotCreate { file, reason },
        }
    }

    pub(crate) fn unavailable(file: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::Unavailable { file: file.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn from_sql(file: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let (file, reason) = (file.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { file, reason },
            Some(ErrorCode::OperationInterrupted) => Self::Stopped { file },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { file },
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                Self::PermissionDenied { file, reason }
            }
            _ => Self::Unavailable { file, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_io_error_is_told_as_what_it_is() {
        let told = |kind: io::ErrorKind| OpenError::from_io(Path::new("d/a.db"), &kind.into());
        assert!(matches!(told(io::ErrorKind::PermissionDenied), OpenError::PermissionDenied { .. }));
        assert!(matches!(told(io::ErrorKind::ReadOnlyFilesystem), OpenError::PermissionDenied { .. }));
        assert!(matches!(told(io::ErrorKind::StorageFull), OpenError::Unavailable { .. }));
        assert!(matches!(told(io::ErrorKind::NotFound), OpenError::CannotCreate { .. }));
    }

    #[test]
    fn each_message_is_one_line_that_names_the_file() {
        let file = PathBuf::from("data/actas.db");
        let reason = "why".to_owned();
        for error in [
            OpenError::CannotCreate { file: file.clone(), reason: reason.clone() },
            OpenError::PermissionDenied { file: file.clone(), reason: reason.clone() },
            OpenError::Corrupt { file: file.clone(), reason: reason.clone() },
            OpenError::Foreign { file: file.clone() },
            OpenError::Newer { file: file.clone(), minimum_reader_version: 9, supported_version: 1 },
            OpenError::Locked { file: file.clone() },
            OpenError::OtherSchema { file: file.clone(), version: 1, supported_version: 2 },
            OpenError::Exists { file: file.clone() },
            OpenError::Stopped { file: file.clone() },
            OpenError::NoBackup { file: file.clone(), reason: reason.clone() },
            OpenError::NewerBackup { file: file.clone(), version: 2, supported_version: 1 },
            OpenError::Unreadable { file: file.clone(), reason: reason.clone() },
            OpenError::LeftOver { file: file.clone(), left: file.clone() },
            OpenError::NotOurs { file: file.clone() },
            OpenError::NotBackedUp { file: file.clone() },
            OpenError::NotAtRest { file: file.clone(), wal: file.clone() },
            OpenError::Unavailable { file, reason },
        ] {
            let message = error.to_string();
            assert!(message.contains("data/actas.db") && !message.contains('\n'), "{message}");
        }
    }
}
