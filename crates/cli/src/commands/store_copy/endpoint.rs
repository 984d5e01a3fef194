//! An end of a copy, as it is named and as it is opened.

use super::super::transferring::{blocking, of_postgres, of_sqlite};
use crate::{
    assemble,
    data_folder::{self, DataFolder},
    exit::ExitError,
};
use actas_domain::transfer::{Source, Target};
use actas_server::config::Configuration;
use actas_store_postgres::{OpenError, Options, PostgresArchive};
use actas_store_sqlite::SqliteArchive;
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// `sqlite:FOLDER`, `postgres` or `postgres:FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The data folder.
    Sqlite(PathBuf),
    /// The database that is configured, or whose URL is in a file.
    Postgres(Option<PathBuf>),
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => sqlite(Path::new(path)),
            None if text == "postgres" => Ok(Self::Postgres(None)),
            // What is written here is shown to everybody on the machine, and kept by shells.
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Err(
                "a URL does not belong on a command line: set ACTAS_DATABASE_URL and name the end postgres, or put \
                 it into a file of mode 0600 and name that as postgres:FILE"
                    .to_owned(),
            ),
            Some(("postgres", file)) if !file.is_empty() => Ok(Self::Postgres(Some(file.into()))),
            _ => Err("must be sqlite:FOLDER, postgres or postgres:FILE".to_owned()),
        }
    }
}

fn sqlite(path: &Path) -> Result<Endpoint, String> {
    let folder = match path.file_name() {
        Some(name) if name == "actas.db" => path.parent().filter(|folder| !folder.as_os_str().is_empty()),
        _ if path.is_file() => {
            return Err("names a file that is not the actas.db of a data folder; for a backup there is `actas restore`"
                .to_owned());
        }
        _ => Some(path),
    };
    Ok(Endpoint::Sqlite(folder.unwrap_or(Path::new(".")).to_owned()))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(folder) => write!(formatter, "{}", data_folder::database(folder).display()),
            Self::Postgres(None) => formatter.write_str("the PostgreSQL database that is configured"),
            Self::Postgres(Some(file)) => {
                write!(formatter, "the PostgreSQL database whose URL is in {}", file.display())
            }
        }
    }
}

/// An end that is open, and the data folder that is owned for as long as that.
pub(super) struct Open<T> {
    pub(super) end: T,
    _folder: Option<DataFolder>,
}

impl Endpoint {
    /// Where a master key may be, beside the database.
    pub(super) fn master_key_file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(folder) => Some(folder.join("master.key")),
            Self::Postgres(_) => None,
        }
    }

    /// To be read, with nobody at work on it.
    pub(super) async fn open_source(
        &self,
        configuration: &Configuration,
    ) -> Result<Open<Box<dyn Source>>, ExitError> {
        match self {
            Self::Sqlite(folder) => {
                let database = data_folder::require_database(folder)?;
                let owned = DataFolder::own(folder)?;
                data_folder::refuse_half_replaced(folder)?;
                let archive = blocking(move || SqliteArchive::snapshot(&database)).await?;
                Ok(Open { end: Box::new(archive), _folder: Some(owned) })
            }
            Self::Postgres(_) => {
                let archive = PostgresArchive::source(&self.postgres_options(configuration)?).await;
                Ok(Open { end: Box::new(archive.map_err(|error| self.of_postgres(&error))?), _folder: None })
            }
        }
    }

    /// To be filled, with nobody at work on it and nothing in it.
    pub(super) async fn open_target(
        &self,
        configuration: &Configuration,
    ) -> Result<Open<Box<dyn Target>>, ExitError> {
        match self {
            Self::Sqlite(folder) => {
                let owned = DataFolder::own(folder)?;
                data_folder::refuse_half_replaced(folder)?;
                let database = owned.database();
                let making = tokio::task::spawn_blocking(move || SqliteArchive::make(&database)).await;
                let archive = making.map_err(|error| ExitError::Store(error.to_string()))?;
                let archive = archive.map_err(|error| of_sqlite(&error))?;
                Ok(Open { end: Box::new(archive), _folder: Some(owned) })
            }
            Self::Postgres(_) => {
                let archive = PostgresArchive::target(&self.postgres_options(configuration)?).await;
                Ok(Open { end: Box::new(archive.map_err(|error| self.of_postgres(&error))?), _folder: None })
            }
        }
    }

    /// Whether no server began on it since it was opened. One of SQLite could not.
    pub(super) async fn require_nobody_at_work(
        &self,
        configuration: &Configuration,
    ) -> Result<(), ExitError> {
        if matches!(self, Self::Postgres(_)) {
            let archive = PostgresArchive::as_it_goes(&self.postgres_options(configuration)?).await;
            archive.map_err(|error| self.of_postgres(&error))?;
        }
        Ok(())
    }

    /// How it is connected to, with the URL of its file where it names one.
    pub(in super::super) fn postgres_options(
        &self,
        configuration: &Configuration,
    ) -> Result<Options, ExitError> {
        match self {
            Self::Postgres(Some(file)) => {
                let mut configuration = configuration.clone();
                configuration.database_url = Some(assemble::url_in("the file of an end", file)?);
                assemble::postgres_options(&configuration)
            }
            _ => assemble::postgres_options(configuration),
        }
    }

    /// A URL that cannot be used is told of as that of the file it is in.
    pub(in super::super) fn of_postgres(&self, error: &OpenError) -> ExitError {
        match (self, error) {
            (Self::Postgres(Some(file)), OpenError::Url(why)) => {
                ExitError::Store(format!("the URL in {} cannot be used: {why}", file.display()))
            }
            _ => of_postgres(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_named_without_any_secret() {
        let sqlite = |folder: &str| Ok(Endpoint::Sqlite(folder.into()));
        assert_eq!("sqlite:/var/lib/actas".parse::<Endpoint>(), sqlite("/var/lib/actas"));
        assert_eq!("sqlite:data/actas.db".parse::<Endpoint>(), sqlite("data"));
        assert_eq!("sqlite:actas.db".parse::<Endpoint>(), sqlite("."));
        assert_eq!("postgres".parse(), Ok(Endpoint::Postgres(None)));
        assert_eq!("postgres:a/b.url".parse(), Ok(Endpoint::Postgres(Some("a/b.url".into()))));
        for text in ["postgres://u:hidden@h/d", "postgresql://u:hidden@h/d"] {
            let told = text.parse::<Endpoint>().unwrap_err();
            assert!(told.contains("ACTAS_DATABASE_URL") && !told.contains("hidden"), "{told}");
        }
        for text in ["", "sqlite", "sqlite:", "postgres:", "mysql:x", "/var/lib/actas"] {
            assert!(text.parse::<Endpoint>().unwrap_err().contains("sqlite:FOLDER"), "{text}");
        }
    }
}
