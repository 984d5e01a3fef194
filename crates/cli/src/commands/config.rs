//! `actas config check|print|reference`.

use crate::{
    args::{ConfigArguments, ConfigCommand},
    exit::ExitError,
    load, output,
};
use actas_server::config::{self, ConfigError, EffectiveOption, Loaded};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

pub(crate) fn run(command: &ConfigCommand) -> Result<ExitCode, ExitError> {
    match command {
        ConfigCommand::Check(from) => check(from),
        ConfigCommand::Reference => {
            output::line(config::markdown().trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
        ConfigCommand::Print { from, json } => {
            let loaded = load::configuration(from)?;
            if *json {
                output::json(&as_json(&loaded.effective()))?;
            } else {
                output::line(loaded.to_toml().trim_end())?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Tells every problem in a line of its own.
fn check(from: &ConfigArguments) -> Result<ExitCode, ExitError> {
    let checked = load::problems_and_all(from)?.and_then(|loaded| {
        loaded.configuration.http_settings()?;
        Ok(loaded)
    });
    match checked {
        Ok(loaded) => {
            for warning in loaded.configuration.warnings() {
                output::line(format!("warning: {warning}"))?;
            }
            output::line(right(&loaded))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            tell(&error);
            Ok(ExitCode::from(ExitError::CONFIGURATION))
        }
    }
}

fn tell(error: &ConfigError) {
    for problem in error.problems() {
        output::error(problem);
    }
}

fn right(loaded: &Loaded) -> String {
    let url = loaded.configuration.public_url.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("the configuration is right; this instance is {url}")
}

fn as_json(options: &[EffectiveOption]) -> Value {
    let member = |option: &EffectiveOption| {
        let value = option.value.as_deref().map_or(Value::Null, of_toml);
        (option.spec.key.to_owned(), json!({ "value": value, "source": option.source }))
    };
    Value::Object(options.iter().map(member).collect::<Map<_, _>>())
}

/// The JSON of a value as it would stand in the file.
fn of_toml(literal: &str) -> Value {
    let parsed = toml::from_str::<Map<String, Value>>(&format!("value = {literal}"));
    parsed.ok().and_then(|mut table| table.remove("value")).unwrap_or(Value::Null)
}
