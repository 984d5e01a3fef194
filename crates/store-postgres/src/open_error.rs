//! Why a database cannot be opened: one line each, with the hosts and the next step, and never with the URL itself.

use crate::{address::Address, fault::Fault};
use std::path::PathBuf;
use tokio_postgres::error::SqlState;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database_url cannot be used: {0}")]
    Url(String),
    #[error("the certificates in {} cannot be used: {reason}. Name a file of certificates in PEM", file.display())]
    Certificates { file: PathBuf, reason: String },
    #[error(
        "the system has no certificates to trust: {reason}. Name the file of the authority that signed the database's \
         as database_ca_file"
    )]
    NoCertificates { reason: String },
    #[error(
        "the database {database} is refused to this user: {reason}. Look at user and password in database_url"
    )]
    Denied { database: String, reason: String },
    #[error(
        "the database {database} does not exist: {reason}. Create it first, or name another in database_url"
    )]
    Missing { database: String, reason: String },
    #[error(
        "the database {database} takes no writes: {reason}. Name the primary in database_url, or all hosts that can \
         become it"
    )]
    ReadOnly { database: String, reason: String },
    #[error(
        "the database {database} holds tables that are not of Actas: {reason}. Give Actas a database of its own; nothing \
         was changed"
    )]
    Foreign { database: String, reason: String },
    #[error(
        "the database {database} keeps its text as {encoding}: Actas needs one that was made with ENCODING 'UTF8'"
    )]
    Encoding { database: String, encoding: String },
    #[error(
        "the database {database} was written by a newer Actas: reading it takes schema {minimum_reader_version}, this \
         binary knows {supported_version}. Run a newer binary; nothing in it was changed"
    )]
    Newer { database: String, minimum_reader_version: u32, supported_version: u32 },
    #[error(
        "the database {database} has schema {version}, and this binary moves schema {supported_version} alone. Where it \
         is older, open it once with this binary, for example by `actas keys list`; where it is newer, take the newer \
         binary"
    )]
    OtherSchema { database: String, version: u32, supported_version: u32 },
    #[error("the database {database} holds no instance: there is nothing to copy")]
    Empty { database: String },
    #[error(
        "the database {database} is not empty: it has {kind}. A copy needs a database of its own; nothing was changed"
    )]
    NotEmpty { database: String, kind: &'static str },
    #[error(
        "the database {database} has servers at work: {writers}. Stop them first; one that was killed is taken for alive \
         for another {seconds} s"
    )]
    InUse { database: String, writers: String, seconds: i64 },
    #[error("the database {database} cannot be opened: {reason}")]
    Unavailable { database: String, reason: String },
}

impl OpenError {
    pub(crate) fn from_fault(address: &Address, fault: &Fault) -> Self {
        let (database, reason) = (address.to_string(), fault.to_string());
        if reason.contains("does not allow writes") {
            return Self::ReadOnly { database, reason };
        }
        let Fault::Sql(error) = fault else { return Self::Unavailable { database, reason } };
        match error.code() {
            Some(
                &SqlState::INVALID_PASSWORD
                | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION
                | &SqlState::INSUFFICIENT_PRIVILEGE,
            ) => Self::Denied { database, reason },
            Some(&SqlState::INVALID_CATALOG_NAME) => Self::Missing { database, reason },
            Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Self::ReadOnly { database, reason },
            _ => Self::Unavailable { database, reason },
        }
    }
}
