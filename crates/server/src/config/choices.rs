//! The options that choose one of a few names.

use super::value::choice;
use crate::version::ApiVersion;
use actas_domain::settings::{DirectoryMode, InstanceKind};

choice!(InstanceKind {
    "production" = InstanceKind::Production,
    "development" = InstanceKind::Development,
});

choice!(DirectoryMode {
    "managed" = DirectoryMode::Managed,
    "open" = DirectoryMode::Open,
});

choice!(ApiVersion {
    "2021-02-05" = ApiVersion::V2021_02_05,
    "2024-10-01" = ApiVersion::V2024_10_01,
    "2025-04-10" = ApiVersion::V2025_04_10,
    "2025-11-10" = ApiVersion::V2025_11_10,
    "2026-05-12" = ApiVersion::V2026_05_12,
});

/// Where the state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// In a file of the data folder: one server.
    Sqlite,
    /// In a database that several servers share.
    Postgres,
}

choice!(StoreChoice {
    "sqlite" = StoreChoice::Sqlite,
    "postgres" = StoreChoice::Postgres,
});

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

choice!(LogFormat {
    "text" = LogFormat::Text,
    "json" = LogFormat::Json,
});

/// The least severe line that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

choice!(LogLevel {
    "error" = LogLevel::Error,
    "warn" = LogLevel::Warn,
    "info" = LogLevel::Info,
    "debug" = LogLevel::Debug,
    "trace" = LogLevel::Trace,
});

impl LogLevel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
