//! What goes wrong inside, before it becomes an answer.

use actas_domain::ports::StoreError;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// A statement that failed, a connection that broke, or a row that cannot be what was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{}", describe(.0))]
    Sql(#[from] tokio_postgres::Error),
    /// Nothing was answered in time.
    #[error("the database did not answer within {0} s")]
    Silent(u64),
    /// There is no connection, and none could be made: why.
    #[error("{0}")]
    Unreachable(String),
    /// The database is away, and somebody else tries to reach it, or did a moment ago: why.
    #[error("{0}")]
    Away(String),
    /// Somebody else held the head of the record all the time.
    #[error("the record was held by somebody else's transaction for {0} s")]
    HeadHeld(u64),
    /// A change is about too much to share its transaction.
    #[error("a change is about too many rows to share its transaction")]
    Large,
    /// Somebody with a newer binary migrated the database.
    #[error(
        "the database was made over by a newer Actas: working on it takes schema {minimum_reader_version}, this binary \
         knows {supported_version}; run a newer binary"
    )]
    Newer { minimum_reader_version: u64, supported_version: u32 },
    /// Table, id and column; never the value, which may be somebody's.
    #[error("{0}")]
    Unreadable(String),
}

impl Fault {
    /// Whether the same work may succeed when it is tried anew, on a new connection: nothing of it happened.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::Large | Self::Newer { .. } => false,
            Self::Silent(_) | Self::Unreachable(_) | Self::Away(_) | Self::HeadHeld(_) => true,
            Self::Sql(error) => match error.code() {
                // Without a code it is the connection that failed.
                None => !is_of_a_value(error),
                Some(code) => is_transient(code),
            },
        }
    }

    /// Whether the connection is of no more use.
    pub(crate) fn breaks_connection(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::Large | Self::Newer { .. } | Self::HeadHeld(_) => false,
            Self::Silent(_) | Self::Unreachable(_) | Self::Away(_) => true,
            Self::Sql(error) => match error.code() {
                None => !is_of_a_value(error),
                // The session was ended, the server is no longer one that can be written, or what was prepared is
                // prepared no more.
                Some(code) => {
                    is_of_a_session(code)
                        || !error.as_db_error().is_some_and(goes_on)
                        || outdated(code)
                        || *code == SqlState::READ_ONLY_SQL_TRANSACTION
                }
            },
        }
    }

    /// Whether the server itself said that a statement failed, and goes on: then the transaction came to nothing, also
    /// where a commit was sent behind the statement.
    pub(crate) fn ends_transaction(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let is_certain =
            |code: &SqlState| !is_of_a_session(code) && *code != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN;
        error.as_db_error().is_some_and(|said| goes_on(said) && is_certain(said.code()))
    }

    /// Whether the connection broke, or the session at its end, and not because nobody answered: the same may be asked on
    /// a new one at once.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Sql(_) | Self::Unreachable(_)) && self.may_pass() && self.breaks_connection()
    }

    /// Whether the server ended a statement that took too long, or was told to.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::Sql(error) if error.code() == Some(&SqlState::QUERY_CANCELED))
    }

    /// Whether it is one piece of work that cannot be carried out: a row that cannot be read, a value that cannot be
    /// stored, one that takes too long. Others of its batch can.
    pub(crate) fn is_of_one(&self) -> bool {
        match self {
            Self::Unreadable(_) => true,
            Self::Silent(_) | Self::Unreachable(_) | Self::Away(_) | Self::HeadHeld(_) => false,
            Self::Large | Self::Newer { .. } => false,
            // Data, constraints, and limits that one value passes.
            Self::Sql(error) => match error.code() {
                None => is_of_a_value(error),
                Some(&SqlState::QUERY_CANCELED) => true,
                Some(code) => ["22", "23", "54"].iter().any(|class| code.code().starts_with(class)),
            },
        }
    }

    pub(crate) fn to_store_error(&self) -> StoreError {
        match self {
            Self::Unreadable(place) => StoreError::Corrupt(place.clone()),
            Self::Sql(error) => match error.code() {
                Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => {
                    StoreError::Corrupt(self.to_string())
                }
                Some(&SqlState::DISK_FULL) => StoreError::Unavailable(
                    "the database's disk is full: make room, nothing acknowledged is lost".into(),
                ),
                Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => StoreError::Unavailable(
                    "the database is read-only, a standby perhaps: name its primary in database_url".into(),
                ),
                _ => StoreError::Unavailable(self.to_string()),
            },
            _ => StoreError::Unavailable(self.to_string()),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        fault.to_store_error()
    }
}

/// A serialization failure, a deadlock, a lock that was not had in time, or a server that comes or goes.
fn is_transient(code: &SqlState) -> bool {
    let passing = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    passing.contains(code) || is_of_a_session(code) || outdated(code)
}

/// Whether the session outlived what the server says. FATAL and PANIC end it, and behind a commit they leave its fate
/// open; so does what cannot be told.
fn goes_on(said: &DbError) -> bool {
    matches!(said.parsed_severity(), Some(Severity::Error))
}

/// A statement that was prepared and is not any more, or for another shape of its tables.
fn outdated(code: &SqlState) -> bool {
    [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME].contains(code)
}

fn is_of_a_session(code: &SqlState) -> bool {
    let ended = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::DATABASE_DROPPED,
    ];
    // Class 08: the connection itself.
    ended.contains(code) || code.code().starts_with("08")
}

/// An error of this side's making, about a value or a column: not the connection's.
fn is_of_a_value(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.contains("error serializing")
        || text.contains("error deserializing")
        || text.contains("error retrieving")
}

/// One line: what the server says, and its code. The server's details may hold values, so they are left out.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => {
            format!("the database says: {} ({})", said.message().replace('\n', " "), said.code().code())
        }
        None => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(error);
            while let Some(each) = cause {
                let each_text = each.to_string();
                if !text.contains(&each_text) {
                    text = format!("{text}: {each_text}");
                }
                cause = each.source();
            }
            format!("the connection to the database: {}", text.replace('\n', " "))
        }
    }
}
