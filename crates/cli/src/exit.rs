//! How the program ends when something is wrong: one line and one exit code. The codes are part of the command
//! line's contract; `actas --help` lists them.

use actas_domain::refusal::Failure;
use actas_server::config::ConfigError;
use std::fmt;

/// Why a command did not do what it was asked. The text is one line with the next step.
#[derive(Debug)]
pub(crate) enum ExitError {
    /// 1: the instance said no, or something failed that has no code of its own.
    Refused(String),
    /// 2: the command line or the configuration is wrong. The argument parser ends with it, too.
    Configuration(String),
    /// 3: an address cannot be listened on.
    Listen(String),
    /// 4: the data folder or the store cannot be used.
    Store(String),
    /// 5: there is no master key, or it does not open the signing keys.
    MasterKey(String),
    /// 6: another process owns the data folder.
    InUse(String),
    /// 7: the server of a command that speaks to one cannot be reached, failed, or is no Actas.
    Unreachable(String),
    /// 8: the server does not know the secret key.
    KeyRefused(String),
    /// 9: there is no such thing on the server.
    NotFound(String),
    /// 10: the server said no.
    RefusedByServer(String),
    /// 130: somebody interrupted the command at a question, or after one.
    Interrupted,
    /// 130: somebody interrupted the command in its work; what was done stays done.
    Stopped(String),
}

impl ExitError {
    /// The code of a wrong command line or configuration.
    pub(crate) const CONFIGURATION: u8 = 2;

    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Configuration(_) => Self::CONFIGURATION,
            Self::Listen(_) => 3,
            Self::Store(_) => 4,
            Self::MasterKey(_) => 5,
            Self::InUse(_) => 6,
            Self::Unreachable(_) => 7,
            Self::KeyRefused(_) => 8,
            Self::NotFound(_) => 9,
            Self::RefusedByServer(_) => 10,
            Self::Interrupted | Self::Stopped(_) => 130,
        }
    }
}

impl fmt::Display for ExitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text)
            | Self::Configuration(text)
            | Self::Listen(text)
            | Self::Store(text)
            | Self::MasterKey(text)
            | Self::InUse(text)
            | Self::Unreachable(text)
            | Self::KeyRefused(text)
            | Self::NotFound(text)
            | Self::RefusedByServer(text)
            | Self::Stopped(text) => formatter.write_str(text),
            Self::Interrupted => formatter.write_str("interrupted"),
        }
    }
}

impl From<ConfigError> for ExitError {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.to_string())
    }
}

impl From<Failure> for ExitError {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string();
        match failure {
            Failure::Store(_) => Self::Store(text),
            Failure::Keys(_) => Self::MasterKey(text),
            Failure::Refused(_) | Failure::Contended | Failure::Answered => Self::Refused(text),
        }
    }
}
