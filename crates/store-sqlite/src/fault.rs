//! What goes wrong inside, before it becomes an answer.

use actas_domain::ports::StoreError;
use rusqlite::{ErrorCode, ffi};

/// A statement that failed, or a row that cannot be what was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// Table, id and column; never the value, which may be somebody's.
    #[error("{0}")]
    Unreadable(String),
}

impl Fault {
    /// Whether a row was refused because another has its key.
    pub(crate) fn is_key_taken(&self) -> bool {
        let Self::Sql(rusqlite::Error::SqliteFailure(error, _)) = self else { return false };
        matches!(error.extended_code, ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE)
    }

    pub(crate) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Unreadable(place) => StoreError::Corrupt(place.clone()),
            Self::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    StoreError::Corrupt(error.to_string())
                }
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Unavailable(
                    "another process is writing to the database: stop it, one server owns the file".into(),
                ),
                Some(ErrorCode::DiskFull) => StoreError::Unavailable(
                    "the disk with the database is full: make room, nothing acknowledged is lost".into(),
                ),
                _ => StoreError::Unavailable(error.to_string()),
            },
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        fault.to_store_error()
    }
}
