//! Reading the configuration's sources: the file, the environment, the flags.

use crate::{
    args::{ConfigArguments, TargetArguments},
    data_folder,
    exit::ExitError,
};
use actas_server::config::{self, ConfigError, ConfigFile, Loaded, Sources};
use std::path::{Path, PathBuf};

/// The folder of `actas dev`, unless another is named.
pub(crate) const DEV_FOLDER: &str = "./.actas";

/// The configuration of `actas serve` and `actas config`.
pub(crate) fn configuration(arguments: &ConfigArguments) -> Result<Loaded, ExitError> {
    Ok(problems_and_all(arguments)??)
}

/// The same, with every problem of the configuration.
pub(crate) fn problems_and_all(
    arguments: &ConfigArguments,
) -> Result<Result<Loaded, ConfigError>, ExitError> {
    Ok(config::load(&Sources {
        flags: arguments.flags.0.clone(),
        environment: environment(),
        file: file(arguments.config.as_deref())?,
        defaults: Vec::new(),
    }))
}

/// The configuration of the instance that an administrative command is about.
pub(crate) fn target(arguments: &TargetArguments) -> Result<Loaded, ExitError> {
    let flag =
        |key, path: &Option<PathBuf>| path.as_ref().map(|path| (key, path.to_string_lossy().into_owned()));
    let flags = [flag("data_dir", &arguments.data_dir), flag("master_key_file", &arguments.master_key_file)];
    let mut sources = Sources {
        flags: flags.into_iter().flatten().collect(),
        environment: environment(),
        file: file(arguments.config.as_deref())?,
        defaults: Vec::new(),
    };
    if data_folder::is_of_dev(Path::new(DEV_FOLDER)) {
        sources.defaults.push(("data_dir", DEV_FOLDER.to_owned()));
    }
    let loaded = config::load(&sources)?;
    if data_folder::is_of_dev(&loaded.configuration.data_dir) {
        sources.defaults.push(("instance_kind", "development".to_owned()));
    }
    Ok(config::load(&sources)?)
}

/// What names a database and a master key, for a copy between stores: it is about no data folder of its own, and about
/// the store of no server.
pub(crate) fn for_copy(config: Option<&Path>, master_key_file: Option<&Path>) -> Result<Loaded, ExitError> {
    let mut flags = vec![("store", "sqlite".to_owned())];
    flags.extend(master_key_file.map(|path| ("master_key_file", path.to_string_lossy().into_owned())));
    let defaults = Vec::new();
    Ok(config::load(&Sources { flags, environment: environment(), file: file(config)?, defaults })?)
}

/// One variable of the environment.
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::vars_os().find(|(key, _)| key == name).map(|(_, value)| value)
}

pub(crate) fn environment() -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    let environment = std::env::vars_os();
    #[cfg(feature = "mutations")]
    let environment = environment.filter(|(name, _)| name != MUTATION);
    environment.collect()
}

/// Which guard is broken; of a build that has it.
#[cfg(feature = "mutations")]
const MUTATION: &str = "ACTAS_MUTATION";

/// Breaks the guard that the environment names, if it names one.
#[cfg(feature = "mutations")]
pub(crate) fn mutation() -> Result<(), ExitError> {
    use actas_domain::mutation::{self, Mutation};
    let Some(name) = variable(MUTATION) else { return Ok(()) };
    let name = name.to_string_lossy();
    match Mutation::named(&name) {
        Some(mutation) => mutation::choose(mutation),
        None => {
            let names: Vec<_> = Mutation::ALL.iter().map(|mutation| mutation.name()).collect();
            let names = names.join(", ");
            return Err(ExitError::Configuration(format!("{MUTATION} is {name}; it must be one of {names}")));
        }
    }
    Ok(())
}

fn file(path: Option<&Path>) -> Result<Option<ConfigFile>, ExitError> {
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(ConfigFile { path: path.to_owned(), text })),
        Err(error) => Err(ExitError::Configuration(format!(
            "the configuration file {} cannot be read: {error}",
            path.display()
        ))),
    }
}
