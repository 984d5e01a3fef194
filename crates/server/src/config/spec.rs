//! What is known of an option besides its value.

use super::value::Range;

/// The prefix of every environment variable that configures Actas.
pub const VARIABLE_PREFIX: &str = "ACTAS_";

/// The heading under which an option stands in help and documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Addresses,
    Data,
    Instance,
    Rules,
    Retention,
    Limits,
    Operation,
}

impl Group {
    pub const ALL: [Self; 7] = [
        Self::Addresses,
        Self::Data,
        Self::Instance,
        Self::Rules,
        Self::Retention,
        Self::Limits,
        Self::Operation,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Addresses => "Addresses",
            Self::Data => "Data and keys",
            Self::Instance => "Instance",
            Self::Rules => "Rules",
            Self::Retention => "Retention",
            Self::Limits => "Limits",
            Self::Operation => "Operation",
        }
    }
}

/// How an option is given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    One,
    /// The bare flag means true.
    Switch,
    /// The flag can be repeated; in one text, commas separate the items.
    List,
}

/// One option.
#[derive(Debug)]
pub struct OptionSpec {
    pub key: &'static str,
    pub group: Group,
    /// One or more sentences, in plain text.
    pub help: &'static str,
    pub shape: Shape,
    /// The default as it would be given; none where there is none, or where it follows from other options.
    pub default: Option<&'static str>,
    /// A secret is taken from the environment alone and is never shown.
    pub secret: bool,
    pub(super) range: Range,
    pub(super) expected: fn(Range) -> String,
}

impl OptionSpec {
    /// The environment variable, `ACTAS_SESSION_TOKEN_SECONDS`.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.key.to_ascii_uppercase())
    }

    /// The flag without the dashes in front, `session-token-seconds`.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// What the value must be, for example "an integer from 1 to 3600".
    pub fn expected(&self) -> String {
        (self.expected)(self.range)
    }
}
