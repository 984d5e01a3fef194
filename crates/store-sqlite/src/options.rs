//! How a store is opened.

use std::path::PathBuf;

/// Where the database is, and how much may wait for it. Durability is not among the options: what was answered is
/// always on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The database file; SQLite keeps `-wal` and `-shm` beside it. Its folder must exist.
    pub file: PathBuf,
    /// Connections for lists, each with a thread of its own. Look-ups have others, as many as there are processors.
    pub list_connections: usize,
    /// Changes that may wait for the writer, and lists that may wait for their threads; one more is answered
    /// [`Overloaded`](actas_domain::ports::StoreError::Overloaded) at once.
    pub queue_length: usize,
    /// Changes that share one transaction at most.
    pub batch_max: usize,
}

impl Options {
    pub const DEFAULT_LIST_CONNECTIONS: usize = 2;
    pub const DEFAULT_QUEUE_LENGTH: usize = 4_096;
    pub const DEFAULT_BATCH_MAX: usize = 512;

    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            list_connections: Self::DEFAULT_LIST_CONNECTIONS,
            queue_length: Self::DEFAULT_QUEUE_LENGTH,
            batch_max: Self::DEFAULT_BATCH_MAX,
        }
    }
}

/// Whether commits wait for the disk. Only tests that must notice a loss choose otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    Full,
    #[cfg(feature = "testing")]
    Off,
}

impl Synchronous {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            #[cfg(feature = "testing")]
            Self::Off => "OFF",
        }
    }
}
