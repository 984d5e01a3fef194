//! From what was given to the effective configuration: flag, then environment, then file, then default.

use super::{
    ConfigError, Configuration,
    file::{self, ConfigFile},
    options::{OPTIONS, Reader},
    spec::{OptionSpec, VARIABLE_PREFIX},
    value::{Given, OptionValue},
};
use std::{collections::BTreeMap, ffi::OsString, fmt};

/// Variables with the prefix that are no options: what `actas dev` writes for apps, and the file's own path.
const OTHER_VARIABLES: [&str; 3] = ["ACTAS_URL", "ACTAS_PROFILE", "ACTAS_CONFIG"];

/// All that configuration is made from. Whoever calls reads the environment and the file.
#[derive(Debug, Default)]
pub struct Sources {
    /// Keys of options and what their flags say.
    pub flags: Vec<(&'static str, String)>,
    /// The whole environment; variables without the prefix are ignored, empty ones count as not set.
    pub environment: Vec<(OsString, OsString)>,
    pub file: Option<ConfigFile>,
    /// Defaults of a command, in place of the table's.
    pub defaults: Vec<(&'static str, String)>,
}

/// Where the value of an option comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Flag(String),
    Variable(String),
    File { path: String, line: usize },
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(formatter, "--{flag}"),
            Self::Variable(name) => formatter.write_str(name),
            Self::File { path, line } => write!(formatter, "{path}:{line}"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// The configuration, and where each value comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub configuration: Configuration,
    pub(super) sources: BTreeMap<&'static str, Source>,
}

/// What was given for each option, the strongest source last.
pub(super) type AllGiven = BTreeMap<&'static str, (Given, Source)>;

/// Reads all sources.
///
/// # Errors
/// Every problem, each in one line that names the source, the key, the value and what it must be.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut problems = Vec::new();
    let mut given = AllGiven::new();
    for spec in OPTIONS {
        let own = sources.defaults.iter().find(|(key, _)| *key == spec.key).map(|(_, text)| text.as_str());
        if let Some(text) = own.or(spec.default) {
            given.insert(spec.key, (Given::Text(text.to_owned()), Source::Default));
        }
    }
    if let Some(file) = &sources.file {
        file::read(file, &mut given, &mut problems);
    }
    read_environment(&sources.environment, &mut given, &mut problems);
    for (key, text) in &sources.flags {
        if let Some(spec) = spec(key) {
            given.insert(spec.key, (Given::Text(text.clone()), Source::Flag(spec.flag())));
        }
    }
    let read = Configuration::read(&mut Resolver { given: &given, problems: &mut problems });
    match read {
        Some(configuration) => {
            problems.extend(configuration.contradictions());
            let sources = given.into_iter().map(|(key, (_, source))| (key, source)).collect();
            ConfigError::unless_empty(problems).map(|()| Loaded { configuration, sources })
        }
        None => Err(ConfigError(problems)),
    }
}

fn read_environment(environment: &[(OsString, OsString)], given: &mut AllGiven, problems: &mut Vec<String>) {
    for (name, value) in environment {
        let name = name.to_string_lossy();
        if !name.starts_with(VARIABLE_PREFIX) || OTHER_VARIABLES.contains(&name.as_ref()) || value.is_empty()
        {
            continue;
        }
        let Some(spec) = OPTIONS.iter().find(|spec| spec.variable() == name) else {
            let names: Vec<_> = OPTIONS.iter().map(OptionSpec::variable).collect();
            let nearest = nearest(&name, names.iter().map(String::as_str));
            problems.push(format!("{name}: there is no such variable{nearest}"));
            continue;
        };
        match value.to_str() {
            Some(text) => {
                let source = Source::Variable(name.into_owned());
                given.insert(spec.key, (Given::Text(text.to_owned()), source));
            }
            None => problems.push(format!("{name}: the value is not valid UTF-8")),
        }
    }
}

pub(super) fn spec(key: &str) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|spec| spec.key == key)
}

/// `; did you mean …?`, or nothing when nothing is near.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    const NEAR: f64 = 0.6;
    let scored = names.map(|each| (strsim::jaro_winkler(name, each), each));
    match scored.max_by(|first, second| first.0.total_cmp(&second.0)) {
        Some((score, best)) if score >= NEAR => format!("; did you mean {best}?"),
        _ => String::new(),
    }
}

struct Resolver<'a> {
    given: &'a AllGiven,
    problems: &'a mut Vec<String>,
}

impl Reader for Resolver<'_> {
    fn option<T: OptionValue>(&mut self, key: &str) -> Option<T> {
        let spec = spec(key)?;
        let Some((given, source)) = self.given.get(key) else {
            let value = T::unset();
            if value.is_none() {
                self.problems.push(format!("{key} is not set; it must be {}", spec.expected()));
            }
            return value;
        };
        let value = T::read(given, spec.range);
        if value.is_none() {
            let shown = if spec.secret { "(not shown)".to_owned() } else { given.show() };
            self.problems.push(format!("{source}: {key} is {shown}; it must be {}", spec.expected()));
        }
        value
    }
}
